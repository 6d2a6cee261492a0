// A message that is not known to have arrived.
import { html } from "../../vendor/preact.js";
import { status } from "../connection.js";
import { withLinks } from "../rich.js";
import { discard, sendAgain } from "../store/outbox.js";
import { t } from "../strings.js";
import { Icon } from "./icons.js";
import { Head, Urgent } from "./message.js";

/** @param {{ item: Chat.OutboxItem, isFirst: boolean }} props */
export function PendingRow({ item, isFirst }) {
  const hasFailed = item.state === "failed";
  // With a live connection, sending takes a moment only.
  const label = status.value === "live" && item.state === "sending" ? t.sending : t.waiting;
  return html`<article
    class=${`message own pending ${isFirst ? "first" : ""} ${item.isHigh ? "urgent" : ""} ${item.state}`}
    data-key=${item.key}
    tabindex="-1"
  >
    ${isFirst && html`<${Head} ms=${item.writtenAt} />`}
    <div class="bubble">
      ${item.isHigh && html`<${Urgent} />`}
      <div class="text" dir="auto">${withLinks(item.text)}</div>
    </div>
    <p class="status">
      <${Icon} name=${hasFailed ? "alert" : "clock"} size=${14} />
      ${hasFailed ? `${t.failed}. ${item.error}` : label}
      ${
        hasFailed &&
        html`<button type="button" class="link" onClick=${() => sendAgain(item.key)}>
        ${t.sendAgain}
      </button>`
      }
      ${
        item.state !== "sending" &&
        html`<button type="button" class="link" onClick=${() => discard(item.key)}>
        ${t.discard}
      </button>`
      }
    </p>
  </article>`;
}
