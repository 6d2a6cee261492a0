// Translations and sentiments of messages, requested when the reader sees a message.
import { signal } from "../../vendor/preact.js";
import * as api from "../api.js";
import { canAnalyzeSentiment, canTranslate, preferences, readLanguage } from "./capabilities.js";

// The API's limit of messages per request.
const MAX_BATCH = 20;
// Messages appear on the page together; one request collects those of this time.
const COLLECT_MS = 150;
const RETRY_MS = 5000;
const MAX_FAILURES = 3;

// Errors of single messages that may not occur again.
const TRANSIENT_CODES = new Set(["TooManyRequests", "EngineUnavailable"]);

/**
 * By conversation and message.
 * @type {Map<string, Chat.Signal<Chat.Enrichment>>}
 */
const entries = new Map();
/** @type {Chat.Enrichment} */
const EMPTY = Object.freeze({ version: 0, request: "", state: "" });

/**
 * What is known about a message; `isCurrent` is whether it is about the message's current version.
 * @param {string} threadId
 * @param {Chat.Message} message
 */
export function enrichmentOf(threadId, message) {
  const key = `${threadId} ${message.id}`;
  let entry = entries.get(key);
  if (!entry) {
    entry = signal(EMPTY);
    entries.set(key, entry);
  }
  return entry;
}

/**
 * @param {Chat.Signal<Chat.Enrichment>} entry
 * @param {Chat.Message} message
 */
export const isCurrent = (entry, message) => entry.value.version === message.version;

/**
 * @param {string} threadId
 * @param {Chat.Message} message
 * @param {Partial<Chat.Enrichment>} changes
 */
function update(threadId, message, changes) {
  const entry = enrichmentOf(threadId, message);
  // A late response about an earlier version must not replace a later one.
  if (entry.value.version > message.version) return;
  const before = isCurrent(entry, message) ? entry.value : EMPTY;
  entry.value = { ...before, version: message.version, ...changes };
}

/**
 * @param {string} threadId
 * @param {Chat.Message} message
 * @param {boolean} showsOriginal
 */
export function showOriginal(threadId, message, showsOriginal) {
  update(threadId, message, { showsOriginal });
}

/**
 * Translates one message because the reader asked for it. Throws ApiError.
 * @param {string} threadId
 * @param {Chat.Message} message
 */
export async function translate(threadId, message) {
  update(threadId, message, { state: "working", showsOriginal: false });
  try {
    const result = await api.translateMessage(threadId, message.id, readLanguage.value ?? "");
    const [translation] = result.translations;
    applyResult(threadId, message, { ...result, translation }, { isRequested: true });
  } catch (error) {
    update(threadId, message, { state: "failed" });
    throw error;
  }
}

/**
 * @param {string} threadId
 * @param {Chat.Message} message
 * @param {Omit<Api.EnrichedMessage, "messageId">} result
 * @param {Partial<Chat.Enrichment>} more
 */
function applyResult(threadId, message, result, more = {}) {
  const { version, detectedLanguage, translation, sentiment } = result;
  // It was edited meanwhile: the new text is requested when it is shown.
  if (version && Number(version) !== message.version) return;
  update(threadId, message, {
    state: "",
    ...(detectedLanguage ? { from: detectedLanguage.language } : {}),
    ...(translation ? { translation } : {}),
    ...(sentiment ? { sentiment } : {}),
    ...more,
  });
}

/**
 * The messages are requested again when they are shown again.
 * @param {string} threadId
 * @param {Iterable<Chat.Message>} messages
 */
function forgetRequests(threadId, messages) {
  for (const message of messages) update(threadId, message, { request: "" });
}

// --- Incoming messages, according to the reader's preferences ---

/** @typedef {Map<number, Chat.Message>} MessagesById */

/**
 * Messages to request, by conversation.
 * @type {Map<string, MessagesById>}
 */
const waiting = new Map();
/** @type {Chat.Timer} */
let timer;
let isBusy = false;
let failures = 0;

/** @returns {Api.EnrichOptions} */
function preferredOptions() {
  const { translates, judges } = preferences.value;
  return {
    ...(translates && canTranslate.value && readLanguage.value ? { translateTo: readLanguage.value } : {}),
    ...(judges && canAnalyzeSentiment.value ? { sentiment: true } : {}),
  };
}

/**
 * Requests what the reader prefers to see of an incoming message. Called whenever one is shown.
 * @param {string} threadId
 * @param {Chat.Message} message
 */
export function requestEnrichment(threadId, message) {
  const options = preferredOptions();
  if (!Object.keys(options).length) return;
  const entry = enrichmentOf(threadId, message);
  const request = JSON.stringify(options);
  if (isCurrent(entry, message) && entry.value.request === request) return;
  update(threadId, message, { request });
  const messages = waiting.get(threadId) ?? new Map();
  waiting.set(threadId, messages.set(message.id, message));
  schedule(COLLECT_MS);
}

/** @param {number} ms */
function schedule(ms) {
  if (isBusy || timer) return;
  timer = setTimeout(() => {
    timer = undefined;
    sendBatches();
  }, ms);
}

/**
 * The newest messages of the conversation that was opened last.
 * @returns {[string, Chat.Message[]]}
 */
function takeBatch() {
  const [threadId, messages] = [...waiting][waiting.size - 1];
  const batch = [...messages.values()].sort((a, b) => b.id - a.id).slice(0, MAX_BATCH);
  for (const { id } of batch) messages.delete(id);
  if (!messages.size) waiting.delete(threadId);
  return [threadId, batch];
}

async function sendBatches() {
  isBusy = true;
  let pause = 0;
  while (waiting.size && !pause) {
    const [threadId, batch] = takeBatch();
    try {
      await sendBatch(threadId, batch);
      failures = 0;
    } catch (error) {
      pause = pauseAfter(error, threadId, batch);
    }
  }
  isBusy = false;
  if (pause) schedule(pause);
}

/**
 * Puts a batch that failed back or gives up on it; returns how long to wait, in milliseconds.
 * @param {unknown} error
 * @param {string} threadId
 * @param {Chat.Message[]} batch
 */
function pauseAfter(error, threadId, batch) {
  failures += 1;
  const isTransient = error instanceof api.ApiError && error.isTransient;
  if (isTransient && failures <= MAX_FAILURES) {
    const later = waiting.get(threadId) ?? new Map();
    waiting.set(threadId, new Map([...batch.map(byId), ...later]));
    return Math.max(error.retryAfter * 1000, RETRY_MS);
  }
  failures = 0;
  forgetRequests(threadId, batch);
  // After several failures in a row nothing else is worth trying either.
  if (isTransient) {
    for (const [other, messages] of waiting) forgetRequests(other, messages.values());
    waiting.clear();
  }
  return 0;
}

/**
 * @param {Chat.Message} message
 * @returns {[number, Chat.Message]}
 */
const byId = (message) => [message.id, message];

/**
 * @param {string} threadId
 * @param {Chat.Message[]} batch
 */
async function sendBatch(threadId, batch) {
  const options = preferredOptions();
  if (!Object.keys(options).length) return;
  const ids = batch.map(({ id }) => String(id));
  const { value } = await api.enrichMessages(threadId, { ids, ...options });
  const sent = new Map(batch.map(byId));
  for (const result of value) {
    const message = sent.get(Number(result.messageId));
    if (!message) continue;
    applyResult(threadId, message, result);
    if (result.errors?.some(({ code }) => TRANSIENT_CODES.has(code))) forgetRequests(threadId, [message]);
  }
}
