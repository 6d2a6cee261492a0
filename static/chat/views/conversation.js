// The right side: one conversation.
import { html } from "../../vendor/preact.js";
import { openConversation } from "../store/conversation.js";
import { threads } from "../store/threads.js";
import { t } from "../strings.js";
import { editing, openDialog, select } from "../ui.js";
import { Avatar } from "./avatar.js";
import { Composer } from "./composer.js";
import { Icon, IconButton } from "./icons.js";
import { Item, Menu } from "./menu.js";
import { Timeline } from "./timeline.js";

export function ConversationView({ id }) {
  const conversation = openConversation(id);
  const thread = threads.value.get(id);
  const state = conversation.state.value;
  const edited = editing.value?.threadId === id ? editing.value.message : null;
  const isOpen = state === "ready" || state === "loading" || state === "failed";
  return html`<section class="conversation" aria-label=${thread?.topic ?? t.messages}>
    <${Head} conversation=${conversation} thread=${thread} isOpen=${isOpen && Boolean(thread)} />
    ${state === "loading" && html`<p class="empty" role="status">${t.loadingMessages}</p>`}
    ${state === "failed" &&
    html`<div class="empty">
      <p>${t.messagesFailed}</p>
      <button
        type="button"
        class="button"
        onClick=${() => {
          conversation.state.value = "loading";
          conversation.load();
        }}
      >
        ${t.retry}
      </button>
    </div>`}
    ${(state === "gone" || state === "deleted") &&
    html`<div class="empty" role="status">
      <p>${state === "gone" ? t.gone : t.deletedConversation}</p>
    </div>`}
    ${state === "ready" && html`<${Timeline} key=${id} conversation=${conversation} />`}
    ${isOpen &&
    html`<${Composer}
      key=${`${id} ${edited?.id}`}
      conversation=${conversation}
      topic=${thread?.topic ?? ""}
      edited=${edited}
    />`}
  </section>`;
}

function Head({ conversation, thread, isOpen }) {
  const { id } = conversation;
  const count = conversation.people.value?.length ?? thread?.people ?? 0;
  return html`<header class="conversation-head">
    <${IconButton} icon="back" label=${t.back} class="back" onClick=${() => select(null)} />
    ${thread && html`<${Avatar} name=${thread.topic} of=${id} class="square" />`}
    <div class="conversation-title">
      <h1 dir="auto" title=${thread?.topic}>${thread?.topic}</h1>
      ${isOpen &&
      count > 0 &&
      html`<button
        type="button"
        class="link quiet"
        onClick=${() => openDialog("participants", { threadId: id })}
      >
        ${t.participants(count)}
      </button>`}
    </div>
    ${isOpen &&
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
        <${Item} icon="door" onClick=${() => openDialog("leave", { threadId: id })}>${t.leave}<//>
        <${Item} icon="trash" danger onClick=${() => openDialog("deleteThread", { threadId: id })}>
          ${t.deleteConversation}
        <//>
      <//>`}
  </header>`;
}
