// A page that records every event that the unmodified chat SDK receives.
import { ChatClient } from "@azure/communication-chat";
import { AzureCommunicationTokenCredential } from "@azure/communication-common";

const EVENTS = [
  "chatMessageReceived",
  "chatMessageEdited",
  "chatMessageDeleted",
  "typingIndicatorReceived",
  "readReceiptReceived",
  "chatThreadCreated",
  "chatThreadPropertiesUpdated",
  "chatThreadDeleted",
  "participantsAdded",
  "participantsRemoved",
];

/**
 * The overload of ChatClient.on that takes any of EVENTS.
 *
 * @typedef {(name: string, listener: (event: object) => void) => void} Subscribe
 */

window.heard = [];
window.connections = [];
window.refreshed = 0;

window.connect = async (endpoint, token, nextToken) => {
  const credential = nextToken
    ? new AzureCommunicationTokenCredential({
        token,
        tokenRefresher: async () => {
          window.refreshed += 1;
          return nextToken;
        },
      })
    : new AzureCommunicationTokenCredential(token);
  const client = new ChatClient(endpoint, credential);
  window.client = client;
  const began = performance.now();
  const connected = new Promise((resolve) => {
    client.on("realTimeNotificationConnected", () => {
      window.connections.push("connected");
      resolve(performance.now() - began);
    });
  });
  client.on("realTimeNotificationDisconnected", () => window.connections.push("disconnected"));
  await client.startRealtimeNotifications();
  const subscribe = /** @type {Subscribe} */ (client.on.bind(client));
  for (const name of EVENTS) {
    subscribe(name, (event) => window.heard.push({ name, event: JSON.parse(JSON.stringify(event)) }));
  }
  return connected;
};
