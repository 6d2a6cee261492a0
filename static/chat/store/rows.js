// The rows of the timeline, made from messages: days, divider, messages, and who has read them.
import { dayOf } from "../format.js";
import { isMe } from "./names.js";

// Messages of one sender within this time stand under one name.
const GROUP_MS = 5 * 60_000;

/**
 * @param {object} shown
 * @param {Chat.Message[]} shown.messages from old to new
 * @param {Chat.OutboxItem[]} shown.pending
 * @param {number | null} shown.dividerAfter the id of the message above the divider "New messages"
 * @param {ReadonlyMap<string, number>} shown.receipts
 * @param {boolean} shown.isComplete whether there are no older messages
 * @returns {Chat.Row[]}
 */
export function rowsOf({ messages, pending, dividerAfter, receipts, isComplete }) {
  /** @type {Chat.Row[]} */
  const rows = isComplete ? [{ kind: "beginning", key: "beginning" }] : [];
  const readers = readersByMessage(messages, receipts);
  const lastOwnId = messages.findLast((each) => each.isSent && isMe(each.sender) && !each.isDeleted)?.id;
  // While there are older messages, the oldest known one is not shown: whether a message begins a
  // day or a group depends on the message before it.
  const context = isComplete ? null : (messages[0] ?? null);
  const shown = isComplete ? messages : messages.slice(1);
  let day = context ? dayOf(context.id) : null;
  let before = context?.isSent ? context : null;
  let hasDivider = dividerAfter === null;
  for (const message of shown) {
    if (dayOf(message.id) !== day) {
      day = dayOf(message.id);
      rows.push({ kind: "day", key: `day${day}`, ms: message.id });
      before = null;
    }
    if (!hasDivider && message.id > (dividerAfter ?? 0) && message.isSent && !isMe(message.sender)) {
      hasDivider = true;
      rows.push({ kind: "divider", key: "divider" });
      before = null;
    }
    const isLastOwn = message.id === lastOwnId && !pending.length;
    rows.push(rowOf(message, before, isLastOwn, readers.get(message.id)));
    before = message.isSent ? message : null;
  }
  return [...rows, ...pendingRows(pending, messages, before)];
}

/**
 * @param {Chat.Message} message
 * @param {Chat.Message | null} before
 * @param {boolean} isLastOwn
 * @param {string[] | undefined} readers
 * @returns {Chat.Row}
 */
function rowOf(message, before, isLastOwn, readers) {
  if (!message.isSent) return { kind: "system", key: message.id, message };
  const isFirst = !isSameGroup(before, message);
  return { kind: "message", key: message.id, message, isFirst, isLastOwn, readers };
}

/**
 * @param {Chat.Message | null} before
 * @param {Chat.Message} message
 */
function isSameGroup(before, message) {
  return (
    before !== null &&
    before.sender === message.sender &&
    before.name === message.name &&
    message.id - before.id < GROUP_MS
  );
}

/**
 * Readers by the last shown message that each of them has read.
 * @param {Chat.Message[]} messages
 * @param {ReadonlyMap<string, number>} receipts
 */
function readersByMessage(messages, receipts) {
  /** @type {Map<number, string[]>} */
  const readers = new Map();
  const sent = messages.filter((message) => message.isSent);
  for (const [reader, readId] of receipts) {
    if (isMe(reader)) continue;
    // The sender of a message has read everything above it, and is not shown as its reader.
    const message = sent.findLast(({ id, sender }) => id <= readId || sender === reader);
    if (!message || message.sender === reader) continue;
    readers.set(message.id, [...(readers.get(message.id) ?? []), reader]);
  }
  return readers;
}

/**
 * @param {Chat.OutboxItem[]} pending
 * @param {Chat.Message[]} messages
 * @param {Chat.Message | null} before
 */
function pendingRows(pending, messages, before) {
  /** @type {Set<number>} */
  const claimed = new Set();
  /** @type {Chat.PendingRow[]} */
  const rows = [];
  for (const item of pending) {
    const arrived = findArrived(item, messages, claimed);
    if (arrived) {
      claimed.add(arrived.id);
      continue;
    }
    const isFirst = rows.length === 0 && !(before && isMe(before.sender));
    rows.push({ kind: "pending", key: item.key, item, isFirst });
  }
  return rows;
}

/**
 * The message of an item whose event arrived before the response to sending it.
 * @param {Chat.OutboxItem} item
 * @param {Chat.Message[]} messages
 * @param {Set<number>} claimed ids of messages that belong to other items
 */
function findArrived(item, messages, claimed) {
  if (!item.wasTried || item.state === "failed") return undefined;
  return messages.findLast(
    ({ id, sender, text }) => id > item.after && isMe(sender) && text === item.text && !claimed.has(id),
  );
}
