// Drawing with uPlot: one function makes a chart of what the server describes.
import uPlot from "./vendor/uPlot.js";

const SYNC = uPlot.sync("monitor");
const DAY = 86400;

// A colour of the theme as the browser understands it now.
export function tone(name) {
  const probe = document.createElement("span");
  probe.style.color = `var(--tone-${name || "1"})`;
  probe.hidden = true;
  document.body.append(probe);
  const colour = getComputedStyle(probe).color;
  probe.remove();
  return colour;
}

function faded(colour, part) {
  return colour.replace(
    /^rgba?\(([^)]+)\)$/,
    (_, inside) => `rgba(${inside.split(",").slice(0, 3).join(",")}, ${part})`,
  );
}

export function shown(value, unit) {
  if (value === null || value === undefined) return "–";
  const digits = unit === "" || Number.isInteger(value) ? 0 : value < 10 ? 2 : value < 100 ? 1 : 0;
  const text = value.toLocaleString(undefined, { maximumFractionDigits: digits });
  if (!unit) return text;
  return unit === "%" ? `${text} %` : `${text} ${unit}`;
}

function timeFormat(spanSeconds) {
  if (spanSeconds <= DAY) return { hour: "2-digit", minute: "2-digit" };
  if (spanSeconds <= 8 * DAY) return { weekday: "short", day: "numeric" };
  return { day: "numeric", month: "short" };
}

// Stacked series are drawn as sums, the highest first, so that each covers what is below it.
function stacked(series) {
  const sums = [];
  let below = null;
  for (const each of series) {
    below = each.v.map((value, i) => (value ?? 0) + (below ? below[i] : 0));
    sums.push(below);
  }
  return sums;
}

function tooltip(chart, times, format) {
  const box = document.createElement("div");
  box.className = "chart-tip";
  box.hidden = true;
  return {
    hooks: {
      init: (plot) => plot.over.append(box),
      setCursor: (plot) => {
        const { idx, left } = plot.cursor;
        const isOutside = idx === null || idx === undefined || left < 0;
        box.hidden = isOutside;
        if (isOutside) return;
        box.replaceChildren(line("", format.format(new Date(times[idx] * 1000)), "tip-time"));
        for (const each of chart.series) {
          const row = line(each.label, shown(each.v[idx], chart.unit));
          row.prepend(swatch(each.tone));
          box.append(row);
        }
        const width = plot.over.clientWidth;
        const wide = box.offsetWidth + 12;
        box.style.left = `${left + wide > width ? Math.max(left - wide, 0) : left + 12}px`;
      },
    },
  };
}

function line(label, value, name = "") {
  const row = document.createElement("div");
  row.className = name;
  if (label) row.append(Object.assign(document.createElement("span"), { textContent: label }));
  row.append(Object.assign(document.createElement("b"), { textContent: value }));
  return row;
}

export function swatch(name) {
  const mark = document.createElement("i");
  mark.className = "swatch";
  mark.style.background = `var(--tone-${name || "1"})`;
  return mark;
}

const HEIGHT = 190;

// Draws `chart` into `place`; returns the uPlot, which the caller destroys.
export function draw(place, chart, sharedTimes, options = {}) {
  const times = chart.times ?? sharedTimes;
  const isBars = chart.kind === "bars";
  const isColumns = chart.kind === "columns";
  const step = times.length > 1 ? times[1] - times[0] : 60;
  const span = times.length * step;
  const data = isBars ? stacked(chart.series) : chart.series.map((each) => each.v);
  const order = chart.series.map((_, i) => i);
  if (isBars) order.reverse();
  const ink = tone("ink");
  const grid = tone("grid");
  const bars = uPlot.paths.bars({ size: [isColumns ? 0.6 : 0.85, 48], radius: isColumns ? 0.15 : 0 });
  const format = new Intl.DateTimeFormat(undefined, { ...timeFormat(DAY), day: "numeric", month: "short" });
  const dayFormat = new Intl.DateTimeFormat(undefined, {
    weekday: "short",
    day: "numeric",
    month: "short",
    timeZone: "UTC",
  });
  const axisFormat = new Intl.DateTimeFormat(
    undefined,
    step >= DAY ? { day: "numeric", month: "short", timeZone: "UTC" } : timeFormat(span),
  );
  const peak = Math.max(...data.flat().filter((value) => value !== null), ...(options.thresholds ?? []), 0);
  const axis = {
    stroke: ink,
    grid: { stroke: grid, width: 1 },
    ticks: { show: false },
    font: "12px system-ui, sans-serif",
  };
  return new uPlot(
    {
      width: Math.max(place.clientWidth, 200),
      height: options.height ?? HEIGHT,
      cursor: {
        y: false,
        points: { show: !isBars && !isColumns },
        drag: { x: false, y: false },
        sync: options.alone || chart.times ? undefined : { key: SYNC.key },
      },
      legend: { show: false },
      scales: {
        x: {
          time: true,
          range: () => [
            times[0] - step * (isBars || isColumns ? 0.6 : 0),
            times[times.length - 1] + step * (isBars || isColumns ? 0.6 : 0),
          ],
        },
        y: { range: () => [0, peak > 0 ? peak * 1.1 : 1] },
      },
      axes: [
        {
          ...axis,
          space: 76,
          size: 28,
          values: (_, ticks) => ticks.map((at) => axisFormat.format(new Date(at * 1000))),
          grid: { show: false },
        },
        {
          ...axis,
          size: 54,
          space: 36,
          values: (_, ticks) => ticks.map((value) => compact(value, chart.unit)),
        },
      ],
      series: [
        {},
        ...order.map((i) => {
          const colour = tone(chart.series[i].tone);
          if (isBars) return { stroke: colour, fill: colour, width: 0, paths: bars, points: { show: false } };
          if (isColumns)
            return {
              stroke: colour,
              fill: faded(colour, i ? 0.55 : 0.85),
              width: 0,
              paths: uPlot.paths.bars({ size: [0.36, 28], align: i ? 1 : -1, radius: 0.15 }),
              points: { show: false },
            };
          return {
            stroke: colour,
            width: 2,
            fill: chart.kind === "area" ? faded(colour, 0.15) : undefined,
            spanGaps: false,
            points: { show: data[i].filter((value) => value !== null).length < 3, size: 6, fill: colour },
          };
        }),
      ],
      plugins: [tooltip(chart, times, step >= DAY ? dayFormat : format), ...(options.plugins ?? [])],
    },
    [times, ...order.map((i) => data[i])],
    place,
  );
}

function compact(value, unit) {
  const text =
    Math.abs(value) >= 10000
      ? new Intl.NumberFormat(undefined, { notation: "compact" }).format(value)
      : value.toLocaleString(undefined, { maximumFractionDigits: 2 });
  return unit === "%" ? `${text}%` : text;
}

// Calls back when the colours of the page change.
export function onTheme(change) {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", change);
  new MutationObserver(change).observe(document.documentElement, {
    attributes: true,
    attributeFilter: ["data-theme"],
  });
}
