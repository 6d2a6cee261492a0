// The list of conversations.
import { batch, computed, signal } from "../../vendor/preact.js";
import * as api from "../api.js";
import { fromApi } from "./messages.js";
import { learn } from "./names.js";

// By id. A value is never changed, only replaced, so that a row knows when to draw itself again.
export const threads = signal(new Map());
export const leftThreads = signal(null);
// loading, ready, failed
export const listState = signal("loading");
export const nextPage = signal(null);

export const sortedThreads = computed(() =>
  [...threads.value.values()]
    .filter((thread) => !thread.isDeleted)
    .sort((a, b) => b.activity - a.activity || (a.id < b.id ? 1 : -1)),
);
export const deletedThreads = computed(() =>
  [...threads.value.values()].filter((thread) => thread.isDeleted),
);
export const unreadTotal = computed(() =>
  sortedThreads.value.reduce((sum, thread) => sum + thread.unread, 0),
);

function threadFromApi(item) {
  const last = item.lastMessage ? fromApi(item.lastMessage) : null;
  // Leaving is written down in the thread but does not move it.
  const moves = last && last.type !== "participantRemoved";
  return {
    id: item.id,
    topic: item.topic,
    isDeleted: Boolean(item.deletedOn),
    deletedOn: item.deletedOn ? Date.parse(item.deletedOn) : null,
    last,
    activity: moves ? last.id : Date.parse(item.lastMessageReceivedOn ?? item.createdOn),
    unread: item.unreadCount ?? 0,
    people: item.participantCount ?? 0,
    readId: Number(item.readPosition?.chatMessageId ?? 0),
  };
}

function put(...changed) {
  for (const { last } of changed) {
    if (last) learn([[last.sender, last.name], ...last.people.map(({ id, name }) => [id, name])]);
  }
  for (const { id } of changed) told.add(id);
  threads.value = new Map([...threads.value, ...changed.map((thread) => [thread.id, thread])]);
}

export function change(id, changes) {
  const thread = threads.value.get(id);
  if (thread) put({ ...thread, ...changes });
}

// Of each conversation, the newest messages of others that events told of, by their ids. What an
// answer counts is as old as its last message; those after it are added.
const heard = new Map();
const MOST_HEARD = 200;

// False when an event told of it before.
export function hear(threadId, messageId) {
  const ids = heard.get(threadId) ?? [];
  if (messageId <= (ids.at(-1) ?? 0)) return false;
  heard.set(threadId, [...ids, messageId].slice(-MOST_HEARD));
  return true;
}

// A deleted message is not unread.
export function unhear(threadId, messageId) {
  const ids = heard.get(threadId) ?? [];
  heard.set(
    threadId,
    ids.map((id) => (id === messageId ? 0 : id)),
  );
}

function unreadOf({ id, unread, last, readId }) {
  const counted = Math.max(last?.id ?? 0, readId);
  return unread + (heard.get(id) ?? []).filter((one) => one > counted).length;
}

export function forget(id) {
  asked.delete(id);
  heard.delete(id);
  told.delete(id);
  goneMeanwhile.add(id);
  const rest = new Map(threads.value);
  rest.delete(id);
  threads.value = rest;
}

// An answer may be older than what events have told since: whatever is further on stays.
function merged(fresh) {
  const before = threads.value.get(fresh.id);
  const unread = unreadOf(fresh);
  if (!before) return { ...fresh, unread };
  return {
    ...fresh,
    isDeleted: fresh.isDeleted || before.isDeleted,
    deletedOn: fresh.deletedOn ?? before.deletedOn,
    last: isNewer(before.last, fresh.last) ? before.last : fresh.last,
    activity: Math.max(fresh.activity, before.activity),
    unread: before.readId > fresh.readId ? before.unread : unread,
    readId: Math.max(fresh.readId, before.readId),
  };
}

function isNewer(one, other) {
  if (!one || !other) return Boolean(one);
  return one.id > other.id || (one.id === other.id && one.version > other.version);
}

// The number of the last question about each conversation; answers to earlier ones are too old.
const asked = new Map();
// Those that were left, and those of which something was told, while a list was on its way.
const goneMeanwhile = new Set();
const told = new Set();
let questions = 0;
let listing = 0;

const listed = (page) =>
  page.value.filter(({ id }) => !goneMeanwhile.has(id)).map((item) => merged(threadFromApi(item)));

// Lists from the newest on. What was loaded further down stays, as far as it is still there.
export async function loadThreads() {
  const mine = ++listing;
  goneMeanwhile.clear();
  told.clear();
  try {
    const page = await api.listThreads();
    if (mine !== listing) return;
    batch(() => {
      const fresh = listed(page);
      // The list is complete down to its last item: what should be above it and is not, is gone.
      const oldest = page.nextLink ? Math.min(...fresh.map((one) => one.activity)) : -Infinity;
      const known = [...threads.value.values()];
      const below = known.filter((one) => one.activity < oldest);
      const kept = [...below, ...known.filter((one) => told.has(one.id))];
      threads.value = new Map(kept.map((one) => [one.id, one]));
      put(...fresh);
      if (!below.length) nextPage.value = page.nextLink ?? null;
      listState.value = "ready";
    });
  } catch {
    if (mine === listing && !threads.value.size) listState.value = "failed";
  }
}

// loading, ready, failed
export const moreState = signal("ready");

export async function loadMoreThreads() {
  const link = nextPage.value;
  if (!link || moreState.value === "loading") return;
  moreState.value = "loading";
  try {
    const page = await api.listThreads(link);
    batch(() => {
      put(...listed(page));
      nextPage.value = page.nextLink ?? null;
      moreState.value = "ready";
    });
  } catch {
    moreState.value = "failed";
  }
}

export async function loadLeftThreads() {
  try {
    leftThreads.value = (await api.listLeftThreads()).map(({ id, topic, leftOn }) => ({
      id,
      topic,
      leftOn: Date.parse(leftOn),
    }));
  } catch {
    leftThreads.value ??= [];
  }
}

const waiting = new Map();
// Conversations about which the server could not be asked.
const stale = new Set();
const ASK_AGAIN_MS = 3000;

// Asks again about one conversation, soon; several reasons at once make one request.
export function refreshThread(id) {
  let promise = waiting.get(id);
  if (!promise) {
    promise = new Promise((resolve) => setTimeout(resolve, 120)).then(() => {
      waiting.delete(id);
      return loadThread(id);
    });
    waiting.set(id, promise);
  }
  return promise;
}

export async function loadThread(id) {
  const question = ++questions;
  asked.set(id, question);
  try {
    const fresh = threadFromApi(await api.getThread(id));
    if (asked.get(id) !== question) return;
    goneMeanwhile.delete(id);
    put(merged(fresh));
  } catch (problem) {
    if (problem.status === 403 || problem.status === 404) forget(id);
    if (!problem.isTransient) return;
    stale.add(id);
    if (problem.status) setTimeout(refreshStale, Math.max(ASK_AGAIN_MS, problem.retryAfter * 1000));
  }
}

// At a new connection, and when a busy server has had a rest.
export function refreshStale() {
  const ids = [...stale];
  stale.clear();
  for (const id of ids) refreshThread(id);
}
