// The messages of a conversation.
import { html, useEffect, useRef, useSignal } from "../../vendor/preact.js";
import { dayName } from "../format.js";
import { isMe } from "../store/names.js";
import { outbox } from "../store/outbox.js";
import { sawUpTo } from "../store/reading.js";
import { rowsOf } from "../store/rows.js";
import { describeSystem } from "../store/system.js";
import { threads } from "../store/threads.js";
import { t } from "../strings.js";
import { isVisible } from "../ui.js";
import { Icon } from "./icons.js";
import { MessageRow } from "./message.js";
import { PendingRow } from "./pending.js";
import { Scroller } from "./scroller.js";

// What was the last message read when somebody came here; 0 before the first one.
function findLine(conversation, thread) {
  if (thread.readId || !thread.unread) return thread.unread ? thread.readId : Infinity;
  // Nothing was read yet, but the history from before joining does not count as new.
  const others = conversation.messages.value.filter((one) => one.isSent && !isMe(one.sender));
  return (others.at(-thread.unread) ?? others[0])?.id - 1;
}

export function Timeline({ conversation }) {
  const scroller = useRef(null);
  const isAtEnd = useSignal(true);
  const thread = threads.value.get(conversation.id);
  const messages = conversation.messages.value;
  const lineAfter = conversation.lineAfter.value;
  const pending = outbox.value.filter((one) => one.threadId === conversation.id);
  const isKnown = Boolean(thread);

  useEffect(() => {
    if (conversation.lineAfter.value !== null || !isKnown) return;
    conversation.lineAfter.value = findLine(conversation, threads.value.get(conversation.id));
  }, [conversation, lineAfter, isKnown]);

  // Where to begin: at the line if there is one, else at the end.
  useEffect(() => {
    if (lineAfter === null) return;
    if (!scroller.current.show("line")) scroller.current.toEnd();
  }, [conversation, lineAfter === null]);

  useEffect(() => {
    // For whoever measures: from the start of the navigation to the newest messages.
    performance.mark("messages");
  }, [conversation]);

  // What comes while nobody looks is new when somebody does.
  const sees = isVisible.value;
  useEffect(() => {
    if (!sees && conversation.lineAfter.value !== null) {
      conversation.lineAfter.value = conversation.newestId;
    }
  }, [sees]);

  const newest = messages.at(-1)?.id ?? 0;
  const isRead = sees && isAtEnd.value && lineAfter !== null;
  useEffect(() => {
    if (isRead && newest) sawUpTo(conversation.id, newest);
  }, [isRead, newest, thread?.readId]);

  useEffect(() => {
    if (pending.length) scroller.current.toEnd();
  }, [pending.at(-1)?.key]);

  const rows = rowsOf({
    messages,
    pending,
    lineAfter,
    receipts: conversation.receipts.value,
    isWhole: !conversation.next.value,
  });
  return html`<div class="timeline-frame">
    <${Scroller}
      handle=${scroller}
      label=${t.messages}
      busy=${conversation.isLoadingOlder.value}
      onTop=${() => conversation.loadOlder().catch(() => {})}
      onEnd=${(value) => {
        isAtEnd.value = value;
      }}
    >
      ${conversation.next.value && html`<p class="loading" data-key="loading" data-moves="">${t.loadingOlder}</p>`}
      ${rows.map((row) => html`<${Row} key=${row.key} row=${row} conversation=${conversation} />`)}
    <//>
    ${
      !isAtEnd.value &&
      html`<button
      type="button"
      class="jump"
      aria-label=${thread?.unread ? t.jumpToNew(thread.unread) : t.jumpToNewest}
      title=${t.jumpToNewest}
      onClick=${() => scroller.current.toEnd({ smoothly: true })}
    >
      ${thread?.unread > 0 && html`<span>${t.jumpToNew(thread.unread)}</span>`}
      <${Icon} name="down" />
    </button>`
    }
  </div>`;
}

function Row({ row, conversation }) {
  switch (row.kind) {
    case "message":
      return html`<${MessageRow}
        conversation=${conversation}
        message=${row.message}
        isFirst=${row.isFirst}
        isLastOwn=${row.isLastOwn}
        readers=${row.readers?.join(" ")}
      />`;
    case "pending":
      return html`<${PendingRow} item=${row.item} isFirst=${row.isFirst} />`;
    case "system":
      return html`<p class="system-line" data-key=${row.key} dir="auto">
        ${describeSystem(row.message)}
      </p>`;
    case "day":
      return html`<div class="day-line" data-key=${row.key} data-moves="" role="separator">
        <span>${dayName(row.ms)}</span>
      </div>`;
    case "line":
      return html`<div class="new-line" data-key="line" role="separator">
        <span>${t.newMessages}</span>
      </div>`;
    default:
      return html`<p class="loading" data-key=${row.key}>${t.beginning}</p>`;
  }
}
