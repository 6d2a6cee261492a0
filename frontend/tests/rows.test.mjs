import assert from "node:assert/strict";
import { test } from "node:test";
import { rowsOf } from "../../static/chat/store/rows.js";
import { BEN, CARLA, ME, message, NOON, pendingItem } from "./models.mjs";

const MINUTE_MS = 60_000;

/** @param {Partial<Parameters<typeof rowsOf>[0]>} shown */
const rows = (shown) =>
  rowsOf({
    messages: [],
    pending: [],
    dividerAfter: Infinity,
    receipts: new Map(),
    isComplete: true,
    ...shown,
  });

/** @param {Chat.Row[]} found */
const kinds = (found) => found.map(({ kind }) => kind);

/** @param {Chat.Row[]} found */
const messageRows = (found) => found.filter((row) => row.kind === "message");

test("a new day begins with its date", () => {
  const messages = [message({ id: NOON }), message({ id: NOON + 24 * 60 * MINUTE_MS })];
  assert.deepEqual(kinds(rows({ messages })), ["beginning", "day", "message", "day", "message"]);
});

test("messages of one sender within five minutes stand under one name", () => {
  const messages = [0, 4, 10].map((minutes) => message({ id: NOON + minutes * MINUTE_MS }));
  assert.deepEqual(
    messageRows(rows({ messages })).map(({ isFirst }) => isFirst),
    [true, false, true],
  );
});

test("a sender who was renamed meanwhile gets a name again", () => {
  const messages = [message({ id: NOON }), message({ id: NOON + 1, name: "Benjamin" })];
  assert.deepEqual(
    messageRows(rows({ messages })).map(({ isFirst }) => isFirst),
    [true, true],
  );
});

test("the divider stands above the first unread message of someone else", () => {
  const messages = [
    message({ id: NOON }),
    message({ id: NOON + 1, sender: ME }),
    message({ id: NOON + 2 }),
    message({ id: NOON + 3 }),
  ];
  const found = rows({ messages, dividerAfter: NOON });
  assert.deepEqual(kinds(found), ["beginning", "day", "message", "message", "divider", "message", "message"]);
});

test("there is no divider while nothing is unread or its place is not known", () => {
  const messages = [message({ id: NOON })];
  for (const dividerAfter of [null, Infinity]) {
    assert.ok(!kinds(rows({ messages, dividerAfter })).includes("divider"));
  }
});

test("the oldest known message is not shown while there are older ones", () => {
  const messages = [message({ id: NOON }), message({ id: NOON + 1 })];
  const found = rows({ messages, isComplete: false });
  assert.deepEqual(kinds(found), ["message"]);
  assert.equal(found[0].key, NOON + 1);
});

test("a reader stands at the last message that they have read and did not write", () => {
  const messages = [message({ id: NOON }), message({ id: NOON + 1, sender: ME }), message({ id: NOON + 2 })];
  const receipts = new Map([
    [CARLA, NOON + 1],
    [BEN, NOON + 1],
    [ME, NOON + 2],
  ]);
  const found = messageRows(rows({ messages, receipts }));
  assert.deepEqual(
    found.map(({ readers }) => readers),
    [undefined, [CARLA], undefined],
  );
});

test("a pending message is shown until its event has arrived", () => {
  const item = pendingItem({ wasTried: true, state: "sending", after: NOON });
  assert.deepEqual(kinds(rows({ pending: [item] })), ["beginning", "pending"]);
  const messages = [message({ id: NOON + 1, sender: ME })];
  assert.deepEqual(kinds(rows({ pending: [item], messages })), ["beginning", "day", "message"]);
});

test("two pending messages with the same text need two events", () => {
  const item = pendingItem({ wasTried: true, state: "sending", after: NOON });
  const pending = [item, { ...item, key: "other" }];
  const messages = [message({ id: NOON + 1, sender: ME })];
  assert.deepEqual(kinds(rows({ pending, messages })), ["beginning", "day", "message", "pending"]);
});

test("an earlier message with the same text is not the pending one", () => {
  const pending = [pendingItem({ wasTried: true, state: "waiting", after: NOON })];
  const messages = [message({ id: NOON, sender: ME })];
  assert.deepEqual(kinds(rows({ pending, messages })), ["beginning", "day", "message", "pending"]);
});
