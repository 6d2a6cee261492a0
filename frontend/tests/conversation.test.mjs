import assert from "node:assert/strict";
import { test } from "node:test";
import { Conversation } from "../../static/chat/store/conversation.js";
import { fromApi } from "../../static/chat/store/messages.js";
import { apiMessage, apiThread, BEN, NOON, serve } from "./models.mjs";

const LINK = "https://chat.example/chat/threads/t/messages/older";

/** @type {Chat.Thread} */
const THREAD = {
  id: "t",
  topic: "Lunch",
  isDeleted: false,
  deletedOn: null,
  last: null,
  activity: NOON,
  unread: 0,
  people: 2,
  readId: 0,
};

/** @param {Record<string, () => unknown>} routes */
const serveThread = (routes) =>
  serve({
    "/participants": () => ({ value: [] }),
    "/readReceipts": () => ({ value: [] }),
    "/threads/t": () => apiThread("t"),
    ...routes,
  });

/** @param {Conversation} conversation */
const idsOf = (conversation) => conversation.messages.value.map(({ id }) => id - NOON);

/** @param {number[]} offsets */
const messages = (...offsets) => offsets.map((offset) => apiMessage(NOON + offset));

test("a conversation shows its messages from old to new", async () => {
  serveThread({ "/messages": () => ({ value: messages(3, 2, 1) }) });
  const conversation = new Conversation("t");
  await conversation.load();
  assert.equal(conversation.state.value, "ready");
  assert.deepEqual(idsOf(conversation), [1, 2, 3]);
  assert.equal(conversation.nextLink.value, null);
});

test("an edited old message is not shown before its page is loaded", async () => {
  const edited = apiMessage(NOON - 100, { version: String(NOON + 9) });
  serveThread({
    "/messages": () => ({ value: [edited, ...messages(3, 2)], nextLink: LINK }),
    "/older": () => ({ value: messages(1, -50, -150) }),
  });
  const conversation = new Conversation("t");
  await conversation.load();
  assert.deepEqual(idsOf(conversation), [2, 3]);
  await conversation.loadOlder();
  assert.deepEqual(idsOf(conversation), [-150, -100, -50, 1, 2, 3]);
});

test("an older version does not replace a newer one", async () => {
  serveThread({ "/messages": () => ({ value: messages(1) }) });
  const conversation = new Conversation("t");
  await conversation.load();
  const newer = apiMessage(NOON + 1, { version: String(NOON + 5), content: { message: "newer" } });
  conversation.receive(fromApi(newer));
  conversation.receive(fromApi(apiMessage(NOON + 1)));
  assert.equal(conversation.messages.value[0].text, "newer");
});

test("synchronizing closes a gap", async () => {
  serveThread({ "/messages": () => ({ value: messages(2, 1) }) });
  const conversation = new Conversation("t");
  await conversation.load();
  serveThread({ "/messages": () => ({ value: messages(4, 3, 2), nextLink: LINK }) });
  await conversation.sync();
  assert.deepEqual(idsOf(conversation), [1, 2, 3, 4]);
  assert.equal(conversation.nextLink.value, null);
});

test("a conversation that is forbidden is gone", async () => {
  serve({});
  const conversation = new Conversation("t");
  await conversation.load();
  assert.equal(conversation.state.value, "gone");
  assert.equal(conversation.hasEnded, true);
});

test("someone who was removed sees the last topic, and the messages after joining again", async () => {
  serveThread({ "/messages": () => ({ value: messages(1) }) });
  const conversation = new Conversation("t");
  await conversation.load();
  conversation.markLeft("Lunch");
  assert.deepEqual([conversation.state.value, conversation.lastTopic], ["gone", "Lunch"]);
  conversation.rejoin();
  assert.equal(conversation.state.value, "loading");
  await conversation.load();
  assert.equal(conversation.state.value, "ready");
});

test("the divider stands after the last message that was read", () => {
  const conversation = new Conversation("t");
  conversation.placeDivider({ ...THREAD, readId: NOON, unread: 2 });
  assert.equal(conversation.dividerAfter.value, NOON);
});

test("the divider stays in its place until the conversation is opened again", () => {
  const conversation = new Conversation("t");
  conversation.placeDivider({ ...THREAD, readId: NOON, unread: 2 });
  conversation.placeDivider({ ...THREAD, readId: NOON + 5, unread: 1 });
  assert.equal(conversation.dividerAfter.value, NOON);
  conversation.resetDivider();
  conversation.placeDivider({ ...THREAD, readId: NOON + 5, unread: 1 });
  assert.equal(conversation.dividerAfter.value, NOON + 5);
});

test("without a read position the divider stands above the first unread message", async () => {
  serveThread({ "/messages": () => ({ value: messages(4, 3, 2, 1) }) });
  const conversation = new Conversation("t");
  await conversation.load();
  conversation.placeDivider({ ...THREAD, unread: 2 });
  assert.equal(conversation.dividerAfter.value, NOON + 2);
});

test("there is no divider without unread messages", () => {
  const conversation = new Conversation("t");
  conversation.placeDivider({ ...THREAD, readId: NOON });
  assert.equal(conversation.dividerAfter.value, Infinity);
});

test("a receipt never moves back", () => {
  const conversation = new Conversation("t");
  conversation.receiveReceipt(BEN, NOON + 2);
  conversation.receiveReceipt(BEN, NOON + 1);
  assert.equal(conversation.receipts.value.get(BEN), NOON + 2);
});
