import assert from "node:assert/strict";
import { test } from "node:test";
import { fromApi, plainText } from "../../static/chat/store/messages.js";
import { apiMessage, BEN, message, NOON } from "./models.mjs";

test("a message of the API has numbers for its id and version", () => {
  const found = fromApi(apiMessage(NOON, { version: String(NOON + 5) }));
  assert.equal(found.id, NOON);
  assert.equal(found.version, NOON + 5);
  assert.equal(found.sender, BEN);
  assert.equal(found.isSent, true);
});

test("the priority counts in any letter case", () => {
  const isHigh = (/** @type {string} */ priority) =>
    fromApi(apiMessage(NOON, { metadata: { priority } })).isHigh;
  assert.deepEqual(["high", "High", "normal"].map(isHigh), [true, true, false]);
});

test("a deleted message has no text", () => {
  const deletedOn = new Date(NOON).toISOString();
  const found = fromApi(apiMessage(NOON, { content: undefined, deletedOn }));
  assert.equal(found.isDeleted, true);
  assert.equal(found.text, "");
});

test("a preview is one line", () => {
  assert.equal(plainText(message({ text: " one\n\n two\t three " })), "one two three");
});
