// ChatClient and the thread's own properties.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
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
  theSameThread,
  userId,
} from "./people.mjs";

/**
 * @param {number} deleteThreadAfterDays
 * @returns {import("@azure/communication-chat").ThreadCreationDateRetentionPolicy}
 */
const retention = (deleteThreadAfterDays) => ({ kind: "threadCreationDate", deleteThreadAfterDays });

test("createChatThread takes metadata, a retention policy and participants", async () => {
  const { alice, bob } = await invitePeople();
  const metadata = { colour: "blue", flag: "🏳️‍🌈" };
  const retentionPolicy = retention(60);
  const { chatThread, invalidParticipants } = await alice.chat.createChatThread(
    { topic: "Lunch" },
    {
      metadata,
      retentionPolicy,
      participants: [
        {
          id: bob.user,
          displayName: "Bob 🐻",
          shareHistoryTime: new Date("2024-05-06T07:08:09.123Z"),
          metadata: { role: "cook" },
        },
      ],
    },
  );
  assert.equal(invalidParticipants, undefined);
  assert.equal(chatThread.topic, "Lunch");
  assert.match(chatThread.id, /^19:.+@thread\.v2$/);
  assert.ok(Math.abs(chatThread.createdOn.getTime() - Date.now()) < 60_000);
  assert.equal(userId(chatThread.createdBy), alice.id);
  assert.deepEqual(chatThread.metadata, metadata);
  assert.deepEqual(chatThread.retentionPolicy, retentionPolicy);

  const properties = await bob.chat.getChatThreadClient(chatThread.id).getProperties();
  assert.deepEqual(properties, chatThread);

  const thread = alice.chat.getChatThreadClient(chatThread.id);
  const [first, second] = await every(thread.listParticipants());
  assert.equal(first.id.communicationUserId, alice.id);
  assert.equal(first.shareHistoryTime.getTime(), 0);
  assert.equal(second.id.communicationUserId, bob.id);
  assert.equal(second.displayName, "Bob 🐻");
  assert.equal(second.shareHistoryTime.toISOString(), "2024-05-06T07:08:09.000Z");
  assert.deepEqual(second.metadata, { role: "cook" });
});

test("a thread without metadata and retention policy has none", async () => {
  const properties = await (await createThread(await invite())).getProperties();
  assert.equal(properties.metadata, undefined);
  assert.equal(properties.retentionPolicy, undefined);
});

test("a thread starts with two system messages", async () => {
  const { alice, bob } = await invitePeople();
  const thread = await createThread(alice, { id: bob.user, displayName: "Bob" });
  const [topicUpdated, participantAdded] = await every(thread.listMessages());
  assert.equal(topicUpdated.type, "topicUpdated");
  assert.equal(topicUpdated.content.topic, "Lunch");
  assert.equal(topicUpdated.content.initiator.communicationUserId, alice.id);
  assert.equal(participantAdded.type, "participantAdded");
  assert.deepEqual(
    participantAdded.content.participants.map((p) => p.id.communicationUserId),
    [alice.id, bob.id],
  );
  assert.equal(participantAdded.sender, undefined);
});

test("createChatThread with the same idempotency token is one thread", async () => {
  const alice = await invite();
  const options = { idempotencyToken: randomUUID() };
  const first = await alice.chat.createChatThread({ topic: "Lunch" }, options);
  const again = await alice.chat.createChatThread({ topic: "Lunch" }, options);
  const other = await alice.chat.createChatThread({ topic: "Lunch" });
  assert.deepEqual(again.chatThread, first.chatThread);
  assert.notEqual(other.chatThread.id, first.chatThread.id);
  assert.equal((await every(alice.chat.listChatThreads())).length, 2);
});

test("createChatThread reports participants that it could not add", async () => {
  const { alice, bob } = await invitePeople();
  const foreign = stranger();
  const people = [{ id: foreign }, { id: { microsoftTeamsUserId: randomUUID() } }, { id: bob.user }];
  const { chatThread, invalidParticipants } = await alice.chat.createChatThread(
    { topic: "Lunch" },
    { participants: people },
  );
  assert.equal(invalidParticipants.length, 2);
  const item = invalidParticipants.find((e) => e.target === foreign.communicationUserId);
  assert.equal(item.code, "403");
  assert.ok(item.message);
  const members = await every(alice.chat.getChatThreadClient(chatThread.id).listParticipants());
  assert.deepEqual(
    members.map((p) => p.id.communicationUserId),
    [alice.id, bob.id],
  );
});

