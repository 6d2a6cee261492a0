// Who is typing where, and telling others that we are.
import { signal } from "../../vendor/preact.js";
import * as api from "../api.js";
import { ownName } from "../token.js";

// A notice counts for so long; who goes on typing sends another.
const LASTS_MS = 8000;
const EVERY_MS = 5000;

// Thread id to a map of raw id to the timer that ends it.
export const typing = signal(new Map());

function put(threadId, change) {
  const people = new Map(typing.value.get(threadId));
  change(people);
  typing.value = new Map([...typing.value, [threadId, people]]);
}

export function startedTyping(threadId, userId) {
  clearTimeout(typing.value.get(threadId)?.get(userId));
  const timer = setTimeout(() => stoppedTyping(threadId, userId), LASTS_MS);
  put(threadId, (people) => people.set(userId, timer));
}

export function stoppedTyping(threadId, userId) {
  const people = typing.value.get(threadId);
  if (!people?.has(userId)) return;
  clearTimeout(people.get(userId));
  put(threadId, (copy) => copy.delete(userId));
}

const told = new Map();

export function tellTyping(threadId) {
  const now = performance.now();
  if (now - (told.get(threadId) ?? -Infinity) < EVERY_MS) return;
  told.set(threadId, now);
  api.sendTyping(threadId, ownName.value).catch(() => {});
}

// After a message was sent the next key counts anew.
export function forgetTyping(threadId) {
  told.delete(threadId);
}
