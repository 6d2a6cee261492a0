// The messages of a conversation.
import { html, useEffect, useRef, useSignal } from "../../vendor/preact.js";
import { dayName } from "../format.js";
import { outbox } from "../store/outbox.js";
import { markReadUpTo } from "../store/reading.js";
import { rowsOf } from "../store/rows.js";
import { describeSystem } from "../store/system.js";
import { threads } from "../store/threads.js";
import { t } from "../strings.js";
import { isVisible } from "../ui.js";
import { Icon } from "./icons.js";
import { MessageRow } from "./message.js";
import { PendingRow } from "./pending.js";
import { Scroller } from "./scroller.js";

/** @param {{ conversation: Chat.Conversation }} props */
export function Timeline({ conversation }) {
  /** @type {Chat.Ref<Scroller>} */
  const scroller = useRef(null);
  const isAtEnd = useSignal(true);
  const thread = threads.value.get(conversation.id);
  const messages = conversation.messages.value;
  const dividerAfter = conversation.dividerAfter.value;
  const pending = outbox.value.filter((item) => item.threadId === conversation.id);
  const isPlaced = dividerAfter !== null;

  useEffect(() => {
    if (thread) conversation.placeDivider(thread);
  }, [conversation, isPlaced, Boolean(thread)]);

  // Begins at the divider if there is one, otherwise at the end.
  useEffect(() => {
    if (isPlaced && !scroller.current?.show("divider")) scroller.current?.toEnd();
  }, [conversation, isPlaced]);

  useEffect(() => {
    // For measurements of how long it takes to show the newest messages.
    performance.mark("messages");
  }, [conversation]);

  // Messages that arrive while the window is not visible are new when it is visible again.
  const sees = isVisible.value;
  useEffect(() => {
    if (!sees) conversation.moveDividerToEnd();
  }, [sees]);

  const newest = messages.at(-1)?.id ?? 0;
  const isRead = sees && isAtEnd.value && isPlaced;
  useEffect(() => {
    if (isRead && newest) markReadUpTo(conversation.id, newest);
  }, [isRead, newest, thread?.readId]);

  useEffect(() => {
    if (pending.length) scroller.current?.toEnd();
  }, [pending.at(-1)?.key]);

  const rows = rowsOf({
    messages,
    pending,
    dividerAfter,
    receipts: conversation.receipts.value,
    isComplete: !conversation.nextLink.value,
  });
  return html`<div class="timeline-frame">
    <${Scroller}
      handle=${scroller}
      label=${t.messages}
      busy=${conversation.isLoadingOlder.value}
      onTop=${() => conversation.loadOlder().catch(() => {})}
      onEnd=${(/** @type {boolean} */ value) => {
        isAtEnd.value = value;
      }}
    >
      ${conversation.nextLink.value && html`<p class="loading" data-key="loading" data-moves="">${t.loadingOlder}</p>`}
      ${rows.map((row) => html`<${Row} key=${row.key} row=${row} conversation=${conversation} />`)}
    <//>
    ${
      !isAtEnd.value &&
      html`<button
      type="button"
      class="jump"
      aria-label=${thread?.unread ? t.jumpToNew(thread.unread) : t.jumpToNewest}
      title=${t.jumpToNewest}
      onClick=${() => scroller.current?.toEnd({ smoothly: true })}
    >
      ${thread && thread.unread > 0 && html`<span>${t.jumpToNew(thread.unread)}</span>`}
      <${Icon} name="down" />
    </button>`
    }
  </div>`;
}

/** @param {{ row: Chat.Row, conversation: Chat.Conversation }} props */
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
    case "divider":
      return html`<div class="new-line" data-key="divider" role="separator">
        <span>${t.newMessages}</span>
      </div>`;
    default:
      return html`<p class="loading" data-key=${row.key}>${t.beginning}</p>`;
  }
}
