// The right pane: one conversation.
import { html } from "../../vendor/preact.js";
import { openConversation } from "../store/conversation.js";
import { outbox } from "../store/outbox.js";
import { threads } from "../store/threads.js";
import { t } from "../strings.js";
import { editing, openDialog, select } from "../ui.js";
import { Avatar } from "./avatar.js";
import { Composer } from "./composer.js";
import { Icon, IconButton } from "./icons.js";
import { Item, Menu } from "./menu.js";
import { PendingRow } from "./pending.js";
import { Timeline } from "./timeline.js";

/** @param {{ id: string }} props */
export function ConversationView({ id }) {
  const conversation = openConversation(id);
  const thread = threads.value.get(id);
  const state = conversation.state.value;
  const edit = editing.value;
  const edited = edit?.threadId === id ? edit.message : null;
  const topic = thread?.topic ?? conversation.lastTopic;
  const isOpen = state === "ready" || state === "loading" || state === "failed";
  return html`<section class="conversation" aria-label=${topic || t.messages}>
    <${Head} conversation=${conversation} topic=${topic} thread=${thread} isOpen=${isOpen && Boolean(thread)} />
    ${state === "loading" && html`<p class="empty" role="status">${t.loadingMessages}</p>`}
    ${
      state === "failed" &&
      html`<div class="empty">
      <p>${t.messagesFailed}</p>
      <button type="button" class="button" onClick=${() => conversation.loadAgain()}>
        ${t.retry}
      </button>
    </div>`
    }
    ${
      (state === "gone" || state === "deleted") &&
      html`<div class="empty" role="status">
      <p>${state === "gone" ? t.left : t.deletedConversation}</p>
      <${Unsent} threadId=${id} />
    </div>`
    }
    ${state === "ready" && html`<${Timeline} key=${id} conversation=${conversation} />`}
    ${
      isOpen &&
      html`<${Composer}
      key=${`${id} ${edited?.id}`}
      conversation=${conversation}
      topic=${topic}
      edited=${edited}
    />`
    }
  </section>`;
}

/**
 * Messages that can no longer be sent here, to copy or discard.
 * @param {{ threadId: string }} props
 */
function Unsent({ threadId }) {
  const items = outbox.value.filter((item) => item.threadId === threadId);
  return items.map((item) => html`<${PendingRow} key=${item.key} item=${item} isFirst />`);
}

/** @param {{ conversation: Chat.Conversation, topic: string, thread?: Chat.Thread, isOpen: boolean }} props */
function Head({ conversation, topic, thread, isOpen }) {
  const { id } = conversation;
  const count = conversation.people.value?.length ?? thread?.people ?? 0;
  return html`<header class="conversation-head">
    <${IconButton} icon="back" label=${t.back} class="back" onClick=${() => select(null)} />
    ${topic && html`<${Avatar} name=${topic} of=${id} class="square" />`}
    <div class="conversation-title">
      ${topic && html`<h1 dir="auto" title=${topic}>${topic}</h1>`}
      ${
        isOpen &&
        count > 0 &&
        html`<button
        type="button"
        class="link quiet"
        onClick=${() => openDialog("participants", { threadId: id })}
      >
        ${t.participants(count)}
      </button>`
      }
    </div>
    ${
      isOpen &&
      html`<${IconButton}
        icon="personAdd"
        label=${t.addPeople}
        onClick=${() => openDialog("addPeople", { threadId: id })}
      />
      <${Menu} label=${t.more} button=${html`<${Icon} name="dots" />`} class="at-end">
        <${Item} icon="people" onClick=${() => openDialog("participants", { threadId: id })}>
          ${t.showParticipants}
        <//>
        <${Item} icon="edit" onClick=${() => openDialog("rename", { threadId: id })}>${t.rename}<//>
        <${Item} icon="exit" onClick=${() => openDialog("leave", { threadId: id })}>${t.leave}<//>
        <${Item} icon="trash" danger onClick=${() => openDialog("deleteThread", { threadId: id })}>
          ${t.deleteConversation}
        <//>
      <//>`
    }
  </header>`;
}
