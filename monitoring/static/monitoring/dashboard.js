// The dashboard on the admin's first page: draws the metrics and keeps them up to date.
import { draw, formatValue, onTheme, swatch } from "./charts.js";
import { find, make, readJson } from "./dom.js";

const SHORT_STEP_MS = 900_000;
const SHORT_REFRESH_MS = 10_000;
const LONG_REFRESH_MS = 60_000;

const page = find(document, ".monitor");
/** @param {string} name */
const part = (name) => find(page, `[data-${name}]`);
const form = /** @type {HTMLFormElement} */ (part("choice"));
/** @type {Monitoring.Dashboard} */
let data = readJson("monitor-data");
/** @type {ReturnType<typeof draw>[]} */
let plots = [];
let { operation } = data;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;
let requests = 0;

function drawTiles() {
  part("tiles").replaceChildren(
    ...data.tiles.map((tile) => {
      const item = make("li", `tile ${tile.tone ? `tile-${tile.tone}` : ""}`);
      item.append(
        make("span", "tile-label", tile.label),
        make("strong", "tile-value", formatValue(tile.value, tile.unit)),
        make("small", "", tile.note),
      );
      return item;
    }),
  );
}

function drawAlerts() {
  const place = part("firing");
  const { length } = data.alerts;
  const list = make("ul");
  list.append(...data.alerts.map(alertItem));
  place.hidden = length === 0;
  place.replaceChildren(
    make("h3", "", length === 1 ? "1 alert is firing" : `${length} alerts are firing`),
    list,
  );
}

/** @param {number} severity */
function badgeOf(severity) {
  if (severity < 2) return "bad";
  return severity === 2 ? "warning" : "info";
}

/** @param {Monitoring.Alert} alert */
function alertItem(alert) {
  const item = make("li");
  const link = make("a", "", alert.rule);
  link.href = `${page.dataset.alerts}${alert.id}/change/`;
  item.append(make("span", `badge badge-${badgeOf(alert.severity)}`, `Sev${alert.severity}`), link);
  if (alert.where) item.append(make("span", "where", alert.where));
  const since = new Date(alert.firedMs).toLocaleString(undefined, {
    dateStyle: "medium",
    timeStyle: "short",
  });
  item.append(make("small", "", `since ${since}`));
  if (alert.acknowledged) item.append(make("span", "badge", "acknowledged"));
  return item;
}

/** @param {Monitoring.Chart} chart */
function legend(chart) {
  const list = make("ul", "legend");
  for (const { tone, label, v } of chart.series) {
    const item = make("li");
    const values = v.filter((value) => value !== null);
    // Bars show counts, whose sum has a meaning; of others, the latest value is shown.
    const total = chart.kind === "bars" ? values.reduce((a, b) => a + b, 0) : values.at(-1);
    item.append(swatch(tone), make("span", "", label), make("b", "", formatValue(total, chart.unit)));
    list.append(item);
  }
  return list;
}

function drawCharts() {
  for (const plot of plots) plot.destroy();
  plots = [];
  const cards = data.charts.map((chart) => ({ chart, card: cardOf(chart) }));
  // In the document first: a chart is as wide as its card.
  part("charts").replaceChildren(...cards.map(({ card }) => card));
  for (const { chart, card } of cards) fillCard(card, chart);
}

/** @param {Monitoring.Chart} chart */
function cardOf(chart) {
  const card = make("section", `chart chart-${chart.id}`);
  card.setAttribute("aria-label", chart.title);
  const head = make("header");
  head.append(make("h3", "", chart.title));
  if (chart.id === "latency") head.append(operationField());
  card.append(head);
  return card;
}

/** @param {Monitoring.Chart} chart */
function hasValues({ kind, series }) {
  // A rate of zero is a value; a count of zero means that there is nothing to show.
  return series.some(({ v }) => v.some((value) => (kind === "lines" ? value !== null : Boolean(value))));
}

