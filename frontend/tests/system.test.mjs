import assert from "node:assert/strict";
import { test } from "node:test";
import { describeSystem } from "../../static/chat/store/system.js";
import { BEN, CARLA, ME, message } from "./models.mjs";

const ben = { id: BEN, name: "Ben" };
const carla = { id: CARLA, name: "Carla" };
const me = { id: ME, name: "Anna" };

/** @type {[sentence: string, message: Partial<Chat.Message>][]} */
const SENTENCES = [
  ["You started the conversation with Ben", { type: "participantAdded", initiator: ME, people: [me, ben] }],
  ["You started the conversation", { type: "participantAdded", initiator: ME, people: [me] }],
  ["You added Ben and Carla", { type: "participantAdded", initiator: ME, people: [ben, carla] }],
  ["Ben joined", { type: "participantAdded", people: [ben] }],
  ["You left", { type: "participantRemoved", initiator: ME, people: [me] }],
  ["You removed Ben", { type: "participantRemoved", initiator: ME, people: [ben] }],
  ["You named the conversation “Lunch”", { type: "topicUpdated", initiator: ME, topic: "Lunch" }],
  ["The conversation is now named “Lunch”", { type: "topicUpdated", topic: "Lunch" }],
];

for (const [sentence, values] of SENTENCES) {
  test(`a system message says: ${sentence}`, () => {
    assert.equal(describeSystem(message(values)), sentence);
  });
}

test("a person without a known name is someone", () => {
  const people = [{ id: "8:acs:unknown", name: "" }];
  assert.equal(describeSystem(message({ type: "participantAdded", people })), "Someone joined");
});
