// The operator's pages work without this; it makes them nicer to use.

const WHEN = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

// Times are written in UTC: show them in the reader's own time zone.
function localizeTimes() {
  for (const time of document.querySelectorAll("time.moment")) {
    const moment = new Date(time.dateTime);
    if (Number.isNaN(moment.getTime())) continue;
    time.title = time.textContent;
    time.textContent = WHEN.format(moment);
  }
}

// On narrow screens rows become cards; each value then needs the name of its column.
function labelCells() {
  const table = document.getElementById("result_list");
  if (!table) return;
  const names = [...table.tHead.rows[0].cells].map(
    (cell) => cell.querySelector(".text")?.textContent.trim() ?? "",
  );
  for (const row of table.tBodies[0].rows) {
    [...row.cells].forEach((cell, column) => {
      if (names[column] && !cell.classList.contains("action-checkbox")) cell.dataset.label = names[column];
    });
  }
  table.classList.add("stacking");
}

async function copy(button) {
  const source = document.getElementById(button.dataset.copy);
  const before = button.textContent;
  try {
    await navigator.clipboard.writeText(source.textContent);
    button.textContent = "Copied";
  } catch {
    // No permission, or no secure context: leave it selected for the keyboard.
    const range = document.createRange();
    range.selectNodeContents(source);
    getSelection().removeAllRanges();
    getSelection().addRange(range);
    button.textContent = "Selected";
  }
  setTimeout(() => {
    button.textContent = before;
  }, 2000);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy]");
  if (button) copy(button);
  for (const menu of document.querySelectorAll("details.filter[open], details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details.filter[open], details.menu[open]")) menu.open = false;
});

localizeTimes();
labelCells();
