// An endpoint written with nothing but @azure/eventgrid. Prints its URL, then every event that it
// got, one line each. The CloudEvents handshake needs no library: it is one header.

import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { EventGridDeserializer, isSystemEvent } from "@azure/eventgrid";

const deserializer = new EventGridDeserializer();

async function answer(request, response) {
  if (request.method === "OPTIONS") {
    const origin = request.headers["webhook-request-origin"];
    response.writeHead(200, { "WebHook-Allowed-Origin": origin }).end();
    return;
  }
  const body = await text(request);
  const isCloud = request.headers["content-type"].startsWith("application/cloudevents");
  const events = isCloud
    ? await deserializer.deserializeCloudEvents(body)
    : await deserializer.deserializeEventGridEvents(body);
  for (const each of events) {
    // isSystemEvent takes both kinds of event, but its types take no union of them.
    const event = /** @type {import("@azure/eventgrid").EventGridEvent<unknown>} */ (each);
    if (isSystemEvent("Microsoft.EventGrid.SubscriptionValidationEvent", event)) {
      const validationResponse = event.data.validationCode;
      response.writeHead(200, { "Content-Type": "application/json" });
      response.end(JSON.stringify({ validationResponse }));
      return;
    }
    if (isSystemEvent("Microsoft.Communication.ChatMessageReceivedInThread", event)) {
      console.log(JSON.stringify({ isCloud, body: event.data.messageBody }));
    }
  }
  response.writeHead(204).end();
}

const server = createServer((request, response) => {
  answer(request, response).catch((problem) => {
    console.error(problem);
    response.writeHead(500).end();
  });
});
server.listen(0, "127.0.0.1", () => {
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  console.log(`http://127.0.0.1:${port}/`);
});
