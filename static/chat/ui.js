// What the page shows at the moment, as opposed to what is true on the server.
import { batch, signal } from "../vendor/preact.js";
import { openConversation } from "./store/conversation.js";

// {threadId, message} while a message is edited in the composer.
export const editing = signal(null);
// The id of the conversation that is shown, from the address: #/19%3A…
export const selected = signal(null);
// {name, properties} of the dialog that is open.
export const dialog = signal(null);
// A text for screen readers, said once; and a short note for everybody.
export const announcement = signal("");
export const note = signal("");
export const isVisible = signal(!document.hidden && document.hasFocus());

const addressOf = (id) => `#/${encodeURIComponent(id)}`;
export const linkTo = addressOf;

function follow() {
  let id = null;
  try {
    id = decodeURIComponent(location.hash.replace(/^#\/?/u, "")) || null;
  } catch {
    // Not an address of ours.
  }
  batch(() => {
    selected.value = id;
    editing.value = null;
    if (!id) return;
    const conversation = openConversation(id);
    // Found anew whenever somebody comes to it.
    conversation.lineAfter.value = null;
  });
}

export function select(id) {
  location.hash = id ? addressOf(id) : "#/";
}

export function openDialog(name, properties = {}) {
  dialog.value = { name, properties };
}

export function closeDialog() {
  dialog.value = null;
}

let noteTimer = 0;

export function say(text) {
  note.value = text;
  announcement.value = text;
  clearTimeout(noteTimer);
  noteTimer = setTimeout(() => {
    note.value = "";
  }, 4000);
}

export function startUi() {
  addEventListener("hashchange", follow);
  follow();
  const look = () => {
    isVisible.value = !document.hidden && document.hasFocus();
  };
  for (const event of ["focus", "blur"]) addEventListener(event, look);
  document.addEventListener("visibilitychange", look);
}
