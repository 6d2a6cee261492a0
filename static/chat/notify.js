// The title and icon of the page, and browser notifications.
import { effect, signal } from "../vendor/preact.js";
import { onNewMessage } from "./store/events.js";
import { plainText } from "./store/messages.js";
import { nameOf } from "./store/names.js";
import { threads, unreadTotal } from "./store/threads.js";
import { t } from "./strings.js";
import { announcement, isVisible, select, selected } from "./ui.js";

const SETTING = "chatsite-notifications";
// How long other windows may take to receive the same message.
const OTHER_WINDOWS_MS = 3000;
const isSupported = "Notification" in window;

/** @type {Chat.Signal<"off" | "on" | "denied">} */
export const notifications = signal(currentState());

function currentState() {
  if (!isSupported || Notification.permission === "denied") return "denied";
  const wanted = localStorage.getItem(SETTING) === "on";
  return wanted && Notification.permission === "granted" ? "on" : "off";
}

// Browsers require that a click leads here.
export async function toggleNotifications() {
  if (notifications.value === "on") {
    localStorage.setItem(SETTING, "off");
  } else {
    const permission = await Notification.requestPermission();
    localStorage.setItem(SETTING, permission === "granted" ? "on" : "off");
  }
  notifications.value = currentState();
}

// A lock that every visible window holds: windows in the background do not notify then.
const VISIBLE_LOCK = "chatsite-looked-at";
/** @type {(() => void) | null} */
let releaseLock = null;

/** @param {boolean} holds */
function holdVisibleLock(holds) {
  releaseLock?.();
  releaseLock = null;
  if (!holds) return;
  const released = new Promise((/** @type {(value: void) => void} */ resolve) => {
    releaseLock = resolve;
  });
  navigator.locks?.request(VISIBLE_LOCK, { mode: "shared" }, () => released);
}

/**
 * Notifies in only one of several windows.
 * @param {Chat.Thread} thread
 * @param {Chat.Message} message
 */
async function notifyOnce(thread, message) {
  const { held } = await navigator.locks.query();
  if (held?.some(({ name }) => name === VISIBLE_LOCK)) return;
  await navigator.locks.request(
    `chatsite-notify:${thread.id} ${message.id}`,
    { ifAvailable: true },
    (lock) => {
      if (!lock) return null;
      notify(thread, message);
      return new Promise((resolve) => setTimeout(resolve, OTHER_WINDOWS_MS));
    },
  );
}

/**
 * @param {Chat.Thread} thread
 * @param {Chat.Message} message
 */
function notify(thread, message) {
  const notification = new Notification(thread.topic, {
    body: t.said(nameOf(message.sender), plainText(message).slice(0, 200)),
    // One notification for each conversation, shown again for each message.
    tag: thread.id,
    renotify: true,
    icon: iconLink().href,
    requireInteraction: message.isHigh,
  });
  notification.onclick = () => {
    window.focus();
    select(thread.id);
    notification.close();
  };
}

const iconLink = () => /** @type {HTMLLinkElement} */ (document.getElementById("icon"));

export function startNotifying() {
  const icon = iconLink();
  const { read = "", unread = "" } = icon.dataset;
  effect(() => {
    const count = unreadTotal.value;
    const thread = threads.value.get(selected.value ?? "");
    const title = thread ? `${thread.topic} · ${t.appName}` : t.appName;
    document.title = count ? `(${count > 99 ? t.unreadMany : count}) ${title}` : title;
    const href = count ? unread : read;
    if (icon.getAttribute("href") !== href) icon.setAttribute("href", href);
  });
  effect(() => holdVisibleLock(isVisible.value));
  onNewMessage((thread, message) => {
    if (!isVisible.value && notifications.value === "on") {
      // Some browsers allow notifications in service workers only.
      notifyOnce(thread, message).catch(() => {});
    }
    if (thread.id !== selected.value) {
      announcement.value = t.newMessageFrom(nameOf(message.sender), thread.topic);
    }
  });
}
