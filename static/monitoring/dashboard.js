// The dashboard on the operator's first page: draws what the server counted, and keeps it fresh.
import { draw, onTheme, shown, swatch } from "./charts.js";

const page = document.querySelector(".monitor");
const part = (name) => page.querySelector(`[data-${name}]`);
const form = part("choice");
let data = JSON.parse(document.getElementById("monitor-data").textContent);
let plots = [];
let operation = data.operation;
let timer = 0;
let asked = 0;

function make(tag, name, text) {
  const element = document.createElement(tag);
  if (name) element.className = name;
  if (text !== undefined) element.textContent = text;
  return element;
}

function drawTiles() {
  part("tiles").replaceChildren(
    ...data.tiles.map((tile) => {
      const item = make("li", `tile ${tile.tone ? `tile-${tile.tone}` : ""}`);
      item.append(
        make("span", "tile-label", tile.label),
        make("strong", "tile-value", shown(tile.value, tile.unit)),
        make("small", "", tile.note),
      );
      return item;
    }),
  );
}

function drawAlerts() {
  const place = part("firing");
  place.hidden = data.alerts.length === 0;
  place.replaceChildren(
    make(
      "h3",
      "",
      data.alerts.length === 1 ? "1 alert is firing" : `${data.alerts.length} alerts are firing`,
    ),
  );
  const list = make("ul");
  for (const alert of data.alerts) {
    const kind = alert.severity < 2 ? "bad" : alert.severity === 2 ? "warning" : "info";
    const item = make("li");
    const link = make("a", "", alert.rule);
    link.href = `${page.dataset.alerts}${alert.id}/change/`;
    item.append(make("span", `badge badge-${kind}`, `Sev${alert.severity}`), link);
    if (alert.where) item.append(make("span", "where", alert.where));
    item.append(
      make(
        "small",
        "",
        `since ${new Date(alert.firedMs).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" })}`,
      ),
    );
    if (alert.acknowledged) item.append(make("span", "badge", "acknowledged"));
    list.append(item);
  }
  place.append(list);
}

function legend(chart) {
  const list = make("ul", "legend");
  for (const each of chart.series) {
    const item = make("li");
    const isSum = chart.kind === "bars";
    const known = each.v.filter((value) => value !== null);
    const figure = isSum ? known.reduce((a, b) => a + b, 0) : known.length ? known[known.length - 1] : null;
    item.append(swatch(each.tone), make("span", "", each.label), make("b", "", shown(figure, chart.unit)));
    list.append(item);
  }
  return list;
}

function drawCharts() {
  for (const plot of plots) plot.destroy();
  plots = [];
  const places = data.charts.map((chart) => {
    const card = make("section", `chart chart-${chart.id}`);
    card.setAttribute("aria-label", chart.title);
    const head = make("header");
    head.append(make("h3", "", chart.title));
    if (chart.id === "latency") head.append(operations());
    card.append(head);
    return [card, chart];
  });
  part("charts").replaceChildren(...places.map(([card]) => card));
  for (const [card, chart] of places) {
    // A rate of zero is a figure, a count of zero is none.
    const isFigure = chart.kind === "lines" ? (value) => value !== null : Boolean;
    const hasValues = chart.series.some((each) => each.v.some(isFigure));
    if (!hasValues) {
      card.append(make("p", "chart-empty", chart.empty));
      continue;
    }
    card.append(legend(chart));
    const canvas = make("div", "canvas");
    card.append(canvas);
    plots.push(draw(canvas, chart, data.times));
  }
}

function operations() {
  const choice = make("select");
  choice.setAttribute("aria-label", "Operation");
  choice.append(new Option("all operations", ""));
  const names = new Set(data.operations.map((row) => row.name));
  if (operation) names.add(operation);
  for (const name of names) choice.append(new Option(name, name, false, name === operation));
  choice.value = operation;
  choice.addEventListener("change", () => {
    operation = choice.value;
    refresh();
  });
  return choice;
}

function drawOperations() {
  const place = part("operations");
  place.hidden = data.operations.length === 0;
  const table = make("table");
  const columns = [
    ["name", "Operation"],
    ["requests", "Requests"],
    ["refused", "Refused"],
    ["failed", "Failed"],
    ["p50", "p50"],
    ["p95", "p95"],
    ["p99", "p99"],
  ];
  const head = table.createTHead().insertRow();
  for (const [, label] of columns) {
    const cell = make("th", "", label);
    cell.scope = "col";
    head.append(cell);
  }
  const body = table.createTBody();
  for (const row of data.operations) {
    const line = body.insertRow();
    for (const [name] of columns) {
      const cell = line.insertCell();
      const inner = make(
        "div",
        "",
        name === "name" ? row[name] : shown(row[name], name.startsWith("p") ? "ms" : ""),
      );
      if (name === "failed" && row.failed) inner.className = "is-bad";
      cell.append(inner);
    }
  }
  const scroller = make("div", "scroller");
  scroller.tabIndex = 0;
  scroller.append(table);
  place.replaceChildren(make("h3", "", "Chat operations"), scroller);
}

function drawAll() {
  page.classList.toggle("is-empty", data.isEmpty);
  part("empty").hidden = !data.isEmpty;
  drawTiles();
  drawAlerts();
  drawCharts();
  drawOperations();
  part("state").textContent = `Updated ${new Date(data.nowMs).toLocaleTimeString()}`;
}

function query() {
  const chosen = new URLSearchParams(new FormData(form));
  if (operation) chosen.set("operation", operation);
  return chosen;
}

async function refresh() {
  clearTimeout(timer);
  const chosen = query();
  part("download").href = `${page.dataset.csv}?${chosen}`;
  const mine = ++asked;
  try {
    const answer = await fetch(`${page.dataset.source}?${chosen}`, {
      headers: { Accept: "application/json" },
    });
    if (answer.redirected || !answer.ok) throw new Error(`${answer.status}`);
    const fresh = await answer.json();
    if (mine !== asked) return;
    data = fresh;
    drawAll();
  } catch {
    if (mine === asked) part("state").textContent = "The server does not answer; trying again.";
  }
  plan();
}

// Short ranges change quickly, long ones do not.
function plan() {
  clearTimeout(timer);
  const pause = data.stepMs <= 900000 ? 10000 : 60000;
  timer = setTimeout(() => (document.hidden ? plan() : refresh()), pause);
}

form.addEventListener("change", () => {
  const chosen = query();
  history.replaceState(null, "", `?${chosen}`);
  refresh();
});
form.addEventListener("submit", (event) => event.preventDefault());
document.addEventListener("visibilitychange", () => document.hidden || refresh());
onTheme(drawCharts);
let width = page.clientWidth;
new ResizeObserver(() => {
  if (page.clientWidth === width) return;
  width = page.clientWidth;
  drawCharts();
}).observe(page);
drawAll();
plan();
