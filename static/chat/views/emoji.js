// The emoji picker: by group, by name, and those used last.
import { html, useEffect, useRef, useSignal } from "../../vendor/preact.js";
import { keep, restore } from "../storage.js";
import { t } from "../strings.js";
import { Icon } from "./icons.js";

const RECENT = "chatsite-emoji";
const MOST_RECENT = 16;
const MOST_FOUND = 96;

let data = null;

// [{name, items: [{emoji, words}]}]
async function load() {
  if (data) return data;
  const { groups } = await import("../emoji-data.js");
  data = Object.entries(groups).map(([name, lines]) => ({
    name,
    items: lines
      .trim()
      .split("\n")
      .map((line) => {
        const [emoji, ...words] = line.split(" ");
        return { emoji, words: words.join(" ") };
      }),
  }));
  return data;
}

function recent() {
  const stored = restore(localStorage, RECENT, []);
  return stored.filter((one) => typeof one === "string").slice(0, MOST_RECENT);
}

function remember(emoji) {
  const list = [emoji, ...recent().filter((one) => one !== emoji)];
  keep(localStorage, RECENT, list.slice(0, MOST_RECENT));
}

function find(groups, search) {
  const words = search.toLocaleLowerCase().split(/\s+/u).filter(Boolean);
  const starts = (item, word) => ` ${item.words}`.includes(` ${word}`);
  return groups
    .flatMap((group) => group.items)
    .filter((item) => words.every((word) => starts(item, word)))
    .slice(0, MOST_FOUND);
}

export function EmojiButton({ onPick }) {
  const isOpen = useSignal(false);
  const root = useRef(null);
  useEffect(() => {
    if (!isOpen.value) return undefined;
    const closeOutside = (event) => {
      if (!root.current?.contains(event.target)) isOpen.value = false;
    };
    document.addEventListener("pointerdown", closeOutside);
    return () => document.removeEventListener("pointerdown", closeOutside);
  }, [isOpen.value]);
  return html`<div
    class="emoji-root"
    ref=${root}
    onKeyDown=${(event) => {
      if (event.key !== "Escape" || !isOpen.value) return;
      event.stopPropagation();
      isOpen.value = false;
      root.current.querySelector("button").focus();
    }}
  >
    <button
      type="button"
      class="icon-button"
      aria-label=${t.emoji}
      title=${t.emoji}
      aria-expanded=${String(isOpen.value)}
      onClick=${() => {
        isOpen.value = !isOpen.value;
      }}
    >
      <${Icon} name="smile" />
    </button>
    ${
      isOpen.value &&
      html`<${Picker}
      onPick=${(emoji) => {
        remember(emoji);
        isOpen.value = false;
        onPick(emoji);
      }}
    />`
    }
  </div>`;
}

function Picker({ onPick }) {
  const groups = useSignal(data);
  const search = useSignal("");
  const field = useRef(null);
  const grid = useRef(null);
  useEffect(() => {
    field.current.focus();
    load().then((loaded) => {
      groups.value = loaded;
    });
  }, []);
  const found = search.value.trim() && groups.value ? find(groups.value, search.value) : null;
  const onKeyDown = async (event) => {
    if (event.key !== "Enter" || event.target !== field.current) {
      moveInGrid(event, grid.current, field.current);
      return;
    }
    // The first one found, even where the names are still on their way.
    event.preventDefault();
    const [first] = search.value.trim() ? find(await load(), search.value) : [];
    if (first) onPick(first.emoji);
  };
  return html`<div class="emoji-picker" role="dialog" aria-label=${t.emoji} onKeyDown=${onKeyDown}>
    <input
      type="search"
      class="field"
      ref=${field}
      aria-label=${t.searchEmoji}
      placeholder=${t.searchEmoji}
      value=${search.value}
      onInput=${(event) => {
        search.value = event.currentTarget.value;
      }}
    />
    <div class="emoji-groups" ref=${grid} onClick=${(event) => {
      const button = event.target.closest("button");
      if (button) onPick(button.textContent);
    }}>
      ${
        found
          ? html`<${Group} title="" items=${found} />
            ${!found.length && html`<p class="empty small">${t.noEmoji}</p>`}`
          : html`<${Group} title=${t.recentEmoji} items=${recent().map((emoji) => ({ emoji, words: "" }))} />
            ${(groups.value ?? []).map(
              ({ name, items }) => html`<${Group} key=${name} title=${t.emojiGroups[name]} items=${items} />`,
            )}`
      }
    </div>
  </div>`;
}

function Group({ title, items }) {
  if (!items.length) return null;
  return html`<section aria-label=${title || t.searchEmoji}>
    ${title && html`<p>${title}</p>`}
    <div class="emoji-grid">
      ${items.map(
        ({ emoji, words }) =>
          html`<button type="button" key=${emoji} title=${words} tabindex="-1">${emoji}</button>`,
      )}
    </div>
  </section>`;
}

// Arrows walk through the grid, whose rows are as long as the window lets them be.
function moveInGrid(event, grid, field) {
  const buttons = [...grid.querySelectorAll("button")];
  const here = buttons.indexOf(document.activeElement);
  if (here < 0 && event.key !== "ArrowDown") return;
  const top = buttons[Math.max(here, 0)]?.offsetTop;
  const inRow = Math.max(1, buttons.filter((one) => one.offsetTop === top).length);
  const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: here < 0 ? 1 : inRow, ArrowUp: -inRow };
  const step = steps[event.key];
  if (!step) return;
  event.preventDefault();
  const next = here + step;
  if (next < 0) field.focus();
  else (buttons[next] ?? buttons.at(-1))?.focus();
}
