// What each event of the stream changes. Events may arrive twice; the second one changes nothing.
import { batch } from "../../vendor/preact.js";
import { rawId } from "../api.js";
import { status } from "../connection.js";
import { forgetOthers, openedConversation, shownConversation } from "./conversation.js";
import { fromApi, personFromApi } from "./messages.js";
import { isMe, rememberNames, rememberPeople } from "./names.js";
import { receiveReceipt } from "./reading.js";
import {
  changeThread,
  countUnread,
  leftThreads,
  listState,
  loadLeftThreads,
  loadThreads,
  refreshStale,
  refreshThread,
  removeThread,
  threads,
  uncountUnread,
} from "./threads.js";
import { startedTyping, stoppedTyping } from "./typing.js";

const RETRY_MS = 3000;
/** @typedef {(thread: Chat.Thread, message: Chat.Message) => void} MessageListener */
/** @type {Set<MessageListener>} */
const messageListeners = new Set();

/**
 * Calls `listener` for each new message of someone else.
 * @param {MessageListener} listener
 */
export function onNewMessage(listener) {
  messageListeners.add(listener);
}

/** @type {{ [Type in Api.Event["type"]]: (event: Api.EventOf<Type>) => void }} */
const handlers = {
  chatMessageReceived({ threadId, message: model }) {
    const message = fromApi(model);
    rememberNames([[message.sender, message.name]]);
    openedConversation(threadId)?.receive(message);
    stoppedTyping(threadId, message.sender);
    const isFirst = isMe(message.sender) || countUnread(threadId, message.id);
    const notify = () => {
      if (isFirst) notifyListeners(threadId, message);
    };
    const thread = threads.value.get(threadId);
    if (!thread) {
      refreshThread(threadId).then(notify);
      return;
    }
    addLastMessage(thread, message);
    notify();
  },

  chatMessageEdited({ threadId, message }) {
    replaceMessage(threadId, fromApi(message));
  },

  chatMessageDeleted({ threadId, message: model }) {
    const message = fromApi(model);
    replaceMessage(threadId, message);
    uncountUnread(threadId, message.id);
    const thread = threads.value.get(threadId);
    if (thread?.unread && message.id > thread.readId) refreshThread(threadId);
  },

  typingIndicatorReceived({ threadId, senderCommunicationIdentifier, senderDisplayName }) {
    const sender = rawId(senderCommunicationIdentifier);
    if (!sender || isMe(sender)) return;
    rememberNames([[sender, senderDisplayName ?? ""]]);
    startedTyping(threadId, sender);
  },

  readReceiptReceived({ threadId, readReceipt }) {
    const reader = rawId(readReceipt.senderCommunicationIdentifier);
    if (reader) receiveReceipt(threadId, reader, Number(readReceipt.chatMessageId));
  },

  chatThreadCreated({ threadId, participants }) {
    rememberPeople(participants.map(personFromApi));
    refreshThread(threadId);
  },

  chatThreadPropertiesUpdated({ threadId, thread }) {
    changeThread(threadId, { topic: thread.topic });
    loadSystemMessage(threadId);
  },

  chatThreadDeleted({ threadId, deletedOn }) {
    openedConversation(threadId)?.markDeleted();
    changeThread(threadId, { isDeleted: true, deletedOn: Date.parse(deletedOn), unread: 0 });
  },

  participantsAdded({ threadId, participants }) {
    const people = participants.map(personFromApi);
    rememberPeople(people);
    if (people.some(({ id }) => isMe(id))) openedConversation(threadId)?.rejoin();
    loadSystemMessage(threadId, { people: true });
  },

  participantsRemoved({ threadId, participants }) {
    const people = participants.map(personFromApi);
    if (people.some(({ id }) => isMe(id))) {
      openedConversation(threadId)?.markLeft(threads.value.get(threadId)?.topic ?? "");
      if (leftThreads.value) loadLeftThreads();
      removeThread(threadId);
      return;
    }
    for (const { id } of people) stoppedTyping(threadId, id);
    loadSystemMessage(threadId, { people: true });
  },
};

/**
 * @param {Chat.Thread} thread
 * @param {Chat.Message} message
 */
const isUnread = (thread, message) => !isMe(message.sender) && message.id > thread.readId;

/**
 * @param {Chat.Thread} thread
 * @param {Chat.Message} message
 */
function addLastMessage(thread, message) {
  // A response that arrived before the event has counted the message already.
  if ((thread.last?.id ?? 0) >= message.id) return;
  changeThread(thread.id, {
    last: message,
    activity: Math.max(thread.activity, message.id),
    unread: thread.unread + (isUnread(thread, message) ? 1 : 0),
  });
}

/**
 * @param {string} threadId
 * @param {Chat.Message} message a new version of a message
 */
function replaceMessage(threadId, message) {
  openedConversation(threadId)?.receive(message);
  const last = threads.value.get(threadId)?.last;
  if (last?.id === message.id && last.version < message.version) changeThread(threadId, { last: message });
}

/**
 * @param {string} threadId
 * @param {Chat.Message} message
 */
function notifyListeners(threadId, message) {
  const thread = threads.value.get(threadId);
  if (!thread || !isUnread(thread, message)) return;
  for (const listener of messageListeners) listener(thread, message);
}

/**
 * Loads the system message that the server wrote into the thread: no event contains it.
 * @param {string} threadId
 * @param {{ people?: boolean }} options whether participants have changed
 */
function loadSystemMessage(threadId, { people = false } = {}) {
  refreshThread(threadId);
  const conversation = openedConversation(threadId);
  if (!conversation || conversation.hasEnded) return;
  const load = () => Promise.all([conversation.sync(), people ? conversation.loadPeople() : null]);
  load().catch(() => setTimeout(() => load().catch(() => {}), RETRY_MS));
}

/** @param {Api.Event} event */
export function applyEvent(event) {
  // TypeScript cannot see that the handler belongs to the type of the event.
  const handle = /** @type {((event: Api.Event) => void) | undefined} */ (handlers[event.type]);
  batch(() => handle?.(event));
}

// Loads everything that is shown again: at the start, and after events were missed.
export async function resync() {
  forgetOthers();
  await Promise.all([loadThreads(), shownConversation()?.load()]);
}

// Loads what could not be loaded without a connection.
status.subscribe((value) => {
  if (value !== "live") return;
  refreshStale();
  if (listState.value === "failed") loadThreads();
  const conversation = shownConversation();
  if (conversation?.isIncomplete) conversation.loadAgain();
});
