// A ChatMessage of the API as the page keeps it.
import { rawId } from "../api.js";

const SENT = new Set(["text", "html"]);

export function fromApi(model) {
  const { content } = model;
  return {
    id: Number(model.id),
    version: Number(model.version),
    type: model.type,
    isSent: SENT.has(model.type),
    text: content?.message ?? "",
    sender: rawId(model.senderCommunicationIdentifier),
    name: model.senderDisplayName ?? "",
    isHigh: (model.metadata?.priority ?? "").toLowerCase() === "high",
    editedOn: model.editedOn ? Date.parse(model.editedOn) : null,
    isDeleted: Boolean(model.deletedOn),
    // Of system lines only.
    topic: content?.topic ?? null,
    people: (content?.participants ?? []).map(personFromApi),
    initiator: rawId(content?.initiatorCommunicationIdentifier),
  };
}

export function personFromApi(model) {
  return { id: rawId(model.communicationIdentifier), name: model.displayName ?? "" };
}

const parser = new DOMParser();

// What a message says, on one line, for lists and notifications.
export function plainText(message) {
  const text =
    message.type === "html"
      ? // Parsing runs no script and loads nothing.
        (parser.parseFromString(message.text, "text/html").body.textContent ?? "")
      : message.text;
  return text.replace(/\s+/gu, " ").trim();
}
