// Enhances the admin pages, which work without it, too.

const COPIED_MS = 2000;
const OPEN_MENUS = "details.filter[open], details.menu[open]";
const momentFormat = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

// The pages contain times in UTC: shows them in the reader's own time zone.
function localizeTimes() {
  for (const time of document.querySelectorAll("time")) {
    const moment = new Date(time.dateTime);
    if (!time.classList.contains("moment") || Number.isNaN(moment.getTime())) continue;
    time.title = time.textContent ?? "";
    time.textContent = momentFormat.format(moment);
  }
}

// On narrow screens rows become cards, where each value has the name of its column.
function labelCells() {
  const table = /** @type {HTMLTableElement | null} */ (document.getElementById("result_list"));
  if (!table?.tHead) return;
  const headers = [...table.tHead.rows[0].cells];
  const names = headers.map((cell) => cell.querySelector(".text")?.textContent?.trim() ?? "");
  for (const row of table.tBodies[0].rows) {
    [...row.cells].forEach((cell, column) => {
      if (names[column] && !cell.classList.contains("action-checkbox")) cell.dataset.label = names[column];
    });
  }
  table.classList.add("stacking");
}

/**
 * Copies the text of the element that the button names.
 * @param {HTMLElement} button
 */
async function copy(button) {
  const source = document.getElementById(button.dataset.copy ?? "");
  if (!source) return;
  const label = button.textContent;
  try {
    await navigator.clipboard.writeText(source.textContent ?? "");
    button.textContent = "Copied";
  } catch {
    // Without permission or HTTPS: selects the text, so that a key can copy it.
    select(source);
    button.textContent = "Selected";
  }
  setTimeout(() => {
    button.textContent = label;
  }, COPIED_MS);
}

/** @param {HTMLElement} element */
function select(element) {
  const range = document.createRange();
  range.selectNodeContents(element);
  const selection = getSelection();
  selection?.removeAllRanges();
  selection?.addRange(range);
}

/** @param {Node | null} inside menus around it stay open */
function closeMenus(inside) {
  for (const element of document.querySelectorAll(OPEN_MENUS)) {
    const menu = /** @type {HTMLDetailsElement} */ (element);
    if (!menu.contains(inside)) menu.open = false;
  }
}

document.addEventListener("click", (event) => {
  const target = /** @type {Element} */ (event.target);
  const button = /** @type {HTMLElement | null} */ (target.closest("[data-copy]"));
  if (button) copy(button);
  closeMenus(target);
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") closeMenus(null);
});

localizeTimes();
labelCells();
