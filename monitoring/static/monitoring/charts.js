// Draws with uPlot what the server describes.
import uPlot from "./vendor/uPlot.js";

const SYNC = uPlot.sync("monitor");
const DAY_S = 86_400;
const HEIGHT_PX = 190;
const MIN_WIDTH_PX = 200;

/**
 * A color of the theme as the browser resolves it now.
 * @param {string} name
 */
export function tone(name) {
  const probe = document.createElement("span");
  probe.style.color = `var(--tone-${name || "1"})`;
  probe.hidden = true;
  document.body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

/**
 * @param {string} color rgb() or rgba()
 * @param {number} alpha
 */
function withAlpha(color, alpha) {
  return color.replace(
    /^rgba?\(([^)]+)\)$/,
    (_, inside) => `rgba(${inside.split(",").slice(0, 3).join(",")}, ${alpha})`,
  );
}

/**
 * @param {number | null | undefined} value
 * @param {string} unit
 */
export function formatValue(value, unit) {
  if (value === null || value === undefined) return "–";
  const text = value.toLocaleString(undefined, { maximumFractionDigits: digitsOf(value, unit) });
  if (unit === "%") return `${text}%`;
  return unit ? `${text} ${unit}` : text;
}

/**
 * @param {number} value
 * @param {string} unit
 */
function digitsOf(value, unit) {
  if (unit === "" || Number.isInteger(value) || value >= 100) return 0;
  return value < 10 ? 2 : 1;
}

/**
 * @param {number} value
 * @param {string} unit
 */
function formatTick(value, unit) {
  const format = Math.abs(value) >= 10_000 ? { notation: "compact" } : { maximumFractionDigits: 2 };
  const text = value.toLocaleString(undefined, /** @type {Intl.NumberFormatOptions} */ (format));
  return unit === "%" ? `${text}%` : text;
}

/**
 * How the time axis is labeled.
 * @param {number} step seconds between two points
 * @param {number} span seconds from the first to the last point
 */
function axisFormat(step, span) {
  return new Intl.DateTimeFormat(undefined, axisOptions(step, span));
}

/**
 * @param {number} step
 * @param {number} span
 * @returns {Intl.DateTimeFormatOptions}
 */
function axisOptions(step, span) {
  if (step >= DAY_S) return { day: "numeric", month: "short", timeZone: "UTC" };
  if (span <= DAY_S) return { hour: "2-digit", minute: "2-digit" };
  if (span <= 8 * DAY_S) return { weekday: "short", day: "numeric" };
  return { day: "numeric", month: "short" };
}

/** @param {number} step */
function tooltipFormat(step) {
  return step >= DAY_S
    ? new Intl.DateTimeFormat(undefined, {
        weekday: "short",
        day: "numeric",
        month: "short",
        timeZone: "UTC",
      })
    : new Intl.DateTimeFormat(undefined, {
        hour: "2-digit",
        minute: "2-digit",
        day: "numeric",
        month: "short",
      });
}

/**
 * Stacked series are drawn as sums, the highest first, so that each covers those below it.
 * @param {Monitoring.Series[]} series
 */
function stacked(series) {
  /** @type {number[][]} */
  const sums = [];
  for (const { v } of series) {
    const below = sums.at(-1);
    sums.push(v.map((value, i) => (value ?? 0) + (below ? below[i] : 0)));
  }
  return sums;
}

/**
 * A box beside the cursor with the values at its time.
 * @param {Monitoring.Chart} chart
 * @param {number[]} times
 * @param {Intl.DateTimeFormat} format
 * @returns {uPlot.Plugin}
 */
function tooltip(chart, times, format) {
  const box = document.createElement("div");
  box.className = "chart-tip";
  box.hidden = true;
  const onCursor = (/** @type {uPlot} */ plot) => {
    const { idx, left = -1 } = plot.cursor;
    box.hidden = idx === null || idx === undefined || left < 0;
    if (idx === null || idx === undefined || left < 0) return;
    box.replaceChildren(
      tooltipRow("", format.format(new Date(times[idx] * 1000)), "tip-time"),
      ...chart.series.map((each) => valueRow(each, idx, chart.unit)),
    );
    const needed = box.offsetWidth + 12;
    const fits = left + needed <= plot.over.clientWidth;
    box.style.left = `${fits ? left + 12 : Math.max(left - needed, 0)}px`;
  };
  return { hooks: { init: (plot) => plot.over.append(box), setCursor: onCursor } };
}

/**
 * @param {Monitoring.Series} series
 * @param {number} i
 * @param {string} unit
 */
