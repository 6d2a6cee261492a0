// The list of conversations.
import { batch, computed, signal } from "../../vendor/preact.js";
import * as api from "../api.js";
import { learn } from "./names.js";
import { fromApi } from "./messages.js";

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
  threads.value = new Map([...threads.value, ...changed.map((thread) => [thread.id, thread])]);
}

export function change(id, changes) {
  const thread = threads.value.get(id);
  if (thread) put({ ...thread, ...changes });
}

export function forget(id) {
  const rest = new Map(threads.value);
  rest.delete(id);
  threads.value = rest;
}

let listing = 0;

// Lists from the newest on. What was loaded further down stays, as far as it is still there.
export async function loadThreads() {
  const mine = ++listing;
  try {
    const page = await api.listThreads();
    if (mine !== listing) return;
    batch(() => {
      const fresh = page.value.map(threadFromApi);
      // The list is complete down to its last item: what should be above it and is not, is gone.
      const oldest = page.nextLink ? Math.min(...fresh.map((one) => one.activity)) : -Infinity;
      const kept = [...threads.value.values()].filter((one) => one.activity < oldest);
      threads.value = new Map(kept.map((one) => [one.id, one]));
      put(...fresh);
      if (!kept.length) nextPage.value = page.nextLink ?? null;
      listState.value = "ready";
    });
  } catch {
    if (mine === listing && !threads.value.size) listState.value = "failed";
  }
}

export async function loadMoreThreads() {
  const link = nextPage.value;
  if (!link) return;
  const page = await api.listThreads(link);
  batch(() => {
    const fresh = page.value.map(threadFromApi);
    put(...fresh);
    nextPage.value = page.nextLink ?? null;
  });
}

export async function loadLeftThreads() {
  try {
    const { value } = await api.listLeftThreads();
    leftThreads.value = value.map(({ id, topic, leftOn }) => ({
      id,
      topic,
      leftOn: Date.parse(leftOn),
    }));
  } catch {
    leftThreads.value ??= [];
  }
}

const waiting = new Map();

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
  try {
    const fresh = threadFromApi(await api.getThread(id));
    const before = threads.value.get(id);
    put(before ? { ...fresh, activity: Math.max(fresh.activity, before.activity) } : fresh);
  } catch (problem) {
    if (problem.status === 403 || problem.status === 404) forget(id);
  }
}
