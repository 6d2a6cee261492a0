// Messages that were written and have not arrived yet.
//
// Each carries an id that the server remembers, so it may be sent again after any failure and is
// still there only once. They outlive a reload of the tab.
import { batch, signal } from "../../vendor/preact.js";
import * as api from "../api.js";
import { config } from "../config.js";
import { status } from "../connection.js";
import { keep, restore } from "../storage.js";
import { ownName, sessionEnded } from "../token.js";
import { openedConversation } from "./conversation.js";
import { change, threads } from "./threads.js";

const STORED = `chatsite-outbox:${config.userId}`;
const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 15_000;

// {key, threadId, text, isHigh, writtenAt, after, state, wasTried, error}. Once it was tried it may
// have arrived, as a message later than `after`; `state` is waiting, sending or failed.
export const outbox = signal(
  restore(sessionStorage, STORED, []).map((one) =>
    one.state === "sending" ? { ...one, state: "waiting" } : one,
  ),
);

function set(items) {
  outbox.value = items;
  keep(sessionStorage, STORED, items);
}

const update = (key, changes) =>
  set(outbox.value.map((one) => (one.key === key ? { ...one, ...changes } : one)));
const remove = (key) => set(outbox.value.filter((one) => one.key !== key));

export function send(threadId, text, { isHigh }) {
  const after = openedConversation(threadId)?.newestId ?? 0;
  const item = { key: crypto.randomUUID(), threadId, text, isHigh, writtenAt: Date.now(), after };
  set([...outbox.value, { ...item, state: "waiting", error: "" }]);
  work(threadId);
}

export function sendAgain(key) {
  const item = outbox.value.find((one) => one.key === key);
  if (!item) return;
  update(key, { state: "waiting", error: "" });
  work(item.threadId);
}

export const discard = remove;

const working = new Set();
const wakers = new Set();

// Sends what waits in one conversation, in order, until nothing does.
async function work(threadId) {
  if (working.has(threadId)) {
    for (const wake of wakers) wake();
    return;
  }
  working.add(threadId);
  let failures = 0;
  try {
    for (;;) {
      const item = outbox.value.find((one) => one.threadId === threadId && one.state === "waiting");
      if (!item) return;
      const problem = await sendOne(item);
      if (problem?.isTransient) {
        const wait = Math.min(FIRST_WAIT_MS * 2 ** failures, LONGEST_WAIT_MS);
        failures += 1;
        await nap(Math.max(wait, problem.retryAfter * 1000));
      } else {
        failures = 0;
      }
    }
  } finally {
    working.delete(threadId);
  }
}

function nap(ms) {
  return new Promise((resolve) => {
    const wake = () => {
      clearTimeout(timer);
      wakers.delete(wake);
      resolve();
    };
    const timer = setTimeout(wake, ms);
    wakers.add(wake);
  });
}

async function sendOne(item) {
  update(item.key, { state: "sending", wasTried: true });
  try {
    const answer = await api.sendMessage(item.threadId, item.key, {
      content: item.text,
      type: "text",
      senderDisplayName: ownName.value,
      ...(item.isHigh ? { metadata: { priority: "high" } } : {}),
    });
    arrived(item, Number(answer.id));
    return null;
  } catch (problem) {
    if (!(problem instanceof api.ApiError)) throw problem;
    // Without a session nothing is lost: it waits for the next one.
    const waits = problem.isTransient || problem.status === 401;
    update(item.key, { state: waits ? "waiting" : "failed", error: waits ? "" : problem.sentence });
    if (problem.status === 401) return { isTransient: true, retryAfter: 15 };
    return problem;
  }
}

function arrived(item, id) {
  const message = {
    id,
    version: id,
    type: "text",
    isSent: true,
    text: item.text,
    sender: config.userId,
    name: ownName.value,
    isHigh: item.isHigh,
    editedOn: null,
    isDeleted: false,
    topic: null,
    people: [],
    initiator: null,
  };
  batch(() => {
    openedConversation(item.threadId)?.receive(message);
    const thread = threads.value.get(item.threadId);
    if (thread && !(thread.last?.id >= id)) {
      change(item.threadId, { last: message, activity: Math.max(thread.activity, id) });
    }
    // What else waits with the same words is not this message.
    const isBeside = (one) => one.threadId === item.threadId;
    set(
      outbox.value
        .filter((one) => one.key !== item.key)
        .map((one) => (isBeside(one) ? { ...one, after: Math.max(one.after, id) } : one)),
    );
  });
}

// At the start, and whenever the connection is back.
export function sendWaiting() {
  for (const threadId of new Set(outbox.value.map((one) => one.threadId))) work(threadId);
}

status.subscribe((value) => {
  if (value === "live") sendWaiting();
});

// They outlive a reload of the tab, but not its end.
addEventListener("beforeunload", (event) => {
  const isUnsent = outbox.value.some((one) => one.state !== "failed");
  if (isUnsent && !sessionEnded.value) event.preventDefault();
});
