// AzureCommunicationTokenCredential with a token refresher.

import assert from "node:assert/strict";
import { test } from "node:test";
import { ChatClient } from "@azure/communication-chat";
import { AzureCommunicationTokenCredential } from "@azure/communication-common";
import { endpoint, identity, userId } from "./people.mjs";

/** The token with another expiry; the credential reads it, no server would accept it. */
function expiringIn(token, seconds) {
  const [header, payload, signature] = token.split(".");
  const claims = JSON.parse(Buffer.from(payload, "base64").toString());
  claims.exp = Math.floor(Date.now() / 1000) + seconds;
  return [header, Buffer.from(JSON.stringify(claims)).toString("base64url"), signature].join(".");
}

test("the proactive refresher fetches a new token before the old one expires", async () => {
  const { user, token } = await identity.createUserAndToken(["chat"]);
  let refreshed;
  const called = new Promise((resolve) => (refreshed = resolve));
  const credential = new AzureCommunicationTokenCredential({
    token: expiringIn(token, 4),
    refreshProactively: true,
    tokenRefresher: async () => {
      const fresh = await identity.getToken(user, ["chat"]);
      refreshed(Date.now());
      return fresh.token;
    },
  });
  try {
    const started = Date.now();
    const waited = (await called) - started;
    assert.ok(waited < 4000, `the refresher was called after ${waited} ms`);
    const chat = new ChatClient(endpoint, credential);
    const { chatThread } = await chat.createChatThread({ topic: "Lunch" });
    assert.equal(userId(chatThread.createdBy), user.communicationUserId);
  } finally {
    credential.dispose();
  }
});

test("a credential without a token asks its refresher at the first call", async () => {
  const user = await identity.createUser();
  let calls = 0;
  const credential = new AzureCommunicationTokenCredential({
    tokenRefresher: async () => {
      calls += 1;
      return (await identity.getToken(user, ["chat"], { tokenExpiresInMinutes: 60 })).token;
    },
  });
  const chat = new ChatClient(endpoint, credential);
  await chat.createChatThread({ topic: "Lunch" });
  await chat.createChatThread({ topic: "Dinner" });
  assert.equal(calls, 1);
});
