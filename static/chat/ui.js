// What the page shows right now, as opposed to what the server knows.
import { batch, signal } from "../vendor/preact.js";
import { openConversation } from "./store/conversation.js";

/**
 * The message that is being edited in the composer.
 * @type {Chat.Signal<Chat.Editing | null>}
 */
export const editing = signal(null);

/**
 * The id of the conversation that is shown, from the address: #/19%3A…
 * @type {Chat.Signal<string | null>}
 */
export const selected = signal(null);

/** @type {Chat.Signal<Chat.OpenDialog | null>} */
export const dialog = signal(null);

// For screen readers, which read it aloud once.
export const announcement = signal("");
// A short message at the bottom of the page.
export const note = signal("");
export const isVisible = signal(!document.hidden && document.hasFocus());

/** @param {string} id */
export const linkTo = (id) => `#/${encodeURIComponent(id)}`;

function followAddress() {
  /** @type {string | null} */
  let id = null;
  try {
    id = decodeURIComponent(location.hash.replace(/^#\/?/u, "")) || null;
  } catch {
    // Not an address of a conversation.
  }
  batch(() => {
    selected.value = id;
    editing.value = null;
    // The divider is placed again whenever a conversation is opened.
    if (id) openConversation(id).resetDivider();
  });
}

/** @param {string | null} id */
export function select(id) {
  location.hash = id ? linkTo(id) : "#/";
}

/**
 * @param {string} name
 * @param {Record<string, unknown>} properties
 */
export function openDialog(name, properties = {}) {
  dialog.value = { name, properties };
}

export function closeDialog() {
  dialog.value = null;
}

/** @type {Chat.Timer} */
let noteTimer;
const NOTE_MS = 4000;

/**
 * Shows a text for a few seconds, and announces it to screen readers.
 * @param {string} text
 */
export function showNote(text) {
  note.value = text;
  announcement.value = text;
  clearTimeout(noteTimer);
  noteTimer = setTimeout(() => {
    note.value = "";
  }, NOTE_MS);
}

export function startUi() {
  addEventListener("hashchange", followAddress);
  followAddress();
  const updateVisibility = () => {
    isVisible.value = !document.hidden && document.hasFocus();
  };
  for (const event of ["focus", "blur"]) addEventListener(event, updateVisibility);
  document.addEventListener("visibilitychange", updateVisibility);
}
