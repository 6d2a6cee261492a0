// From messages to what stands below each other on the page: days, lines, messages, readers.
import { dayOf } from "../format.js";
import { isMe } from "./names.js";

// Messages of one sender this close together stand under one name.
const TOGETHER_MS = 5 * 60_000;

// `pending` are items of the outbox; `lineAfter` is the message before the line "new messages".
export function rowsOf({ messages, pending, lineAfter, receipts, isWhole }) {
  const rows = isWhole ? [{ kind: "beginning", key: "beginning" }] : [];
  const readers = readersByMessage(messages, receipts);
  const lastOwn = messages.findLast((one) => one.isSent && isMe(one.sender) && !one.isDeleted)?.id;
  // The oldest one known is not shown while there are older ones: only what came before a message
  // tells whether it begins a day or stands under a name of its own.
  const [context, ...rest] = isWhole ? [null, ...messages] : messages;
  let day = context && dayOf(context.id);
  let before = context?.isSent ? context : null;
  let hasLine = lineAfter === null;
  for (const message of rest) {
    if (dayOf(message.id) !== day) {
      day = dayOf(message.id);
      rows.push({ kind: "day", key: `day${day}`, ms: message.id });
      before = null;
    }
    if (!hasLine && message.id > lineAfter && message.isSent && !isMe(message.sender)) {
      hasLine = true;
      rows.push({ kind: "line", key: "line" });
      before = null;
    }
    const kind = message.isSent ? "message" : "system";
    const isFirst = !follows(before, message);
    const isLastOwn = message.id === lastOwn && !pending.length;
    rows.push({ kind, key: message.id, message, isFirst, isLastOwn, readers: readers.get(message.id) });
    before = message.isSent ? message : null;
  }
  return [...rows, ...pendingRows(pending, messages, before)];
}

function follows(before, message) {
  return (
    before !== null &&
    message.isSent &&
    before.sender === message.sender &&
    before.name === message.name &&
    message.id - before.id < TOGETHER_MS
  );
}

// Readers by the last message that each has read and that is shown.
function readersByMessage(messages, receipts) {
  const found = new Map();
  const shown = messages.filter((message) => message.isSent);
  for (const [reader, readId] of receipts) {
    if (isMe(reader)) continue;
    // Who has written something has read what stands above it, and needs no mark there.
    const message = shown.findLast((one) => one.id <= readId || one.sender === reader);
    if (!message || message.sender === reader) continue;
    found.set(message.id, [...(found.get(message.id) ?? []), reader]);
  }
  return found;
}

// An event may bring a message before the answer to its sending does; then it is there already.
function pendingRows(pending, messages, before) {
  const claimed = new Set();
  const rows = [];
  for (const item of pending) {
    const arrived =
      item.wasTried &&
      item.state !== "failed" &&
      messages.findLast(
        (one) => one.id > item.after && isMe(one.sender) && one.text === item.text && !claimed.has(one.id),
      );
    if (arrived) {
      claimed.add(arrived.id);
      continue;
    }
    const isFirst = rows.length === 0 && !(before && isMe(before.sender));
    rows.push({ kind: "pending", key: item.key, item, isFirst });
  }
  return rows;
}
