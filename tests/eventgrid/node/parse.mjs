// Reads captured deliveries from standard input and prints what @azure/eventgrid makes of them.
// `node parse.mjs eventgrid|cloudevents`; the input is a JSON array of bodies.

import { text } from "node:stream/consumers";
import { EventGridDeserializer, isSystemEvent } from "@azure/eventgrid";

const deserializer = new EventGridDeserializer();
const deserialize = {
  eventgrid: (body) => deserializer.deserializeEventGridEvents(body),
  cloudevents: (body) => deserializer.deserializeCloudEvents(body),
}[process.argv[2]];

const found = [];
for (const body of JSON.parse(await text(process.stdin))) {
  for (const event of await deserialize(body)) {
    const type = event.eventType ?? event.type;
    const time = event.eventTime ?? event.time;
    found.push({
      type,
      isSystemEvent: isSystemEvent(type, event),
      timeIsDate: time instanceof Date && !Number.isNaN(time.valueOf()),
      threadId: event.data.threadId,
      hasTransaction: typeof event.data.transactionId === "string",
      versionIsNumber: typeof event.data.version === "number",
      recipient: event.data.recipientCommunicationIdentifier?.rawId ?? null,
    });
  }
}
console.log(JSON.stringify(found));
