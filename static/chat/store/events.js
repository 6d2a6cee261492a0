// What each event of the stream changes. Every one may come twice, and does no harm then.
import { batch } from "../../vendor/preact.js";
import { rawId } from "../api.js";
import { status } from "../connection.js";
import { forgetOthers, openedConversation, shownConversation } from "./conversation.js";
import { fromApi, personFromApi } from "./messages.js";
import { isMe, learn } from "./names.js";
import { receiptCame } from "./reading.js";
import {
  change,
  forget,
  hear,
  leftThreads,
  listState,
  loadLeftThreads,
  loadThreads,
  refreshStale,
  refreshThread,
  threads,
  unhear,
} from "./threads.js";
import { startedTyping, stoppedTyping } from "./typing.js";

const ASK_AGAIN_MS = 3000;
const messageListeners = new Set();

// Calls `listener(thread, message)` for each new message of somebody else.
export function onNewMessage(listener) {
  messageListeners.add(listener);
}

const handlers = {
  chatMessageReceived({ threadId, message: model }) {
    const message = fromApi(model);
    learn([[message.sender, message.name]]);
    openedConversation(threadId)?.receive(message);
    stoppedTyping(threadId, message.sender);
    const isFirst = isMe(message.sender) || hear(threadId, message.id);
    const tell = () => isFirst && tellOfNew(threadId, message);
    const thread = threads.value.get(threadId);
    if (!thread) return refreshThread(threadId).then(tell);
    // An answer that came before the event has counted the message already.
    if (!(thread.last?.id >= message.id)) {
      const isNew = isUnread(thread, message);
      change(threadId, {
        last: message,
        activity: Math.max(thread.activity, message.id),
        unread: thread.unread + (isNew ? 1 : 0),
      });
    }
    tell();
  },

  chatMessageEdited({ threadId, message: model }) {
    const message = fromApi(model);
    openedConversation(threadId)?.receive(message);
    const last = threads.value.get(threadId)?.last;
    if (last?.id === message.id && last.version < message.version) {
      change(threadId, { last: message });
    }
  },

  chatMessageDeleted(event) {
    handlers.chatMessageEdited(event);
    unhear(event.threadId, Number(event.message.id));
    const thread = threads.value.get(event.threadId);
    if (thread?.unread && Number(event.message.id) > thread.readId) refreshThread(thread.id);
  },

  typingIndicatorReceived({ threadId, senderCommunicationIdentifier, senderDisplayName }) {
    const sender = rawId(senderCommunicationIdentifier);
    if (isMe(sender)) return;
    learn([[sender, senderDisplayName]]);
    startedTyping(threadId, sender);
  },

  readReceiptReceived({ threadId, readReceipt }) {
    const reader = rawId(readReceipt.senderCommunicationIdentifier);
    receiptCame(threadId, reader, Number(readReceipt.chatMessageId));
  },

  chatThreadCreated({ threadId, participants }) {
    learn(participants.map(personFromApi).map(({ id, name }) => [id, name]));
    refreshThread(threadId);
  },

  chatThreadPropertiesUpdated({ threadId, thread }) {
    change(threadId, { topic: thread.topic });
    systemLineCame(threadId);
  },

  chatThreadDeleted({ threadId, deletedOn }) {
    const conversation = openedConversation(threadId);
    if (conversation) conversation.state.value = "deleted";
    change(threadId, { isDeleted: true, deletedOn: Date.parse(deletedOn), unread: 0 });
  },

  participantsAdded({ threadId, participants }) {
    const people = participants.map(personFromApi);
    learn(people.map(({ id, name }) => [id, name]));
    const conversation = openedConversation(threadId);
    if (conversation && people.some(({ id }) => isMe(id))) {
      // Back again, perhaps with another view of the history.
      conversation.syncedVersion = 0;
      conversation.state.value = "loading";
      conversation.load();
    }
    systemLineCame(threadId, { people: true });
  },

  participantsRemoved({ threadId, participants }) {
    const people = participants.map(personFromApi);
    if (people.some(({ id }) => isMe(id))) {
      const conversation = openedConversation(threadId);
      if (conversation) {
        conversation.topic = threads.value.get(threadId)?.topic ?? "";
        conversation.state.value = "gone";
      }
      if (leftThreads.value) loadLeftThreads();
      return forget(threadId);
    }
    for (const { id } of people) stoppedTyping(threadId, id);
    systemLineCame(threadId, { people: true });
  },
};

const isUnread = (thread, message) => !isMe(message.sender) && message.id > thread.readId;

function tellOfNew(threadId, message) {
  const thread = threads.value.get(threadId);
  if (!thread || !isUnread(thread, message)) return;
  for (const listener of messageListeners) listener(thread, message);
}

// The thread has written a message about itself, which is no event of its own.
function systemLineCame(threadId, { people = false } = {}) {
  refreshThread(threadId);
  const conversation = openedConversation(threadId);
  if (!conversation || ["gone", "deleted"].includes(conversation.state.value)) return;
  const ask = () => Promise.all([conversation.sync(), people ? conversation.loadPeople() : null]);
  ask().catch(() => setTimeout(() => ask().catch(() => {}), ASK_AGAIN_MS));
}

export function applyEvent(event) {
  batch(() => handlers[event.type]?.(event));
}

// Lists again whatever is shown: at the start, and when the log has forgotten where we were.
export async function resync() {
  forgetOthers();
  await Promise.all([loadThreads(), shownConversation()?.load()]);
}

// What could not be loaded while there was no connection.
status.subscribe((value) => {
  if (value !== "live") return;
  refreshStale();
  if (listState.value === "failed") loadThreads();
  const conversation = shownConversation();
  if (conversation?.isIncomplete) conversation.loadAgain();
});
