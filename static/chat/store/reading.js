// What this person has read, in this window and in others.
import { batch } from "../../vendor/preact.js";
import * as api from "../api.js";
import { status } from "../connection.js";
import { openedConversation } from "./conversation.js";
import { isMe } from "./names.js";
import { changeThread, refreshThread, threads } from "./threads.js";

const SEND_AFTER_MS = 250;
/**
 * Receipts to send: message id by thread id.
 * @type {Map<string, number>}
 */
const pending = new Map();
/** @type {Chat.Timer} */
let timer;

/**
 * Everything up to this message is visible in a window that has the focus.
 * @param {string} threadId
 * @param {number} messageId
 */
export function markReadUpTo(threadId, messageId) {
  const thread = threads.value.get(threadId);
  if (!thread || messageId <= thread.readId) return;
  const received = newestReceived(threadId, messageId);
  if (!received || received <= thread.readId) {
    if (thread.unread) changeThread(threadId, { unread: 0 });
    return;
  }
  changeThread(threadId, { readId: received, unread: 0 });
  pending.set(threadId, received);
  clearTimeout(timer);
  timer = setTimeout(sendPending, SEND_AFTER_MS);
}

/**
 * Receipts name messages of others: one for an own message would have no meaning.
 * @param {string} threadId
 * @param {number} upTo
 */
function newestReceived(threadId, upTo) {
  const messages = openedConversation(threadId)?.messages.value ?? [];
  const newest = messages.findLast(({ id, isSent, sender }) => id <= upTo && isSent && !isMe(sender));
  return newest?.id ?? 0;
}

function sendPending() {
  for (const [threadId, messageId] of pending) {
    pending.delete(threadId);
    api.sendReadReceipt(threadId, messageId).catch((error) => {
      if (error.isTransient && !pending.has(threadId)) pending.set(threadId, messageId);
    });
  }
}

// Sends the receipts that could not be sent before.
status.subscribe((value) => {
  if (value === "live") sendPending();
});

/**
 * A receipt from the event stream: of someone else, or of another window of this person.
 * @param {string} threadId
 * @param {string} userId
 * @param {number} messageId
 */
export function receiveReceipt(threadId, userId, messageId) {
  batch(() => {
    openedConversation(threadId)?.receiveReceipt(userId, messageId);
    const thread = threads.value.get(threadId);
    if (!isMe(userId) || !thread || messageId <= thread.readId) return;
    const isAllRead = !thread.last || thread.last.id <= messageId || isMe(thread.last.sender);
    changeThread(threadId, { readId: messageId, unread: isAllRead ? 0 : thread.unread });
    if (!isAllRead) refreshThread(threadId);
  });
}
