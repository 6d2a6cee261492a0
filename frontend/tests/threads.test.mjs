import assert from "node:assert/strict";
import { test } from "node:test";
import {
  changeThread,
  countUnread,
  loadThread,
  loadThreads,
  nextPage,
  removeThread,
  sortedThreads,
  threads,
  uncountUnread,
  unreadTotal,
} from "../../static/chat/store/threads.js";
import { apiMessage, apiThread, message, NOON, serve } from "./models.mjs";

/** @param {string} id */
const threadOf = (id) => {
  const thread = threads.value.get(id);
  assert.ok(thread, `no thread ${id}`);
  return thread;
};

test("threads are sorted by their last activity", async () => {
  const value = [
    apiThread("old", { lastMessage: apiMessage(NOON) }),
    apiThread("new", { lastMessage: apiMessage(NOON + 1) }),
  ];
  serve({ "/chat/threads": () => ({ value }) });
  await loadThreads();
  assert.deepEqual(
    sortedThreads.value.map(({ id }) => id),
    ["new", "old"],
  );
});

test("a message that someone left does not move a thread up", async () => {
  const lastMessage = apiMessage(NOON + 9, { type: "participantRemoved" });
  serve({ "/left": () => apiThread("left", { lastMessage }) });
  await loadThread("left");
  assert.equal(threadOf("left").activity, NOON);
});

test("an event counts a message once", () => {
  assert.equal(countUnread("once", NOON), true);
  assert.equal(countUnread("once", NOON), false);
  assert.equal(countUnread("once", NOON + 1), true);
});

test("messages that are newer than a response are added to its count", async () => {
  const thread = apiThread("count", { lastMessage: apiMessage(NOON), unreadCount: 2 });
  serve({ "/count": () => thread });
  countUnread("count", NOON);
  countUnread("count", NOON + 1);
  await loadThread("count");
  assert.equal(threadOf("count").unread, 3);
});

test("a deleted message is not counted", async () => {
  serve({ "/deleted": () => apiThread("deleted", { lastMessage: apiMessage(NOON) }) });
  countUnread("deleted", NOON + 1);
  uncountUnread("deleted", NOON + 1);
  await loadThread("deleted");
  assert.equal(threadOf("deleted").unread, 0);
});

test("a late response does not replace a newer message or read position", async () => {
  serve({ "/late": () => apiThread("late", { lastMessage: apiMessage(NOON), unreadCount: 1 }) });
  await loadThread("late");
  changeThread("late", { last: message({ id: NOON + 5 }), readId: NOON + 5, unread: 0 });
  await loadThread("late");
  const { last, readId, unread } = threadOf("late");
  assert.deepEqual([last?.id, readId, unread], [NOON + 5, NOON + 5, 0]);
});

test("of two requests about a thread the later one counts", async () => {
  const topics = ["first", "second"];
  /** @type {(() => void)[]} */
  const release = [];
  serve({});
  const answer = globalThis.fetch;
  globalThis.fetch = async (input, options) => {
    if (!String(input).includes("/race")) return answer(input, options);
    const topic = topics.shift();
    await new Promise((/** @type {(value: void) => void} */ resolve) => release.push(resolve));
    return Response.json(apiThread("race", { topic }));
  };
  const first = loadThread("race");
  const second = loadThread("race");
  while (release.length < 2) await new Promise(setImmediate);
  release[1]();
  await second;
  release[0]();
  await first;
  assert.equal(threadOf("race").topic, "second");
});

test("a thread that is forbidden is removed", async () => {
  serve({ "/forbidden": () => apiThread("forbidden") });
  await loadThread("forbidden");
  assert.ok(threads.value.has("forbidden"));
  serve({});
  await loadThread("forbidden");
  assert.ok(!threads.value.has("forbidden"));
});

test("a first page removes threads that no longer exist and keeps those further down", async () => {
  for (const id of [...threads.value.keys()]) removeThread(id);
  const at = (/** @type {number} */ n) => ({ lastMessage: apiMessage(NOON + n) });
  serve({
    "/chat/threads": () => ({ value: [apiThread("a", at(3)), apiThread("b", at(2)), apiThread("c", at(1))] }),
  });
  await loadThreads();
  assert.equal(nextPage.value, null);
  const link = "https://chat.example/chat/threads?page=2";
  serve({
    "/chat/threads": () => ({ value: [apiThread("a", at(3)), apiThread("d", at(2))], nextLink: link }),
  });
  await loadThreads();
  assert.deepEqual([...threads.value.keys()].sort(), ["a", "c", "d"]);
});

test("the total counts no deleted threads", async () => {
  for (const id of [...threads.value.keys()]) removeThread(id);
  const value = [apiThread("a", { unreadCount: 2 }), apiThread("b", { unreadCount: 3 })];
  serve({ "/chat/threads": () => ({ value }) });
  await loadThreads();
  assert.equal(unreadTotal.value, 5);
  changeThread("b", { isDeleted: true });
  assert.equal(unreadTotal.value, 2);
});