/**
 * @param {HTMLElement} card
 * @param {Monitoring.Chart} chart
 */
function fillCard(card, chart) {
  if (!hasValues(chart)) {
    card.append(make("p", "chart-empty", chart.empty));
    return;
  }
  const canvas = make("div", "canvas");
  card.append(legend(chart), canvas);
  plots.push(draw(canvas, chart, data.times));
}

function operationField() {
  const field = make("select");
  field.setAttribute("aria-label", "Operation");
  field.append(new Option("All operations", ""));
  const names = new Set(data.operations.map(({ name }) => name));
  if (operation) names.add(operation);
  for (const name of names) field.append(new Option(name, name, false, name === operation));
  field.value = operation;
  field.addEventListener("change", () => {
    operation = field.value;
    refresh();
  });
  return field;
}

/** @type {[keyof Monitoring.Operation, label: string, unit: string][]} */
const COLUMNS = [
  ["name", "Operation", ""],
  ["requests", "Requests", ""],
  ["refused", "Refused", ""],
  ["failed", "Failed", ""],
  ["p50", "p50", "ms"],
  ["p95", "p95", "ms"],
  ["p99", "p99", "ms"],
];

function drawOperations() {
  const place = part("operations");
  place.hidden = data.operations.length === 0;
  const table = make("table");
  const head = table.createTHead().insertRow();
  for (const [, label] of COLUMNS) {
    const cell = make("th", "", label);
    cell.scope = "col";
    head.append(cell);
  }
  const body = table.createTBody();
  for (const operation of data.operations) fillRow(body.insertRow(), operation);
  const scroller = make("div", "scroller");
  scroller.tabIndex = 0;
  scroller.append(table);
  place.replaceChildren(make("h3", "", "Chat operations"), scroller);
}

/**
 * @param {HTMLTableRowElement} row
 * @param {Monitoring.Operation} operation
 */
function fillRow(row, operation) {
  for (const [name, , unit] of COLUMNS) {
    const value = operation[name];
    const text = typeof value === "string" ? value : formatValue(value, unit);
    row.insertCell().append(make("div", name === "failed" && value ? "is-bad" : "", text));
  }
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
  const chosen = new URLSearchParams();
  for (const [name, value] of new FormData(form)) chosen.append(name, String(value));
  if (operation) chosen.set("operation", operation);
  return chosen;
}

async function refresh() {
  clearTimeout(timer);
  const chosen = query();
  /** @type {HTMLAnchorElement} */ (part("download")).href = `${page.dataset.csv}?${chosen}`;
  requests += 1;
  const own = requests;
  try {
    const fresh = await load(chosen);
    if (own !== requests) return;
    data = fresh;
    drawAll();
  } catch {
    if (own === requests) part("state").textContent = "Can’t reach the server. Trying again…";
  }
  refreshLater();
}

/**
 * @param {URLSearchParams} chosen
 * @returns {Promise<Monitoring.Dashboard>}
 */
async function load(chosen) {
  const headers = { Accept: "application/json" };
  const response = await fetch(`${page.dataset.source}?${chosen}`, { headers });
  if (response.redirected || !response.ok) throw new Error(`${response.status}`);
  return response.json();
}

// Charts of long ranges change slowly.
function refreshLater() {
  clearTimeout(timer);
  const wait = data.stepMs <= SHORT_STEP_MS ? SHORT_REFRESH_MS : LONG_REFRESH_MS;
  timer = setTimeout(() => (document.hidden ? refreshLater() : refresh()), wait);
}

form.addEventListener("change", () => {
  history.replaceState(null, "", `?${query()}`);
  refresh();
});
form.addEventListener("submit", (event) => event.preventDefault());
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) refresh();
});
onTheme(drawCharts);
let width = page.clientWidth;
new ResizeObserver(() => {
  if (page.clientWidth === width) return;
  width = page.clientWidth;
  drawCharts();
}).observe(page);
drawAll();
refreshLater();
