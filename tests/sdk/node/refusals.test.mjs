// Every operation on a thread is refused unless the caller is a participant.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createThread, every, invite, invitePeople, refusal, texts, theSameThread } from "./people.mjs";

const OPERATIONS = {
  getProperties: ({ thread }) => thread.getProperties(),
  updateTopic: ({ thread }) => thread.updateTopic("Taken over"),
  updateProperties: ({ thread }) => thread.updateProperties({ metadata: { taken: "over" } }),
  sendMessage: ({ thread }) => thread.sendMessage({ content: "Let me in" }),
  getMessage: ({ thread, messageId }) => thread.getMessage(messageId),
  listMessages: ({ thread }) => every(thread.listMessages()),
  updateMessage: ({ thread, messageId }) => thread.updateMessage(messageId, { content: "Forged" }),
  deleteMessage: ({ thread, messageId }) => thread.deleteMessage(messageId),
  sendReadReceipt: ({ thread, messageId }) => thread.sendReadReceipt({ chatMessageId: messageId }),
  listReadReceipts: ({ thread }) => every(thread.listReadReceipts()),
  sendTypingNotification: ({ thread }) => thread.sendTypingNotification(),
  addParticipants: ({ thread, eve }) => thread.addParticipants({ participants: [{ id: eve.user }] }),
  listParticipants: ({ thread }) => every(thread.listParticipants()),
  removeParticipant: ({ thread, alice }) => thread.removeParticipant(alice.user),
  deleteChatThread: ({ thread, eve }) => eve.chat.deleteChatThread(thread.threadId),
};

for (const [name, operation] of Object.entries(OPERATIONS)) {
  test(`an outsider is refused: ${name}`, async () => {
    const { alice, eve } = await invitePeople();
    const mine = await createThread(alice);
    const { id: messageId } = await mine.sendMessage({ content: "Secret" });
    const thread = theSameThread(eve, mine);
    await assert.rejects(operation({ thread, messageId, alice, eve }), (error) => {
      assert.ok(error instanceof Error && "statusCode" in error && "code" in error);
      assert.equal(error.statusCode, 403);
      assert.equal(error.code, "Forbidden");
      assert.ok(!error.message.includes("Secret"));
      return true;
    });
    assert.deepEqual(await every(eve.chat.listChatThreads()), []);
    assert.equal((await mine.getProperties()).topic, "Lunch");
    assert.deepEqual(texts(await every(mine.listMessages())), ["Secret"]);
    assert.equal((await every(mine.listParticipants())).length, 1);
  });
}

test("another participant may neither update nor delete a message", async () => {
  const { alice, bob } = await invitePeople();
  const thread = await createThread(alice, { id: bob.user });
  const { id } = await thread.sendMessage({ content: "Mine" });
  const his = theSameThread(bob, thread);
  await assert.rejects(his.updateMessage(id, { content: "His" }), refusal(403, "Forbidden"));
  await assert.rejects(his.deleteMessage(id), refusal(403, "Forbidden"));
  assert.equal((await thread.getMessage(id)).content.message, "Mine");
});

test("what does not exist is not found", async () => {
  const alice = await invite();
  const thread = await createThread(alice);
  const nowhere = alice.chat.getChatThreadClient(`19:acsV1_${"a".repeat(43)}1@thread.v2`);
  await assert.rejects(nowhere.getProperties(), refusal(404, "NotFound"));
  await assert.rejects(thread.getMessage("1000000000000"), refusal(404, "NotFound"));
});