test("createChatThread refuses a phone number", async () => {
  const alice = await invite();
  const participants = [{ id: { phoneNumber: "+14255550123" } }];
  await assert.rejects(
    alice.chat.createChatThread({ topic: "Lunch" }, { participants }),
    refusal(400, "BadRequest"),
  );
  assert.deepEqual(await every(alice.chat.listChatThreads()), []);
});

test("updateTopic changes the topic and leaves a message", async () => {
  const { alice, bob } = await invitePeople();
  const thread = await createThread(alice, { id: bob.user });
  await theSameThread(bob, thread).updateTopic("Dîner 🍝");
  assert.equal((await thread.getProperties()).topic, "Dîner 🍝");
  const [newest] = await every(thread.listMessages());
  assert.equal(newest.type, "topicUpdated");
  assert.equal(newest.content.topic, "Dîner 🍝");
  assert.equal(newest.content.initiator.communicationUserId, bob.id);
});

test("updateProperties merges metadata and replaces the retention policy", async () => {
  const alice = await invite();
  const { chatThread } = await alice.chat.createChatThread(
    { topic: "Lunch" },
    { metadata: { kept: "1", changed: "1", removed: "1" } },
  );
  const thread = alice.chat.getChatThreadClient(chatThread.id);
  const retentionPolicy = retention(30);
  await thread.updateProperties({
    topic: "Dinner",
    metadata: { changed: "2", removed: "" },
    retentionPolicy,
  });
  const updated = await thread.getProperties();
  assert.equal(updated.topic, "Dinner");
  assert.deepEqual(updated.metadata, { kept: "1", changed: "2" });
  assert.deepEqual(updated.retentionPolicy, retentionPolicy);

  const before = (await every(thread.listMessages())).length;
  await thread.updateProperties({ metadata: { added: "3" } });
  await thread.updateProperties({ retentionPolicy: { kind: "none" } });
  const again = await thread.getProperties();
  assert.equal(again.topic, "Dinner");
  assert.deepEqual(again.metadata, { kept: "1", changed: "2", added: "3" });
  assert.deepEqual(again.retentionPolicy, { kind: "none" });
  assert.equal((await every(thread.listMessages())).length, before);
});

test("a retention policy outside 30 to 90 days is refused", async () => {
  const alice = await invite();
  for (const deleteThreadAfterDays of [29, 91]) {
    const retentionPolicy = retention(deleteThreadAfterDays);
    await assert.rejects(
      alice.chat.createChatThread({ topic: "Lunch" }, { retentionPolicy }),
      refusal(400, "BadRequest"),
    );
  }
  assert.deepEqual(await every(alice.chat.listChatThreads()), []);
});

test("listChatThreads pages from newest to oldest", async () => {
  const alice = await invite();
  const created = [];
  for (let n = 0; n < 5; n += 1) created.push((await createThread(alice)).threadId);
  const listed = await every(alice.chat.listChatThreads({ maxPageSize: 2 }));
  assert.deepEqual(
    listed.map((item) => item.id),
    created.reverse(),
  );
  assert.ok(listed.every((item) => item.topic === "Lunch" && item.deletedOn === undefined));
  assert.deepEqual(await pageSizes(alice.chat.listChatThreads({ maxPageSize: 2 })), [2, 2, 1]);
});

test("listChatThreads takes a start time", async () => {
  const alice = await invite();
  await createThread(alice);
  await nextSecond();
  const recent = await createThread(alice);
  const startTime = (await recent.getProperties()).createdOn;
  const listed = await every(alice.chat.listChatThreads({ startTime }));
  assert.deepEqual(
    listed.map((item) => item.id),
    [recent.threadId],
  );
});

test("deleteChatThread leaves a deleted item in the list", async () => {
  const { alice, bob } = await invitePeople();
  const thread = await createThread(alice, { id: bob.user });
  await alice.chat.deleteChatThread(thread.threadId);
  const [item] = await every(alice.chat.listChatThreads());
  assert.equal(item.id, thread.threadId);
  assert.ok(item.deletedOn instanceof Date);
  await assert.rejects(thread.getProperties(), refusal(404, "NotFound"));
  await assert.rejects(theSameThread(bob, thread).getProperties(), refusal(404, "NotFound"));
});
