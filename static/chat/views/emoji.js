// The emoji picker: by group, by name, and recently used.
import { html, useEffect, useRef, useSignal } from "../../vendor/preact.js";
import { restore, save } from "../storage.js";
import { t } from "../strings.js";
import { Icon } from "./icons.js";
import { closeOutside, writesTo } from "./inputs.js";

const RECENT = "chatsite-emoji";
const MAX_RECENT = 16;
const MAX_FOUND = 96;

/**
 * @typedef {{ emoji: string, words: string }} Emoji
 * @typedef {{ name: keyof typeof t.emojiGroups, items: Emoji[] }} EmojiGroup
 */

/** @type {EmojiGroup[] | null} */
let data = null;

/** @returns {Promise<EmojiGroup[]>} */
async function load() {
  if (data) return data;
  const { groups } = await import("../emoji-data.js");
  data = Object.entries(groups).map(([name, lines]) => ({
    name: /** @type {EmojiGroup["name"]} */ (name),
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
  /** @type {unknown[]} */
  const stored = restore(localStorage, RECENT, []);
  return stored.filter((each) => typeof each === "string").slice(0, MAX_RECENT);
}

/** @param {string} emoji */
function remember(emoji) {
  const list = [emoji, ...recent().filter((each) => each !== emoji)];
  save(localStorage, RECENT, list.slice(0, MAX_RECENT));
}

/**
 * @param {EmojiGroup[]} groups
 * @param {string} search
 */
function find(groups, search) {
  const words = search.toLocaleLowerCase().split(/\s+/u).filter(Boolean);
  const matches = (/** @type {Emoji} */ item, /** @type {string} */ word) =>
    ` ${item.words}`.includes(` ${word}`);
  return groups
    .flatMap((group) => group.items)
    .filter((item) => words.every((word) => matches(item, word)))
    .slice(0, MAX_FOUND);
}

/** @param {{ onPick: (emoji: string) => void }} props */
export function EmojiButton({ onPick }) {
  const isOpen = useSignal(false);
  /** @type {Chat.Ref<HTMLElement>} */
  const root = useRef(null);
  useEffect(() => {
    if (!isOpen.value) return undefined;
    return closeOutside(root, () => {
      isOpen.value = false;
    });
  }, [isOpen.value]);
  return html`<div
    class="emoji-root"
    ref=${root}
    onKeyDown=${(/** @type {KeyboardEvent} */ event) => {
      if (event.key !== "Escape" || !isOpen.value) return;
      event.stopPropagation();
      isOpen.value = false;
      root.current?.querySelector("button")?.focus();
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
      onPick=${(/** @type {string} */ emoji) => {
        remember(emoji);
        isOpen.value = false;
        onPick(emoji);
      }}
    />`
    }
  </div>`;
}

/** @param {{ onPick: (emoji: string) => void }} props */
function Picker({ onPick }) {
  const groups = useSignal(data);
  const search = useSignal("");
  /** @type {Chat.Ref<HTMLInputElement>} */
  const field = useRef(null);
  /** @type {Chat.Ref<HTMLElement>} */
  const grid = useRef(null);
  useEffect(() => {
    field.current?.focus();
    load().then((loaded) => {
      groups.value = loaded;
    });
  }, []);
  const found = search.value.trim() && groups.value ? find(groups.value, search.value) : null;
  const onKeyDown = async (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Enter" || event.target !== field.current) {
      if (grid.current) moveInGrid(event, grid.current, field.current);
      return;
    }
    // Picks the first match, even if the names are still being loaded.
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
      onInput=${writesTo(search)}
    />
    <div class="emoji-groups" ref=${grid} onClick=${(/** @type {Event & { target: Element }} */ event) => {
      const button = event.target.closest("button");
      if (button) onPick(button.textContent ?? "");
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

/** @param {{ title: string, items: Emoji[] }} props */
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

/**
 * Arrow keys move the focus through the grid; how long its rows are depends on the window.
 * @param {KeyboardEvent} event
 * @param {HTMLElement} grid
 * @param {HTMLElement | null} field
 */
function moveInGrid(event, grid, field) {
  const buttons = [...grid.querySelectorAll("button")];
  const here = buttons.indexOf(/** @type {HTMLButtonElement} */ (document.activeElement));
  if (here < 0 && event.key !== "ArrowDown") return;
  const top = buttons[Math.max(here, 0)]?.offsetTop;
  const inRow = Math.max(1, buttons.filter((button) => button.offsetTop === top).length);
  /** @type {Record<string, number>} */
  const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: here < 0 ? 1 : inRow, ArrowUp: -inRow };
  const step = steps[event.key];
  if (!step) return;
  event.preventDefault();
  const next = here + step;
  if (next < 0) field?.focus();
  else (buttons[next] ?? buttons.at(-1))?.focus();
}
