// The list of conversations.
import { batch, computed, signal } from "../../vendor/preact.js";
import * as api from "../api.js";
import { fromApi } from "./messages.js";
import { rememberNamesIn } from "./names.js";

const REFRESH_AFTER_MS = 120;
const RETRY_MS = 3000;
const MAX_COUNTED = 200;

/**
 * By id. Threads are replaced, never changed, so that a row knows when to draw itself again.
 * @type {Chat.Signal<ReadonlyMap<string, Chat.Thread>>}
 */
export const threads = signal(new Map());
/**
 * The conversations that this person has left; null before they are loaded.
 * @type {Chat.Signal<Chat.LeftThread[] | null>}
 */
export const leftThreads = signal(null);
/** @type {Chat.Signal<Chat.LoadState>} */
export const listState = signal("loading");
/**
 * The link to the conversations further down; null at the end of the list.
 * @type {Chat.Signal<string | null>}
 */
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

/**
 * @param {Api.Thread} item
 * @returns {Chat.Thread}
 */
function threadFromApi(item) {
  const last = item.lastMessage ? fromApi(item.lastMessage) : null;
  // A message that someone has left does not move the thread up.
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

/**
 * @param {Chat.Thread} thread
 * @returns {[string, Chat.Thread]}
 */
const byId = (thread) => [thread.id, thread];

/** @param {Chat.Thread[]} changed */
function put(...changed) {
  rememberNamesIn(changed.flatMap(({ last }) => last ?? []));
  for (const { id } of changed) changedDuringList.add(id);
  threads.value = new Map([...threads.value, ...changed.map(byId)]);
}

/**
 * @param {string} id
 * @param {Partial<Chat.Thread>} changes
 */
export function changeThread(id, changes) {
  const thread = threads.value.get(id);
  if (thread) put({ ...thread, ...changes });
}

/** @param {string} id */
export function removeThread(id) {
  requests.delete(id);
  countedIds.delete(id);
  changedDuringList.delete(id);
  removedDuringList.add(id);
  const rest = new Map(threads.value);
  rest.delete(id);
  threads.value = rest;
}

// --- Unread messages ---

/**
 * Ids of the newest messages of others that events have brought, by thread id. The unread count of a
 * response is as old as its last message; the messages after that one are added to it.
 * @type {Map<string, number[]>}
 */
const countedIds = new Map();

/**
 * Counts a message of someone else; false if an event brought it before.
 * @param {string} threadId
 * @param {number} messageId
 */
export function countUnread(threadId, messageId) {
  const ids = countedIds.get(threadId) ?? [];
  if (messageId <= (ids.at(-1) ?? 0)) return false;
  countedIds.set(threadId, [...ids, messageId].slice(-MAX_COUNTED));
  return true;
}

/**
 * A deleted message is not unread.
 * @param {string} threadId
 * @param {number} messageId
 */
export function uncountUnread(threadId, messageId) {
  const ids = countedIds.get(threadId) ?? [];
  countedIds.set(
    threadId,
    ids.map((id) => (id === messageId ? 0 : id)),
  );
}

/** @param {Chat.Thread} thread */
function unreadOf({ id, unread, last, readId }) {
  const included = Math.max(last?.id ?? 0, readId);
  return unread + (countedIds.get(id) ?? []).filter((messageId) => messageId > included).length;
}

// --- Responses and events ---

/**
 * A response combined with what is known: it may be older than the latest events.
 * @param {Chat.Thread} fresh
 * @returns {Chat.Thread}
 */
function merged(fresh) {
  const known = threads.value.get(fresh.id);
  const unread = unreadOf(fresh);
  if (!known) return { ...fresh, unread };
  return {
    ...fresh,
    isDeleted: fresh.isDeleted || known.isDeleted,
    deletedOn: fresh.deletedOn ?? known.deletedOn,
    last: isNewer(known.last, fresh.last) ? known.last : fresh.last,
    activity: Math.max(fresh.activity, known.activity),
    unread: known.readId > fresh.readId ? known.unread : unread,
    readId: Math.max(fresh.readId, known.readId),
  };
}

/**
 * @param {Chat.Message | null} one
 * @param {Chat.Message | null} other
 */
function isNewer(one, other) {
  if (!one || !other) return Boolean(one);
  return one.id > other.id || (one.id === other.id && one.version > other.version);
}

/**
 * The number of the latest request about each thread; responses to earlier ones are ignored.
 * @type {Map<string, number>}
 */
const requests = new Map();
// Threads that were removed or changed while a list was loaded.
/** @type {Set<string>} */
const removedDuringList = new Set();
/** @type {Set<string>} */
const changedDuringList = new Set();
let requestCount = 0;
let listCount = 0;

/** @param {Api.Page<Api.Thread>} page */
const threadsOf = (page) =>
  page.value.filter(({ id }) => !removedDuringList.has(id)).map((item) => merged(threadFromApi(item)));

// Loads the first page. Threads that were loaded further down stay, if they still exist.
export async function loadThreads() {
  listCount += 1;
  const own = listCount;
  removedDuringList.clear();
  changedDuringList.clear();
  try {
    const page = await api.listThreads();
    if (own === listCount) putFirstPage(page);
  } catch {
    if (own === listCount && !threads.value.size) listState.value = "failed";
  }
}

/** @param {Api.Page<Api.Thread>} page */
function putFirstPage(page) {
  batch(() => {
    const fresh = threadsOf(page);
    // The page has every thread above its last one: those it does not list no longer exist.
    const oldest = page.nextLink ? Math.min(...fresh.map(({ activity }) => activity)) : -Infinity;
    const known = [...threads.value.values()];
    const below = known.filter(({ activity }) => activity < oldest);
    const kept = [...below, ...known.filter(({ id }) => changedDuringList.has(id))];
    threads.value = new Map(kept.map(byId));
    put(...fresh);
    if (!below.length) nextPage.value = page.nextLink ?? null;
    listState.value = "ready";
  });
}

/** @type {Chat.Signal<Chat.LoadState>} */
export const moreState = signal("ready");

export async function loadMoreThreads() {
  const link = nextPage.value;
  if (!link || moreState.value === "loading") return;
  moreState.value = "loading";
  try {
    const page = await api.listThreads(link);
    batch(() => {
      put(...threadsOf(page));
      nextPage.value = page.nextLink ?? null;
      moreState.value = "ready";
    });
  } catch {
    moreState.value = "failed";
  }
}

export async function loadLeftThreads() {
  try {
    const listed = await api.listLeftThreads();
    leftThreads.value = listed.map(({ id, topic, leftOn }) => ({ id, topic, leftOn: Date.parse(leftOn) }));
  } catch {
    leftThreads.value ??= [];
  }
}

/** @type {Map<string, Promise<void>>} */
const refreshes = new Map();
// Threads whose last request failed.
/** @type {Set<string>} */
const stale = new Set();

/**
 * Loads one thread again, soon; several calls at once make one request.
 * @param {string} id
 */
export function refreshThread(id) {
  let refresh = refreshes.get(id);
  if (!refresh) {
    refresh = new Promise((resolve) => setTimeout(resolve, REFRESH_AFTER_MS)).then(() => {
      refreshes.delete(id);
      return loadThread(id);
    });
    refreshes.set(id, refresh);
  }
  return refresh;
}

/** @param {string} id */
export async function loadThread(id) {
  requestCount += 1;
  const own = requestCount;
  requests.set(id, own);
  try {
    const fresh = threadFromApi(await api.getThread(id));
    if (requests.get(id) !== own) return;
    removedDuringList.delete(id);
    put(merged(fresh));
  } catch (error) {
    if (error instanceof api.ApiError) loadFailed(id, error);
  }
}

/**
 * @param {string} id
 * @param {Chat.ApiError} error
 */
function loadFailed(id, { status, isTransient, retryAfter }) {
  if (status === 403 || status === 404) removeThread(id);
  if (!isTransient) return;
  stale.add(id);
  if (status) setTimeout(refreshStale, Math.max(RETRY_MS, retryAfter * 1000));
}

// Called when the connection is restored, and some time after the server was busy.
export function refreshStale() {
  const ids = [...stale];
  stale.clear();
  for (const id of ids) refreshThread(id);
}
