// How far we have read, here and in our other windows.
import { batch } from "../../vendor/preact.js";
import * as api from "../api.js";
import { status } from "../connection.js";
import { openedConversation } from "./conversation.js";
import { isMe } from "./names.js";
import { change, refreshThread, threads } from "./threads.js";

const SOON_MS = 250;
const pending = new Map();
let timer = 0;

// The window shows everything up to this message to somebody who looks at it.
export function sawUpTo(threadId, messageId) {
  const thread = threads.value.get(threadId);
  if (!thread || messageId <= thread.readId) return;
  const others = newestOfOthers(threadId, messageId);
  if (!others || others <= thread.readId) {
    if (thread.unread) change(threadId, { unread: 0 });
    return;
  }
  change(threadId, { readId: others, unread: 0 });
  pending.set(threadId, others);
  clearTimeout(timer);
  timer = setTimeout(flush, SOON_MS);
}

// A receipt for an own message would say nothing, so it names the last one of somebody else.
function newestOfOthers(threadId, upTo) {
  const messages = openedConversation(threadId)?.messages.value ?? [];
  for (let place = messages.length - 1; place >= 0; place -= 1) {
    const { id, isSent, sender } = messages[place];
    if (id <= upTo && isSent && !isMe(sender)) return id;
  }
  return 0;
}

function flush() {
  for (const [threadId, messageId] of pending) {
    pending.delete(threadId);
    api.sendReadReceipt(threadId, messageId).catch((problem) => {
      if (problem.isTransient && !pending.has(threadId)) pending.set(threadId, messageId);
    });
  }
}

// What could not be sent before.
status.subscribe((value) => {
  if (value === "live") flush();
});

// A receipt that the server tells of: somebody else's, or one of ours from another window.
export function receiptCame(threadId, userId, messageId) {
  batch(() => {
    openedConversation(threadId)?.noteRead(userId, messageId);
    const thread = threads.value.get(threadId);
    if (!isMe(userId) || !thread || messageId <= thread.readId) return;
    const isAll = !thread.last || thread.last.id <= messageId || isMe(thread.last.sender);
    change(threadId, { readId: messageId, unread: isAll ? 0 : thread.unread });
    if (!isAll) refreshThread(threadId);
  });
}
