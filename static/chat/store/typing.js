// Who is typing in which conversation, and the notices that this person is typing.
import { signal } from "../../vendor/preact.js";
import * as api from "../api.js";
import { ownName } from "../token.js";

// A notice is valid for this time; clients of people who go on typing send another one before.
const VALID_MS = 8000;
const SEND_EVERY_MS = 5000;

/** @typedef {Map<string, Chat.Timer>} Timers */

/**
 * By thread id: the timers that end the notices, by raw id.
 * @type {Chat.Signal<ReadonlyMap<string, Timers>>}
 */
export const typing = signal(new Map());

/**
 * The raw ids of those who are typing.
 * @param {string} threadId
 */
export const typersIn = (threadId) => [...(typing.value.get(threadId)?.keys() ?? [])];

/**
 * @param {string} threadId
 * @param {(timers: Timers) => void} change
 */
function update(threadId, change) {
  const timers = new Map(typing.value.get(threadId));
  change(timers);
  typing.value = new Map([...typing.value, [threadId, timers]]);
}

/**
 * @param {string} threadId
 * @param {string} userId
 */
export function startedTyping(threadId, userId) {
  clearTimeout(typing.value.get(threadId)?.get(userId));
  const timer = setTimeout(() => stoppedTyping(threadId, userId), VALID_MS);
  update(threadId, (timers) => timers.set(userId, timer));
}

/**
 * @param {string} threadId
 * @param {string | null} userId
 */
export function stoppedTyping(threadId, userId) {
  const timers = typing.value.get(threadId);
  if (!userId || !timers?.has(userId)) return;
  clearTimeout(timers.get(userId));
  update(threadId, (copy) => copy.delete(userId));
}

/**
 * When the last notice was sent, by thread id.
 * @type {Map<string, number>}
 */
const sentAt = new Map();

/** @param {string} threadId */
export function sendTyping(threadId) {
  const now = performance.now();
  if (now - (sentAt.get(threadId) ?? -Infinity) < SEND_EVERY_MS) return;
  sentAt.set(threadId, now);
  api.sendTyping(threadId, ownName.value).catch(() => {});
}

/**
 * After a message was sent, the next key sends a notice at once.
 * @param {string} threadId
 */
export function resetTyping(threadId) {
  sentAt.delete(threadId);
}
