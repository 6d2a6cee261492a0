// Messages of a ChatThreadClient.

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
  texts,
  theSameThread,
} from "./people.mjs";

const CONTENTS = [
  "Hello!",
  "Grüße, 你好, שלום, e\u0301",
  "👋🏽 👩‍👩‍👧‍👦 🏴󠁧󠁢󠁷󠁬󠁳󠁿 𝔘𝔫𝔦𝔠𝔬𝔡𝔢 \u{10fffd}",
  '<b>not html</b> & "quotes" \\ \n\ttabs ',
];

test("sendMessage keeps text as it is", async () => {
  const { alice, bob } = await invitePeople();
  const thread = await createThread(alice, { id: bob.user });
  for (const [index, content] of CONTENTS.entries()) {
    const { id } = await thread.sendMessage({ content }, { senderDisplayName: "Alice 🦊" });
    const message = await theSameThread(bob, thread).getMessage(id);
    assert.equal(message.content.message, content);
    assert.equal(message.type, "text");
    assert.equal(message.sender.communicationUserId, alice.id);
    assert.equal(message.senderDisplayName, "Alice 🦊");
    assert.equal(message.sequenceId, String(index + 3));
    assert.equal(message.version, id);
    assert.equal(message.createdOn.getTime(), Math.floor(Number(id) / 1000) * 1000);
    assert.deepEqual(message.content.attachments, []);
    assert.equal(message.editedOn, undefined);
    assert.equal(message.deletedOn, undefined);
  }
});

test("sendMessage takes html and drops scripts", async () => {
  const thread = await createThread(await invite());
  const { id } = await thread.sendMessage(
    { content: "<div>test</div><script>steal()</script>" },
    { type: "html" },
  );
  const message = await thread.getMessage(id);
  assert.equal(message.type, "html");
  assert.equal(message.content.message, "<div>test</div>");
});

test("sendMessage refuses types that only the service writes", async () => {
  const thread = await createThread(await invite());
  await assert.rejects(
    thread.sendMessage({ content: "Lunch" }, { type: "topicUpdated" }),
    refusal(400, "BadRequest"),
  );
  assert.equal((await every(thread.listMessages())).length, 2);
});

test("message metadata is sent, changed and removed", async () => {
  const thread = await createThread(await invite());
  const metadata = { tags: "🏷️", gone: "soon" };
  const { id } = await thread.sendMessage({ content: "Hi" }, { metadata });
  assert.deepEqual((await thread.getMessage(id)).metadata, metadata);
  await thread.updateMessage(id, { metadata: { tags: "new", gone: "" } });
  const message = await thread.getMessage(id);
  assert.deepEqual(message.metadata, { tags: "new" });
  assert.equal(message.content.message, "Hi");
});

test("priority travels in message metadata", async () => {
  const { alice, bob } = await invitePeople();
  const thread = await createThread(alice, { id: bob.user });
  const content = "Fire!";
  const { id } = await thread.sendMessage({ content }, { metadata: { priority: "high" } });
  const [newest] = await every(theSameThread(bob, thread).listMessages());
  assert.equal(newest.id, id);
  assert.equal(newest.metadata.priority, "high");
  await assert.rejects(
    thread.sendMessage({ content }, { metadata: { priority: "urgent" } }),
    refusal(400, "BadRequest"),
  );
});

test("listMessages pages from newest to oldest", async () => {
  const thread = await createThread(await invite());
  for (const n of [0, 1, 2]) await thread.sendMessage({ content: `Message ${n}` });
  for (const [maxPageSize, sizes] of [
    [1, [1, 1, 1, 1, 1]],
    [2, [2, 2, 1]],
    [3, [3, 2]],
  ]) {
    assert.deepEqual(await pageSizes(thread.listMessages({ maxPageSize })), sizes);
    const listed = await every(thread.listMessages({ maxPageSize }));
    assert.deepEqual(texts(listed), ["Message 2", "Message 1", "Message 0"]);
    assert.deepEqual(
      listed.map((m) => m.sequenceId),
      ["5", "4", "3", "2", "1"],
    );
  }
});

test("listMessages resumes a walk that new messages do not disturb", async () => {
  const thread = await createThread(await invite());
  for (const n of [0, 1, 2]) await thread.sendMessage({ content: `Message ${n}` });
  const settings = {};
  const { value: first } = await thread.listMessages({ maxPageSize: 2 }).byPage(settings).next();
  await thread.sendMessage({ content: "Too late" });
  const { continuationToken } = settings;
  const rest = [];
  for await (const page of thread.listMessages({ maxPageSize: 2 }).byPage({ continuationToken })) {
    rest.push(...page);
  }
  assert.deepEqual(texts(first), ["Message 2", "Message 1"]);
  assert.deepEqual(texts(rest), ["Message 0"]);
  assert.equal(rest.length, 3);
});

test("listMessages takes a start time", async () => {
  const thread = await createThread(await invite());
  await thread.sendMessage({ content: "Before" });
  await nextSecond();
  const { id } = await thread.sendMessage({ content: "After" });
  const startTime = (await thread.getMessage(id)).createdOn;
  const listed = await every(thread.listMessages({ startTime, maxPageSize: 1 }));
  assert.deepEqual(texts(listed), ["After"]);
});

test("updateMessage changes content and version", async () => {
  const { alice, bob } = await invitePeople();
  const thread = await createThread(alice, { id: bob.user });
  const { id } = await thread.sendMessage({ content: "Helo" }, { metadata: { kept: "yes" } });
  await thread.updateMessage(id, { content: "Hello 👋" });
  const message = await theSameThread(bob, thread).getMessage(id);
  assert.equal(message.content.message, "Hello 👋");
  assert.deepEqual(message.metadata, { kept: "yes" });
  assert.ok(Number(message.version) > Number(id));
  assert.equal(message.editedOn.getTime(), Math.floor(Number(message.version) / 1000) * 1000);
  assert.equal(message.createdOn.getTime(), Math.floor(Number(id) / 1000) * 1000);
});

test("deleteMessage empties the message", async () => {
  const { alice, bob } = await invitePeople();
  const thread = await createThread(alice, { id: bob.user });
  const { id } = await thread.sendMessage({ content: "Oops" });
  await thread.deleteMessage(id);
  const message = await theSameThread(bob, thread).getMessage(id);
  assert.equal(message.content.message, "");
  assert.ok(message.deletedOn instanceof Date);
  assert.equal(message.sender.communicationUserId, alice.id);
});
