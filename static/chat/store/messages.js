// The API's messages and participants as the page keeps them.
import { rawId } from "../api.js";

const SENT_TYPES = new Set(["text", "html"]);

/**
 * @param {Api.Message} model
 * @returns {Chat.Message}
 */
export function fromApi(model) {
  const { content } = model;
  return {
    id: Number(model.id),
    version: Number(model.version),
    type: model.type,
    isSent: SENT_TYPES.has(model.type),
    text: content?.message ?? "",
    sender: rawId(model.senderCommunicationIdentifier),
    name: model.senderDisplayName ?? "",
    isHigh: (model.metadata?.priority ?? "").toLowerCase() === "high",
    editedOn: model.editedOn ? Date.parse(model.editedOn) : null,
    isDeleted: Boolean(model.deletedOn),
    topic: content?.topic ?? null,
    people: (content?.participants ?? []).map(personFromApi),
    initiator: rawId(content?.initiatorCommunicationIdentifier),
  };
}

/**
 * @param {Api.Participant} model
 * @returns {Chat.Person}
 */
export function personFromApi(model) {
  return { id: rawId(model.communicationIdentifier) ?? "", name: model.displayName ?? "" };
}

/**
 * The text of an HTML message. Parsing runs no script and loads nothing.
 * @param {string} source
 */
const textOfHtml = (source) => new DOMParser().parseFromString(source, "text/html").body.textContent ?? "";

/**
 * The text of a message on one line, for lists and notifications.
 * @param {Chat.Message} message
 */
export function plainText(message) {
  const text = message.type === "html" ? textOfHtml(message.text) : message.text;
  return text.replace(/\s+/gu, " ").trim();
}
