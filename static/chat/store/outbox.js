// Messages that were written and are not known to have arrived.
//
// Each has an id that the server remembers, so it may be sent again after any failure and still
// arrives only once. They are kept when the tab is reloaded.
import { batch, signal } from "../../vendor/preact.js";
import * as api from "../api.js";
import { config } from "../config.js";
import { status } from "../connection.js";
import { restore, save } from "../storage.js";
import { ownName, sessionEnded } from "../token.js";
import { openedConversation } from "./conversation.js";
import { changeThread, threads } from "./threads.js";

const STORED = `chatsite-outbox:${config.userId}`;
const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 15_000;
const SESSION_WAIT_S = 15;

/** @returns {Chat.OutboxItem[]} */
function restoreItems() {
  /** @type {Chat.OutboxItem[]} */
  const items = restore(sessionStorage, STORED, []);
  return items.map((item) => (item.state === "sending" ? { ...item, state: "waiting" } : item));
}

export const outbox = signal(restoreItems());

/** @param {Chat.OutboxItem[]} items */
function set(items) {
  outbox.value = items;
  save(sessionStorage, STORED, items);
}

/**
 * @param {string} key
 * @param {Partial<Chat.OutboxItem>} changes
 */
const update = (key, changes) =>
  set(outbox.value.map((item) => (item.key === key ? { ...item, ...changes } : item)));

/** @param {string} key */
export const discard = (key) => set(outbox.value.filter((item) => item.key !== key));

/**
 * @param {string} threadId
 * @param {string} text
 * @param {{ isHigh: boolean }} options
 */
export function send(threadId, text, { isHigh }) {
  /** @type {Chat.OutboxItem} */
  const item = {
    key: crypto.randomUUID(),
    threadId,
    text,
    isHigh,
    writtenAt: Date.now(),
    after: openedConversation(threadId)?.newestId ?? 0,
    state: "waiting",
    error: "",
  };
  set([...outbox.value, item]);
  sendThread(threadId);
}

/** @param {string} key */
export function sendAgain(key) {
  const item = outbox.value.find((each) => each.key === key);
  if (!item) return;
  update(key, { state: "waiting", error: "" });
  sendThread(item.threadId);
}

/** @type {Set<string>} */
const sendingThreads = new Set();
/** @type {Set<() => void>} */
const wakers = new Set();

/**
 * Sends the waiting messages of one conversation, one after the other.
 * @param {string} threadId
 */
async function sendThread(threadId) {
  if (sendingThreads.has(threadId)) {
    for (const wake of wakers) wake();
    return;
  }
  sendingThreads.add(threadId);
  let failures = 0;
  try {
    for (;;) {
      const item = outbox.value.find((each) => each.threadId === threadId && each.state === "waiting");
      if (!item) return;
      const retryAfter = await sendItem(item);
      if (retryAfter === null) {
        failures = 0;
        continue;
      }
      const wait = Math.min(FIRST_WAIT_MS * 2 ** failures, LONGEST_WAIT_MS);
      failures += 1;
      await sleep(Math.max(wait, retryAfter * 1000));
    }
  } finally {
    sendingThreads.delete(threadId);
  }
}

/**
 * Resolves after some time, or when another message is sent.
 * @param {number} ms
 */
function sleep(ms) {
  return new Promise((/** @type {(value: void) => void} */ resolve) => {
    const wake = () => {
      clearTimeout(timer);
      wakers.delete(wake);
      resolve();
    };
    const timer = setTimeout(wake, ms);
    wakers.add(wake);
  });
}

/**
 * Sends one message. Returns after how many seconds to try again; null if it was sent or refused.
 * @param {Chat.OutboxItem} item
 * @returns {Promise<number | null>}
 */
async function sendItem(item) {
  update(item.key, { state: "sending", wasTried: true });
  try {
    const { id } = await api.sendMessage(item.threadId, item.key, {
      content: item.text,
      type: "text",
      senderDisplayName: ownName.value,
      ...(item.isHigh ? { metadata: { priority: "high" } } : {}),
    });
    arrived(item, Number(id));
    return null;
  } catch (thrown) {
    const error = api.apiErrorOf(thrown);
    if (!error.isTransient && error.status !== 401) {
      update(item.key, { state: "failed", error: error.sentence });
      return null;
    }
    // Without a session it waits for the next one.
    update(item.key, { state: "waiting", error: "" });
    return error.status === 401 ? SESSION_WAIT_S : error.retryAfter;
  }
}

/**
 * The message as the server will return it.
 * @param {Chat.OutboxItem} item
 * @param {number} id
 * @returns {Chat.Message}
 */
const messageOf = ({ text, isHigh }, id) => ({
  id,
  version: id,
  type: "text",
  isSent: true,
  text,
  sender: config.userId,
  name: ownName.value,
  isHigh,
  editedOn: null,
  isDeleted: false,
  topic: null,
  people: [],
  initiator: null,
});

/**
 * @param {Chat.OutboxItem} item
 * @param {number} id
 */
function arrived({ key, threadId, ...item }, id) {
  const message = messageOf({ key, threadId, ...item }, id);
  batch(() => {
    openedConversation(threadId)?.receive(message);
    const thread = threads.value.get(threadId);
    if (thread && (thread.last?.id ?? 0) < id) {
      changeThread(threadId, { last: message, activity: Math.max(thread.activity, id) });
    }
    const others = outbox.value.filter((each) => each.key !== key);
    // Another waiting message with the same text is not this one.
    set(
      others.map((each) =>
        each.threadId === threadId ? { ...each, after: Math.max(each.after, id) } : each,
      ),
    );
  });
}

// Called at the start, and whenever the connection is restored.
export function sendWaiting() {
  for (const threadId of new Set(outbox.value.map((item) => item.threadId))) sendThread(threadId);
}

status.subscribe((value) => {
  if (value === "live") sendWaiting();
});

// Unsent messages are kept when the tab is reloaded, but not when it is closed.
addEventListener("beforeunload", (event) => {
  const isUnsent = outbox.value.some((item) => item.state !== "failed");
  if (isUnsent && !sessionEnded.value) event.preventDefault();
});
