// Participants, read receipts and typing of a ChatThreadClient.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  createThread,
  every,
  invite,
  invitePeople,
  nextSecond,
  pageSizes,
  refusal,
  stranger,
  texts,
  theSameThread,
} from "./people.mjs";

test("addParticipants lets people in and leaves a message", async () => {
  const { alice, bob } = await invitePeople();
  const thread = await createThread(alice);
  const result = await thread.addParticipants({
    participants: [{ id: bob.user, displayName: "Bob", metadata: { role: "guest" } }],
  });
  assert.equal(result.invalidParticipants, undefined);
  const [newest] = await every(theSameThread(bob, thread).listMessages());
  assert.equal(newest.type, "participantAdded");
  assert.equal(newest.content.initiator.communicationUserId, alice.id);
  assert.deepEqual(
    newest.content.participants.map((p) => [p.id.communicationUserId, p.displayName]),
    [[bob.id, "Bob"]],
  );
  const [, listed] = await every(thread.listParticipants());
  assert.deepEqual(listed.metadata, { role: "guest" });
});

test("addParticipants reports foreign users", async () => {
  const { alice, bob } = await invitePeople();
  const thread = await createThread(alice);
  const foreign = stranger();
  const { invalidParticipants } = await thread.addParticipants({
    participants: [{ id: foreign }, { id: bob.user }],
  });
  assert.equal(invalidParticipants.length, 1);
  assert.equal(invalidParticipants[0].target, foreign.communicationUserId);
  assert.equal(invalidParticipants[0].code, "403");
  assert.equal((await every(thread.listParticipants())).length, 2);
});

test("shareHistoryTime hides what was said before", async () => {
  const { alice, bob } = await invitePeople();
  const thread = await createThread(alice);
  const before = await thread.sendMessage({ content: "Before" });
  await nextSecond();
  await thread.addParticipants({ participants: [{ id: bob.user, shareHistoryTime: new Date() }] });
  await thread.sendMessage({ content: "After" });
  const his = theSameThread(bob, thread);
  assert.deepEqual(texts(await every(his.listMessages())), ["After"]);
  await assert.rejects(his.getMessage(before.id), refusal(404, "NotFound"));
});

test("listParticipants skips and pages", async () => {
  const { alice, bob, eve } = await invitePeople();
  const thread = await createThread(alice, { id: bob.user }, { id: eve.user });
  const everyone = (await every(thread.listParticipants())).map((p) => p.id.communicationUserId);
  assert.deepEqual([...everyone].sort(), [alice.id, bob.id, eve.id].sort());
  const skipped = await every(thread.listParticipants({ skip: 1, maxPageSize: 1 }));
  assert.deepEqual(
    skipped.map((p) => p.id.communicationUserId),
    everyone.slice(1),
  );
  assert.deepEqual(await pageSizes(thread.listParticipants({ maxPageSize: 2 })), [2, 1]);
});

test("removeParticipant shuts the door and leaves a message", async () => {
  const { alice, bob } = await invitePeople();
  const thread = await createThread(alice, { id: bob.user, displayName: "Bob" });
  await thread.removeParticipant(bob.user);
  await assert.rejects(
    theSameThread(bob, thread).sendMessage({ content: "Still here?" }),
    refusal(403, "Forbidden"),
  );
  const [newest] = await every(thread.listMessages());
  assert.equal(newest.type, "participantRemoved");
  assert.equal(newest.content.participants[0].id.communicationUserId, bob.id);
});

test("a participant may leave", async () => {
  const { alice, bob } = await invitePeople();
  const thread = await createThread(alice, { id: bob.user });
  await theSameThread(bob, thread).removeParticipant(bob.user);
  assert.equal((await every(thread.listParticipants())).length, 1);
});

test("read receipts are listed latest per reader", async () => {
  const { alice, bob } = await invitePeople();
  const thread = await createThread(alice, { id: bob.user });
  const first = await thread.sendMessage({ content: "One" });
  const second = await thread.sendMessage({ content: "Two" });
  assert.deepEqual(await every(thread.listReadReceipts()), []);
  await thread.sendReadReceipt({ chatMessageId: first.id });
  await theSameThread(bob, thread).sendReadReceipt({ chatMessageId: first.id });
  await theSameThread(bob, thread).sendReadReceipt({ chatMessageId: second.id });
  const receipts = await every(thread.listReadReceipts());
  const latest = Object.fromEntries(receipts.map((r) => [r.sender.communicationUserId, r.chatMessageId]));
  assert.equal(receipts.length, 2);
  assert.deepEqual(latest, { [alice.id]: first.id, [bob.id]: second.id });
  assert.ok(receipts.every((r) => r.readOn instanceof Date));
  await theSameThread(bob, thread).sendReadReceipt({ chatMessageId: first.id });
  assert.ok((await every(thread.listReadReceipts())).some((r) => r.chatMessageId === second.id));
  assert.deepEqual(await pageSizes(thread.listReadReceipts({ maxPageSize: 1 })), [1, 1]);
  assert.equal((await every(thread.listReadReceipts({ skip: 1 }))).length, 1);
});

test("sendTypingNotification goes out with and without a name", async () => {
  const { alice, bob } = await invitePeople();
  const thread = await createThread(alice, { id: bob.user });
  assert.equal(await thread.sendTypingNotification(), true);
  const options = { senderDisplayName: "Bob 🐻" };
  assert.equal(await theSameThread(bob, thread).sendTypingNotification(options), true);
  assert.equal((await every(thread.listMessages())).length, 2);
});

test("a malformed user id is a bad request", async () => {
  const thread = await createThread(await invite());
  const nobody = { communicationUserId: "8:acs:nonsense" };
  await assert.rejects(
    thread.addParticipants({ participants: [{ id: nobody }] }),
    refusal(400, "BadRequest"),
  );
  await assert.rejects(thread.removeParticipant(nobody), refusal(400, "BadRequest"));
});