function valueRow({ label, tone: name, v }, i, unit) {
  const row = tooltipRow(label, formatValue(v[i], unit));
  row.prepend(swatch(name));
  return row;
}

/**
 * @param {string} label
 * @param {string} value
 * @param {string} className
 */
function tooltipRow(label, value, className = "") {
  const row = document.createElement("div");
  row.className = className;
  if (label) row.append(Object.assign(document.createElement("span"), { textContent: label }));
  row.append(Object.assign(document.createElement("b"), { textContent: value }));
  return row;
}

/**
 * A small square in the color of a series.
 * @param {string} name
 */
export function swatch(name) {
  const mark = document.createElement("i");
  mark.className = "swatch";
  mark.style.background = `var(--tone-${name || "1"})`;
  return mark;
}

/** @typedef {(number | null)[]} Values */

/**
 * @param {Monitoring.Chart} chart
 * @param {Values} values
 * @param {number} i
 * @returns {uPlot.Series}
 */
function seriesOf({ kind, series }, values, i) {
  const stroke = tone(series[i].tone);
  const points = { show: false };
  if (kind === "bars") {
    const paths = uPlot.paths.bars?.({ size: [0.85, 48], radius: 0 });
    return { stroke, fill: stroke, width: 0, paths, points };
  }
  if (kind === "columns") {
    const paths = uPlot.paths.bars?.({ size: [0.36, 28], align: i ? 1 : -1, radius: 0.15 });
    return { stroke, fill: withAlpha(stroke, i ? 0.55 : 0.85), width: 0, paths, points };
  }
  // A line of one or two points would hardly be visible.
  const isShort = values.filter((value) => value !== null).length < 3;
  return {
    stroke,
    width: 2,
    fill: kind === "area" ? withAlpha(stroke, 0.15) : undefined,
    spanGaps: false,
    points: { show: isShort, size: 6, fill: stroke },
  };
}

/**
 * @param {Monitoring.Chart} chart
 * @param {Intl.DateTimeFormat} format
 * @returns {uPlot.Axis[]}
 */
function axesOf(chart, format) {
  const stroke = tone("ink");
  const ticks = { show: false };
  const font = "12px system-ui, sans-serif";
  return [
    {
      ...{ stroke, ticks, font, space: 76, size: 28 },
      values: (_, at) => at.map((seconds) => format.format(new Date(seconds * 1000))),
      grid: { show: false },
    },
    {
      ...{ stroke, ticks, font, space: 36, size: 54 },
      values: (_, at) => at.map((value) => formatTick(value, chart.unit)),
      grid: { stroke: tone("grid"), width: 1 },
    },
  ];
}

/**
 * Draws a chart into an element; the caller destroys the result.
 * @param {HTMLElement} place
 * @param {Monitoring.Chart} chart
 * @param {number[]} sharedTimes seconds since 1970, for charts without times of their own
 * @param {Monitoring.DrawOptions} options
 */
export function draw(place, chart, sharedTimes, options = {}) {
  const times = chart.times ?? sharedTimes;
  const isBars = chart.kind === "bars";
  const hasBars = isBars || chart.kind === "columns";
  const step = times.length > 1 ? times[1] - times[0] : 60;
  /** @type {Values[]} */
  const data = isBars ? stacked(chart.series) : chart.series.map(({ v }) => v);
  const order = chart.series.map((_, i) => i);
  if (isBars) order.reverse();
  const peak = Math.max(...data.flat().map((value) => value ?? 0), ...(options.thresholds ?? []), 0);
  // The first and the last bar need space beside them.
  const margin = hasBars ? step * 0.6 : 0;
  return new uPlot(
    {
      width: Math.max(place.clientWidth, MIN_WIDTH_PX),
      height: options.height ?? HEIGHT_PX,
      cursor: {
        y: false,
        points: { show: !hasBars },
        drag: { x: false, y: false },
        sync: options.alone || chart.times ? undefined : { key: SYNC.key },
      },
      legend: { show: false },
      scales: {
        x: { time: true, range: () => [times[0] - margin, times[times.length - 1] + margin] },
        y: { range: () => [0, peak > 0 ? peak * 1.1 : 1] },
      },
      axes: axesOf(chart, axisFormat(step, times.length * step)),
      series: [{}, ...order.map((i) => seriesOf(chart, data[i], i))],
      plugins: [tooltip(chart, times, tooltipFormat(step)), ...(options.plugins ?? [])],
    },
    [times, ...order.map((i) => data[i])],
    place,
  );
}

/**
 * Calls back when the colors of the page change.
 * @param {() => void} onChange
 */
export function onTheme(onChange) {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", onChange);
  const observer = new MutationObserver(onChange);
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
}
