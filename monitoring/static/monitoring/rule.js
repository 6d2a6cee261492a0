// The page of an alert rule: hides the fields that do not apply, and previews when it would have fired.
import { draw, formatValue, onTheme, swatch } from "./charts.js";
import { find, make, readJson } from "./dom.js";

const HEIGHT_PX = 220;
const PREVIEW_AFTER_MS = 400;
const MAX_FIRINGS = 12;
const SLOTS = [1, 2, 3];
const STATIC_OPERATORS = ["GreaterThan", "GreaterThanOrEqual", "LessThan", "LessThanOrEqual", "Equals"];
const DYNAMIC_OPERATORS = ["GreaterThan", "LessThan", "GreaterOrLessThan"];
const dateFormat = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

const place = find(document, ".rule-preview");
const form = /** @type {HTMLFormElement} */ (place.closest("form"));
/** @type {Record<string, Monitoring.Metric | undefined>} */
const metrics = readJson("metric-catalogue");
/** @param {string} name */
const part = (name) => find(place, `[data-preview-${name}]`);
/** @type {ReturnType<typeof draw> | null} */
let plot = null;
/** @type {Monitoring.Preview | null} */
let last = null;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;
let requests = 0;

// --- The fields of a condition

function conditions() {
  return [...form.querySelectorAll("[id^=conditions-]")].filter(({ id }) => /^conditions-\d+$/.test(id));
}

/**
 * @param {Element} block
 * @param {string} name
 */
const field = (block, name) =>
  /** @type {HTMLSelectElement} */ (form.elements.namedItem(`${block.id}-${name}`));

/**
 * @param {Element} element
 * @param {boolean} isHidden
 */
function hideRow(element, isHidden) {
  const row = /** @type {HTMLElement | null} */ (element.closest(".form-row"));
  if (row) row.hidden = isHidden;
}

/**
 * Offers only some options.
 * @param {HTMLSelectElement} select
 * @param {string[]} allowed
 */
function offer(select, allowed) {
  for (const option of select.options) {
    const isAllowed = option.value === "" || allowed.includes(option.value);
    option.hidden = option.disabled = !isAllowed;
  }
  if (select.selectedOptions[0]?.disabled) select.value = allowed[0] ?? "";
}

/** @param {Element} block */
function updateFields(block) {
  const metric = metrics[field(block, "metric").value];
  const isDynamic = field(block, "kind").value === "dynamic";
  if (metric) {
    offer(field(block, "aggregation"), metric.aggregations);
    for (const slot of SLOTS) updateDimension(block, slot, metric.dimensions);
  }
  offer(field(block, "operator"), isDynamic ? DYNAMIC_OPERATORS : STATIC_OPERATORS);
  hideRow(field(block, "threshold"), isDynamic);
  hideRow(field(block, "sensitivity"), !isDynamic);
}

/**
 * @param {Element} block
 * @param {number} slot
 * @param {string[]} dimensions
 */
function updateDimension(block, slot, dimensions) {
  const name = field(block, `dimension_${slot}`);
  // A dimension that the metric no longer has stays until another one is chosen.
  offer(name, name.value && !dimensions.includes(name.value) ? [...dimensions, name.value] : dimensions);
  const isNext = slot === 1 || field(block, `dimension_${slot - 1}`).value !== "";
  hideRow(name, !name.value && (slot > dimensions.length || !isNext));
  for (const other of [`operator_${slot}`, `values_${slot}`]) {
    field(block, other).closest("div")?.classList.toggle("is-idle", !name.value);
  }
}

// --- The preview

/**
 * @param {string} text
 * @param {boolean} isError
 */
function showState(text, isError = false) {
  part("state").textContent = text;
  part("state").classList.toggle("is-bad", isError);
}

function clear() {
  plot?.destroy();
  plot = null;
  part("legend").replaceChildren();
  part("fired").replaceChildren();
}

/** @typedef {Exclude<Monitoring.Preview, { problems: string[] }>} Found */

/** @param {Found} found */
function summaryOf({ count, combinations, looked }) {
  const times = count === 1 ? "once" : `${count} times`;
  const fired = count ? `This rule would have fired ${times}` : "This rule would not have fired";
  if (combinations <= 1) return `${fired}.`;
  const limit = looked < combinations ? `; only the ${looked} busiest were evaluated` : "";
  return `${fired}, with ${combinations} combinations of values evaluated separately${limit}.`;
}

/** @param {Found} found */
function hasValues({ chart }) {
  return chart.series.some(({ label, v }) => label !== "threshold" && v.some(Boolean));
}

/** @param {Monitoring.Series[]} series */
const thresholdsOf = (series) =>
  series.filter(({ label }) => label === "threshold").flatMap(({ v }) => v.filter((value) => value !== null));

function show() {
  clear();
  if (!last) return;
  if (last.problems) {
    showState(last.problems.join(" "), true);
    return;
  }
  const { chart, fired } = last;
  showState(hasValues(last) ? summaryOf(last) : `${summaryOf(last)} ${chart.empty}`);
  part("legend").replaceChildren(
    ...chart.series.map(({ tone, label }) => {
      const item = make("li");
      item.append(swatch(tone), label);
      return item;
    }),
  );
  const options = { height: HEIGHT_PX, alone: true, thresholds: thresholdsOf(chart.series) };
  plot = draw(part("canvas"), chart, chart.times, options);
  part("fired").replaceChildren(
    ...fired.slice(0, MAX_FIRINGS).map((firing) => make("li", "", describe(firing, chart.unit))),
  );
}

/**
 * @param {Monitoring.Firing} firing
 * @param {string} unit
 */
function describe({ firedMs, resolvedMs, where, value }, unit) {
  const until = resolvedMs ? ` to ${dateFormat.format(resolvedMs)}` : "";
  const dimensions = where ? ` – ${where}` : "";
  return `${dateFormat.format(firedMs)}${until}${dimensions}: ${formatValue(value, unit)}`;
}

async function loadPreview() {
  requests += 1;
  const own = requests;
  try {
    const response = await fetch(place.dataset.preview ?? "", { method: "POST", body: new FormData(form) });
    if (!response.ok) throw new Error(`${response.status}`);
    const found = await response.json();
    if (own !== requests) return;
    last = found;
    show();
  } catch {
    if (own === requests) showState("Can’t reach the server.", true);
  }
}

function update() {
  for (const block of conditions()) updateFields(block);
  clearTimeout(timer);
  timer = setTimeout(loadPreview, PREVIEW_AFTER_MS);
}

form.addEventListener("input", update);
form.addEventListener("change", update);
document.addEventListener("formset:added", update);
document.addEventListener("formset:removed", update);
onTheme(show);
new ResizeObserver(() => plot?.setSize({ width: part("canvas").clientWidth, height: HEIGHT_PX })).observe(
  place,
);
for (const block of conditions()) updateFields(block);
showState("Loading…");
loadPreview();
