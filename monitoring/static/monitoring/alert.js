// The page of an alert: the metric of its rule before, while, and after it fired.
import { draw, onTheme, swatch, tone } from "./charts.js";
import { find, make, readJson } from "./dom.js";

const HEIGHT_PX = 220;

const place = find(document, "[data-alert-charts]");
/** @type {Monitoring.AlertChart[]} */
const charts = readJson("alert-charts");
/** @type {ReturnType<typeof draw>[]} */
let plots = [];

/**
 * Vertical lines with a label where it fired and where it was resolved.
 * @param {Monitoring.AlertChart} chart
 * @returns {Monitoring.Plugin}
 */
function marks(chart) {
  return {
    hooks: {
      draw: (/** @type {Monitoring.Plot} */ plot) => {
        const { ctx, bbox } = plot;
        ctx.save();
        ctx.strokeStyle = ctx.fillStyle = tone("ink");
        ctx.font = `${12 * devicePixelRatio}px system-ui, sans-serif`;
        for (const { at, label } of chart.marks) {
          const x = plot.valToPos(at, "x", true);
          if (x >= bbox.left && x <= bbox.left + bbox.width) drawMark(ctx, bbox, x, label);
        }
        ctx.restore();
      },
    },
  };
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {{ left: number, top: number, width: number, height: number }} bbox
 * @param {number} x
 * @param {string} label
 */
function drawMark(ctx, bbox, x, label) {
  const gap = 4 * devicePixelRatio;
  ctx.beginPath();
  ctx.setLineDash([gap, gap]);
  ctx.moveTo(x, bbox.top);
  ctx.lineTo(x, bbox.top + bbox.height);
  ctx.stroke();
  const isNearEnd = x > bbox.left + bbox.width * 0.8;
  ctx.textAlign = isNearEnd ? "right" : "left";
  ctx.fillText(label, isNearEnd ? x - gap : x + gap, bbox.top - gap);
}

/** @param {Monitoring.AlertChart} chart */
function legend(chart) {
  const list = make("ul", "legend");
  for (const { tone: name, label } of chart.series) {
    const item = make("li");
    item.append(swatch(name), label);
    list.append(item);
  }
  return list;
}

/** @param {Monitoring.AlertChart} chart */
function hasValues({ series }) {
  return series.some(({ label, v }) => label !== "threshold" && v.some((value) => value !== null));
}

function show() {
  for (const plot of plots) plot.destroy();
  plots = [];
  place.replaceChildren();
  for (const chart of charts) {
    place.append(make("h2", "", chart.title));
    if (!hasValues(chart)) {
      place.append(make("p", "preview-state", chart.empty));
      continue;
    }
    const canvas = make("div", "canvas");
    place.append(legend(chart), canvas);
    plots.push(draw(canvas, chart, chart.times, { height: HEIGHT_PX, alone: true, plugins: [marks(chart)] }));
  }
}

show();
onTheme(show);
new ResizeObserver(() => {
  for (const plot of plots) {
    plot.setSize({ width: plot.root.parentElement?.clientWidth ?? 0, height: HEIGHT_PX });
  }
}).observe(place);
