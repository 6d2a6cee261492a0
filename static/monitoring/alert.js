// The page of an alert: what its rule saw before, during and after it fired.
import { draw, onTheme, swatch, tone } from "./charts.js";

const place = document.querySelector("[data-alert-charts]");
const charts = JSON.parse(document.getElementById("alert-charts").textContent);
const HEIGHT = 220;
let plots = [];

function make(tag, name, text) {
  return Object.assign(document.createElement(tag), { className: name, textContent: text ?? "" });
}

// Upright lines where it fired and where it was resolved, with a word above them.
function marks(chart) {
  return {
    hooks: {
      draw: (plot) => {
        const { ctx, bbox } = plot;
        ctx.save();
        ctx.strokeStyle = ctx.fillStyle = tone("ink");
        ctx.font = `${12 * devicePixelRatio}px system-ui, sans-serif`;
        for (const { at, label } of chart.marks) {
          const x = plot.valToPos(at, "x", true);
          if (x < bbox.left || x > bbox.left + bbox.width) continue;
          ctx.beginPath();
          ctx.setLineDash([4 * devicePixelRatio, 4 * devicePixelRatio]);
          ctx.moveTo(x, bbox.top);
          ctx.lineTo(x, bbox.top + bbox.height);
          ctx.stroke();
          const isLate = x > bbox.left + bbox.width * 0.8;
          ctx.textAlign = isLate ? "right" : "left";
          ctx.fillText(label, x + (isLate ? -4 : 4) * devicePixelRatio, bbox.top - 4 * devicePixelRatio);
        }
        ctx.restore();
      },
    },
  };
}

function show() {
  for (const plot of plots) plot.destroy();
  plots = [];
  place.replaceChildren();
  for (const chart of charts) {
    place.append(make("h2", "", chart.title));
    const lines = chart.series.filter((each) => each.label !== "threshold");
    if (!lines.some((each) => each.v.some((value) => value !== null))) {
      place.append(make("p", "preview-state", chart.empty));
      continue;
    }
    const legend = make("ul", "legend");
    for (const each of chart.series) {
      const item = make("li", "");
      item.append(swatch(each.tone), each.label);
      legend.append(item);
    }
    const canvas = make("div", "canvas");
    place.append(legend, canvas);
    plots.push(draw(canvas, chart, chart.times, { height: HEIGHT, alone: true, plugins: [marks(chart)] }));
  }
}

show();
onTheme(show);
new ResizeObserver(() => {
  for (const plot of plots) plot.setSize({ width: plot.root.parentElement.clientWidth, height: HEIGHT });
}).observe(place);
