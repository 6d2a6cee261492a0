// The page of an alert rule: shows only the fields that mean something, and what it would have found.
import { draw, onTheme, shown, swatch } from "./charts.js";

const place = document.querySelector(".rule-preview");
const form = place.closest("form");
const metrics = JSON.parse(document.getElementById("metric-catalogue").textContent);
const part = (name) => place.querySelector(`[data-preview-${name}]`);
const WHEN = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
let plot = null;
let last = null;
let timer = 0;
let asked = 0;

// --- The fields of a condition

function conditions() {
  return [...form.querySelectorAll("[id^=conditions-]")].filter((block) => /^conditions-\d+$/.test(block.id));
}

function field(block, name) {
  return form.elements[`${block.id}-${name}`];
}

function row(input) {
  return input?.closest(".form-row, .form-multiline > div, .fieldBox") ?? null;
}

function keep(select, wanted) {
  for (const option of select.options) {
    const isUsable = option.value === "" || wanted.includes(option.value);
    option.hidden = option.disabled = !isUsable;
  }
  if (select.selectedOptions[0]?.disabled) select.value = wanted[0] ?? "";
}

function tidy(block) {
  const metric = metrics[field(block, "metric").value];
  const isDynamic = field(block, "kind").value === "dynamic";
  if (metric) {
    keep(field(block, "aggregation"), metric.aggregations);
    for (const slot of [1, 2, 3]) {
      const name = field(block, `dimension_${slot}`);
      const wanted = [...metric.dimensions];
      keep(name, name.value && !wanted.includes(name.value) ? [...wanted, name.value] : wanted);
      const line = name.closest(".form-row");
      const isNext = slot === 1 || field(block, `dimension_${slot - 1}`).value !== "";
      line.hidden = !name.value && (slot > metric.dimensions.length || !isNext);
      field(block, `operator_${slot}`).closest("div").classList.toggle("is-idle", !name.value);
      field(block, `values_${slot}`).closest("div").classList.toggle("is-idle", !name.value);
    }
  }
  keep(
    field(block, "operator"),
    isDynamic
      ? ["GreaterThan", "LessThan", "GreaterOrLessThan"]
      : ["GreaterThan", "GreaterThanOrEqual", "LessThan", "LessThanOrEqual", "Equals"],
  );
  field(block, "threshold").closest(".form-row").hidden = isDynamic;
  field(block, "sensitivity").closest(".form-row").hidden = !isDynamic;
}

// --- The preview

function say(text, isBad = false) {
  part("state").textContent = text;
  part("state").classList.toggle("is-bad", isBad);
}

function clear() {
  plot?.destroy();
  plot = null;
  part("legend").replaceChildren();
  part("fired").replaceChildren();
}

function show() {
  clear();
  if (last.problems) {
    say(last.problems.join(" "), true);
    return;
  }
  const { chart, count, fired, combinations, looked } = last;
  const times = count === 1 ? "once" : `${count} times`;
  const busiest = looked < combinations ? `, the busiest ${looked} looked at here` : "";
  const values = combinations > 1 ? `, ${combinations} combinations of values each by itself${busiest}` : "";
  say(count ? `It would have fired ${times}${values}.` : `It would not have fired${values}.`);
  const thresholds = chart.series
    .filter((each) => each.label === "threshold")
    .flatMap((each) => each.v.filter((v) => v !== null));
  if (!chart.series.some((each) => each.label !== "threshold" && each.v.some((v) => v !== null && v !== 0))) {
    part("state").textContent += ` ${chart.empty}`;
  }
  part("legend").replaceChildren(
    ...chart.series.map((each) => {
      const item = document.createElement("li");
      item.append(swatch(each.tone), each.label);
      return item;
    }),
  );
  plot = draw(part("canvas"), chart, chart.times, { height: 220, alone: true, thresholds });
  part("fired").replaceChildren(
    ...fired.slice(0, 12).map((each) => {
      const item = document.createElement("li");
      const until = each.resolvedMs ? ` to ${WHEN.format(new Date(each.resolvedMs))}` : "";
      item.textContent = `${WHEN.format(new Date(each.firedMs))}${until}${each.where ? ` – ${each.where}` : ""}: ${shown(each.value, chart.unit)}`;
      return item;
    }),
  );
}

async function ask() {
  const mine = ++asked;
  try {
    const answer = await fetch(place.dataset.preview, { method: "POST", body: new FormData(form) });
    if (!answer.ok) throw new Error(`${answer.status}`);
    const found = await answer.json();
    if (mine !== asked) return;
    last = found;
    show();
  } catch {
    if (mine === asked) say("The server does not answer.", true);
  }
}

function changed() {
  for (const block of conditions()) tidy(block);
  clearTimeout(timer);
  timer = setTimeout(ask, 400);
}

form.addEventListener("input", changed);
form.addEventListener("change", changed);
document.addEventListener("formset:added", changed);
document.addEventListener("formset:removed", changed);
onTheme(() => last && show());
new ResizeObserver(() => plot?.setSize({ width: part("canvas").clientWidth, height: 220 })).observe(place);
for (const block of conditions()) tidy(block);
say("Looking …");
ask();
