// Title, icon and notifications of the browser.
import { effect, signal } from "../vendor/preact.js";
import { onNewMessage } from "./store/events.js";
import { plainText } from "./store/messages.js";
import { nameOf } from "./store/names.js";
import { threads, unreadTotal } from "./store/threads.js";
import { t } from "./strings.js";
import { announcement, isVisible, select, selected } from "./ui.js";

const CHOICE = "chatsite-notifications";
const OTHERS_ARE_LATE_MS = 3000;
const isPossible = "Notification" in window;

// off, on, denied
export const notifications = signal(state());

function state() {
  if (!isPossible || Notification.permission === "denied") return "denied";
  const wanted = localStorage.getItem(CHOICE) === "on";
  return wanted && Notification.permission === "granted" ? "on" : "off";
}

// Asked for by a click, never by the page itself.
export async function toggleNotifications() {
  if (notifications.value === "on") {
    localStorage.setItem(CHOICE, "off");
  } else {
    const answer = await Notification.requestPermission();
    localStorage.setItem(CHOICE, answer === "granted" ? "on" : "off");
  }
  notifications.value = state();
}

// Held by every window that somebody looks at: the others keep quiet then.
const LOOKED_AT = "chatsite-looked-at";
let lookAway = null;

function noteLooking(isLooking) {
  lookAway?.();
  lookAway = null;
  if (!isLooking) return;
  const away = new Promise((resolve) => {
    lookAway = resolve;
  });
  navigator.locks?.request(LOOKED_AT, { mode: "shared" }, () => away);
}

// Of several windows one speaks.
async function notifyOnce(thread, message) {
  const { held } = await navigator.locks.query();
  if (held.some(({ name }) => name === LOOKED_AT)) return;
  await navigator.locks.request(
    `chatsite-notify:${thread.id} ${message.id}`,
    { ifAvailable: true },
    (lock) => {
      if (!lock) return null;
      notify(thread, message);
      return new Promise((resolve) => setTimeout(resolve, OTHERS_ARE_LATE_MS));
    },
  );
}

function notify(thread, message) {
  const notification = new Notification(thread.topic, {
    body: t.said(nameOf(message.sender), plainText(message).slice(0, 200)),
    // One for each conversation, which says again that something came.
    tag: thread.id,
    renotify: true,
    icon: document.getElementById("icon").href,
    requireInteraction: message.isHigh,
  });
  notification.onclick = () => {
    window.focus();
    select(thread.id);
    notification.close();
  };
}

export function startNotifying() {
  const icon = document.getElementById("icon");
  const { read, unread } = icon.dataset;
  effect(() => {
    const count = unreadTotal.value;
    const thread = threads.value.get(selected.value);
    const title = thread ? `${thread.topic} · ${t.appName}` : t.appName;
    document.title = count ? `(${count > 99 ? t.unreadMany : count}) ${title}` : title;
    const wanted = count ? unread : read;
    if (icon.getAttribute("href") !== wanted) icon.setAttribute("href", wanted);
  });
  effect(() => noteLooking(isVisible.value));
  onNewMessage((thread, message) => {
    if (!isVisible.value && notifications.value === "on") {
      // Some browsers refuse to make one outside of a service worker.
      notifyOnce(thread, message).catch(() => {});
    }
    if (thread.id !== selected.value) {
      announcement.value = t.newMessageFrom(nameOf(message.sender), thread.topic);
    }
  });
}
