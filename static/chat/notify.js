// Title, icon and notifications of the browser.
import { effect, signal } from "../vendor/preact.js";
import { plainText } from "./store/messages.js";
import { onNewMessage } from "./store/events.js";
import { nameOf } from "./store/names.js";
import { threads, unreadTotal } from "./store/threads.js";
import { t } from "./strings.js";
import { announcement, isVisible, select, selected } from "./ui.js";

const CHOICE = "chatsite-notifications";
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

function notify(thread, message) {
  const notification = new Notification(thread.topic, {
    body: t.said(nameOf(message.sender), plainText(message).slice(0, 200)),
    tag: thread.id,
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
  onNewMessage((thread, message) => {
    if (!isVisible.value && notifications.value === "on") notify(thread, message);
    if (thread.id !== selected.value) {
      announcement.value = t.newMessageFrom(nameOf(message.sender), thread.topic);
    }
  });
}
