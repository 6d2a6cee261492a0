// Translations and sentiments of messages, found out for this reader when he sees them.
import { signal } from "../../vendor/preact.js";
import * as api from "../api.js";
import { canJudge, canTranslate, preferences, readLanguage } from "./abilities.js";

// What the API takes at once.
const BATCH = 20;
// Messages come onto the page together; whoever waits this long is asked for with the others.
const GATHER_MS = 150;
const PAUSE_MS = 5000;
const MOST_FAILURES = 3;

// Errors of single messages that may be gone the next time.
const TRANSIENT = new Set(["TooManyRequests", "EngineUnavailable"]);

// By conversation and message: a signal of {version, wish, state, from, translation, isAsked,
// sentiment, showsOriginal}; `state` is "", working or failed, `isAsked` whether somebody wanted the
// translation of this very message.
const entries = new Map();
const EMPTY = Object.freeze({ version: 0, wish: "", state: "" });

// What is known about a message as it is now; a new version of it begins anew.
export function enrichmentOf(threadId, message) {
  const key = `${threadId} ${message.id}`;
  let entry = entries.get(key);
  if (!entry) {
    entry = signal(EMPTY);
    entries.set(key, entry);
  }
  return entry;
}

export const isCurrent = (entry, message) => entry.value.version === message.version;

function update(threadId, message, changes) {
  const entry = enrichmentOf(threadId, message);
  // What comes late about an earlier version must not hide what is known of this one.
  if (entry.value.version > message.version) return;
  const before = isCurrent(entry, message) ? entry.value : EMPTY;
  entry.value = { ...before, version: message.version, ...changes };
}

export function showOriginal(threadId, message, showsOriginal) {
  update(threadId, message, { showsOriginal });
}

// Because somebody asked for this one message. Throws ApiError.
export async function translate(threadId, message) {
  update(threadId, message, { state: "working", showsOriginal: false });
  try {
    const answer = await api.translateMessage(threadId, message.id, readLanguage.value);
    apply(threadId, message, { ...answer, translation: answer.translations[0] }, { isAsked: true });
  } catch (problem) {
    update(threadId, message, { state: "failed" });
    throw problem;
  }
}

function apply(threadId, message, answer, more = {}) {
  const { version, detectedLanguage, translation, sentiment } = answer;
  // Edited while it was worked on: the new text is asked for when it is shown.
  if (version && Number(version) !== message.version) return;
  update(threadId, message, {
    state: "",
    ...(detectedLanguage ? { from: detectedLanguage.language } : {}),
    ...(translation ? { translation } : {}),
    ...(sentiment ? { sentiment } : {}),
    ...more,
  });
}

// They are asked for again when they are shown again.
function forgetWishes(threadId, messages) {
  for (const message of messages) update(threadId, message, { wish: "" });
}

// --- Incoming messages, as the reader prefers ---

// Messages that wait, by conversation.
const waiting = new Map();
let timer = 0;
let isBusy = false;
let failures = 0;

function wanted() {
  const { translates, judges } = preferences.value;
  return {
    ...(translates && canTranslate.value ? { translateTo: readLanguage.value } : {}),
    ...(judges && canJudge.value ? { sentiment: true } : {}),
  };
}

// Call it for each incoming message that is shown; asks for what the reader prefers to have.
export function wish(threadId, message) {
  const options = wanted();
  if (!Object.keys(options).length) return;
  const entry = enrichmentOf(threadId, message);
  const text = JSON.stringify(options);
  if (isCurrent(entry, message) && entry.value.wish === text) return;
  update(threadId, message, { wish: text });
  if (!waiting.has(threadId)) waiting.set(threadId, new Map());
  waiting.get(threadId).set(message.id, message);
  schedule(GATHER_MS);
}

function schedule(ms) {
  if (isBusy || timer) return;
  timer = setTimeout(() => {
    timer = 0;
    work();
  }, ms);
}

// The conversation that was opened last, its newest messages first.
function takeBatch() {
  const [threadId, messages] = [...waiting].at(-1);
  const batch = [...messages.values()].sort((a, b) => b.id - a.id).slice(0, BATCH);
  for (const { id } of batch) messages.delete(id);
  if (!messages.size) waiting.delete(threadId);
  return [threadId, batch];
}

async function work() {
  isBusy = true;
  let pause = 0;
  while (waiting.size && !pause) {
    const [threadId, batch] = takeBatch();
    try {
      await enrich(threadId, batch);
      failures = 0;
    } catch (problem) {
      failures += 1;
      if (!problem.isTransient || failures > MOST_FAILURES) {
        forgetWishes(threadId, batch);
        if (problem.isTransient) {
          for (const [other, messages] of waiting) forgetWishes(other, messages.values());
          waiting.clear();
        }
        failures = 0;
        continue;
      }
      const later = waiting.get(threadId) ?? new Map();
      waiting.set(threadId, new Map([...batch.map((one) => [one.id, one]), ...later]));
      pause = Math.max(problem.retryAfter * 1000, PAUSE_MS);
    }
  }
  isBusy = false;
  if (pause) schedule(pause);
}

async function enrich(threadId, batch) {
  const options = wanted();
  if (!Object.keys(options).length) return;
  const ids = batch.map(({ id }) => String(id));
  const answer = await api.enrichMessages(threadId, { ids, ...options });
  const byId = new Map(batch.map((message) => [String(message.id), message]));
  for (const one of answer.value) {
    const message = byId.get(one.messageId);
    apply(threadId, message, one);
    if (one.errors?.some(({ code }) => TRANSIENT.has(code))) forgetWishes(threadId, [message]);
  }
}
