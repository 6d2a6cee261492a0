// @azure/communication-identity: every operation.

import assert from "node:assert/strict";
import { test } from "node:test";
import { ChatClient } from "@azure/communication-chat";
import { AzureCommunicationTokenCredential } from "@azure/communication-common";
import { CommunicationIdentityClient } from "@azure/communication-identity";
import { jwtDecode } from "jwt-decode";
import { connectionString, endpoint, identity, invite, refusal, userId } from "./people.mjs";

const USER_ID = /^8:acs:[0-9a-f-]{36}_[0-9a-f-]{36}$/;

test("createUser returns a new user each time", async () => {
  const first = await identity.createUser();
  const second = await identity.createUser();
  assert.match(first.communicationUserId, USER_ID);
  assert.match(second.communicationUserId, USER_ID);
  assert.notEqual(first.communicationUserId, second.communicationUserId);
});

test("createUserAndToken returns a token that opens the chat", async () => {
  const { user, token, expiresOn } = await identity.createUserAndToken(["chat", "voip"]);
  assert.match(user.communicationUserId, USER_ID);
  assert.ok(expiresOn instanceof Date);
  const minutes = (expiresOn.getTime() - Date.now()) / 60_000;
  assert.ok(minutes > 1438 && minutes <= 1440, `expires in ${minutes} minutes`);
  const chat = new ChatClient(endpoint, new AzureCommunicationTokenCredential(token));
  const { chatThread } = await chat.createChatThread({ topic: "Lunch" });
  assert.equal(userId(chatThread.createdBy), user.communicationUserId);
});

test("getToken takes 60 to 1440 minutes and nothing else", async () => {
  const user = await identity.createUser();
  for (const minutes of [60, 1440]) {
    const { token } = await identity.getToken(user, ["chat"], { tokenExpiresInMinutes: minutes });
    const claims = jwtDecode(token);
    assert.equal(claims.exp - claims.iat, minutes * 60);
  }
  for (const minutes of [59, 1441]) {
    const options = { tokenExpiresInMinutes: minutes };
    const expected = { name: "RestError", statusCode: 400 };
    await assert.rejects(identity.getToken(user, ["chat"], options), expected);
    await assert.rejects(identity.createUserAndToken(["chat"], options), expected);
  }
});

test("an error has a code and a message", async () => {
  const user = await identity.createUser();
  await assert.rejects(identity.getToken(user, ["chat"], { tokenExpiresInMinutes: 59 }), (error) => {
    assert.ok(error instanceof Error && "code" in error && typeof error.code === "string");
    assert.ok(error.code.length > 0);
    assert.ok(error.message.length > 0);
    return true;
  });
});

/** @typedef {{ skypeid: string, resourceId: string, acsScope: string, resourceLocation: string }} ChatClaims */

test("the SDK reads the claims of a token", async () => {
  const { user, token } = await identity.createUserAndToken(["chat", "voip"]);
  /** @type {import("jwt-decode").JwtPayload & ChatClaims} */
  const claims = jwtDecode(token);
  assert.equal(`8:${claims.skypeid}`, user.communicationUserId);
  assert.equal(claims.resourceId, user.communicationUserId.slice(6, 42));
  assert.equal(claims.acsScope, "chat,voip");
  assert.equal(typeof claims.resourceLocation, "string");
  const { expiresOnTimestamp } = await new AzureCommunicationTokenCredential(token).getToken();
  assert.equal(expiresOnTimestamp, claims.exp * 1000);
});

test("revokeTokens ends the tokens of one user at once", async () => {
  const [alice, bob] = await Promise.all([invite(), invite()]);
  await identity.revokeTokens(alice.user);
  await assert.rejects(alice.chat.createChatThread({ topic: "Lunch" }), refusal(401));
  await assert.rejects(alice.chat.listChatThreads().next(), refusal(401));
  await bob.chat.createChatThread({ topic: "Lunch" });
  const { token } = await identity.getToken(alice.user, ["chat"]);
  const chat = new ChatClient(endpoint, new AzureCommunicationTokenCredential(token));
  await chat.createChatThread({ topic: "Lunch" });
});

test("deleteUser ends the user", async () => {
  const alice = await invite();
  await identity.deleteUser(alice.user);
  await assert.rejects(alice.chat.createChatThread({ topic: "Lunch" }), refusal(401));
  await assert.rejects(identity.getToken(alice.user, ["chat"]), refusal(404));
});

test("getTokenForTeamsUser is refused without a Microsoft tenant", async () => {
  const options = { teamsUserAadToken: "a.b.c", clientId: "client", userObjectId: "user" };
  await assert.rejects(identity.getTokenForTeamsUser(options), refusal(401));
});

test("the connection string works with and without a slash", async () => {
  const [, host, key] = /^endpoint=(.*?)\/?;accesskey=(.*)$/i.exec(connectionString);
  for (const end of ["", "/"]) {
    const client = new CommunicationIdentityClient(`endpoint=${host}${end};accesskey=${key}`);
    assert.match((await client.createUser()).communicationUserId, USER_ID);
    const withKey = new CommunicationIdentityClient(host + end, { key });
    assert.match((await withKey.createUser()).communicationUserId, USER_ID);
  }
});

test("a wrong access key is refused", async () => {
  const wrong = new CommunicationIdentityClient(endpoint, { key: btoa("not the access key") });
  await assert.rejects(wrong.createUser(), refusal(401));
});
