// Chat users with an access token and an official chat client.
// CHATSITE_CONNECTION_STRING names the server, NODE_EXTRA_CA_CERTS its certificate authority.

import { randomUUID } from "node:crypto";
import { ChatClient } from "@azure/communication-chat";
import {
  AzureCommunicationTokenCredential,
  isCommunicationUserIdentifier,
  parseConnectionString,
} from "@azure/communication-common";
import { CommunicationIdentityClient } from "@azure/communication-identity";

export const connectionString = process.env.CHATSITE_CONNECTION_STRING;
export const { endpoint } = parseConnectionString(connectionString);
export const identity = new CommunicationIdentityClient(connectionString);

/** Create a user with a token of scope chat, and a chat client for it. */
export async function invite() {
  const { user, token } = await identity.createUserAndToken(["chat"]);
  const chat = new ChatClient(endpoint, new AzureCommunicationTokenCredential(token));
  return { user, id: user.communicationUserId, token, chat };
}

/** Create alice, bob and eve, who never sees anything. */
export async function invitePeople() {
  const [alice, bob, eve] = await Promise.all([invite(), invite(), invite()]);
  return { alice, bob, eve };
}

/** Create a thread as `person` and return its client. */
export async function createThread(person, ...participants) {
  const { chatThread, invalidParticipants } = await person.chat.createChatThread(
    { topic: "Lunch" },
    { participants },
  );
  if (invalidParticipants) throw new Error(JSON.stringify(invalidParticipants));
  return person.chat.getChatThreadClient(chatThread.id);
}

/** The client that `person` has for the thread of another one's client. */
export function theSameThread(person, thread) {
  return person.chat.getChatThreadClient(thread.threadId);
}

/**
 * The ID of an identifier that must be a chat user's.
 *
 * @param {import("@azure/communication-common").CommunicationIdentifier} identifier
 */
export function userId(identifier) {
  if (!isCommunicationUserIdentifier(identifier)) throw new Error(JSON.stringify(identifier));
  return identifier.communicationUserId;
}

/** A well-formed user of a resource that no server knows. */
export function stranger() {
  return { communicationUserId: `8:acs:${randomUUID()}_${randomUUID()}` };
}

/** All items of a pager. */
export async function every(pager) {
  const items = [];
  for await (const item of pager) items.push(item);
  return items;
}

/** The number of items on each page; a full last page may be followed by an empty one. */
export async function pageSizes(pager) {
  const sizes = [];
  for await (const page of pager.byPage()) sizes.push(page.length);
  return sizes.filter((size) => size > 0);
}

/** The contents of the text messages, in the order given. */
export function texts(messages) {
  return messages.filter((m) => m.type === "text").map((m) => m.content.message);
}

/** What assert.rejects expects of an error of the service. */
export function refusal(statusCode, code) {
  return { name: "RestError", statusCode, ...(code && { code }) };
}

/** Wait until the next whole second has begun: times on the wire are whole seconds. */
export function nextSecond() {
  return new Promise((resolve) => setTimeout(resolve, 1010 - (Date.now() % 1000)));
}
