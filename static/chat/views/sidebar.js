// The list of conversations, with search and filters.
import { html, useEffect, useSignal } from "../../vendor/preact.js";
import { date, shortTime } from "../format.js";
import { plainText } from "../store/messages.js";
import { isMe, nameOf } from "../store/names.js";
import { outbox } from "../store/outbox.js";
import { describeSystem } from "../store/system.js";
import {
  deletedThreads,
  leftThreads,
  listState,
  loadLeftThreads,
  loadMoreThreads,
  loadThreads,
  moreState,
  nextPage,
  sortedThreads,
} from "../store/threads.js";
import { typing } from "../store/typing.js";
import { t } from "../strings.js";
import { linkTo, openDialog, selected } from "../ui.js";
import { Avatar } from "./avatar.js";
import { Icon, IconButton } from "./icons.js";
import { OwnMenu } from "./menu.js";
import { typingSentence } from "./typing.js";

const FILTERS = ["filterAll", "filterUnread", "filterLeft"];

export function Sidebar() {
  const filter = useSignal("filterAll");
  const search = useSignal("");
  return html`<nav class="sidebar" aria-label=${t.conversations}>
    <header class="sidebar-head">
      <${OwnMenu} />
      <h1>${t.conversations}</h1>
      <${IconButton}
        icon="add"
        label=${t.newConversation}
        class="primary"
        onClick=${() => openDialog("newThread")}
      />
    </header>
    <${SearchField} search=${search} />
    <${Filters} filter=${filter} />
    <div class="thread-scroll">
      ${
        filter.value === "filterLeft"
          ? html`<${LeftList} search=${search.value} />`
          : html`<${ThreadList}
            search=${search.value}
            onlyUnread=${filter.value === "filterUnread"}
          />`
      }
    </div>
  </nav>`;
}

function SearchField({ search }) {
  return html`<div class="search-field">
    <${Icon} name="search" size=${18} />
    <input
      type="search"
      class="field"
      aria-label=${t.search}
      placeholder=${t.search}
      value=${search.value}
      onInput=${(event) => {
        search.value = event.currentTarget.value;
      }}
    />
  </div>`;
}

function Filters({ filter }) {
  return html`<div class="chips" role="group" aria-label=${t.conversations}>
    ${FILTERS.map(
      (name) => html`<button
        type="button"
        class="chip"
        aria-pressed=${String(filter.value === name)}
        onClick=${() => {
          filter.value = name;
        }}
      >
        ${t[name]}
      </button>`,
    )}
  </div>`;
}

const matches = (topic, search) =>
  search
    .toLocaleLowerCase()
    .split(/\s+/u)
    .every((word) => topic.toLocaleLowerCase().includes(word));

function ThreadList({ search, onlyUnread }) {
  // What is looked for may be further down than was loaded.
  const link = nextPage.value;
  const looksFurther = Boolean(link) && (search.trim() !== "" || onlyUnread);
  useEffect(() => {
    if (looksFurther) loadMoreThreads();
  }, [looksFurther, link]);
  if (listState.value === "loading") return html`<${Skeletons} />`;
  if (listState.value === "failed") {
    return html`<div class="empty small">
      <p>${t.listFailed}</p>
      <button type="button" class="button" onClick=${loadThreads}>${t.retry}</button>
    </div>`;
  }
  const shown = sortedThreads.value.filter(
    (thread) => matches(thread.topic, search) && (!onlyUnread || thread.unread > 0),
  );
  if (!shown.length && !link) return html`<${Nothing} search=${search} onlyUnread=${onlyUnread} />`;
  return html`<ul class="thread-list">
      ${shown.map((thread) => html`<${ThreadRow} key=${thread.id} thread=${thread} />`)}
    </ul>
    ${moreState.value === "failed" && html`<p class="empty small" role="alert">${t.listFailed}</p>`}
    ${
      link &&
      html`<button
      type="button"
      class="button quiet wide"
      disabled=${moreState.value === "loading"}
      onClick=${loadMoreThreads}
    >
      ${moreState.value === "loading" ? t.loadingMore : t.moreConversations}
    </button>`
    }`;
}

function Nothing({ search, onlyUnread }) {
  if (search) return html`<p class="empty small">${t.nothingFound}</p>`;
  if (onlyUnread) return html`<p class="empty small">${t.nothingUnread}</p>`;
  return html`<div class="empty small">
    <p><strong>${t.noConversations}</strong></p>
    <p>${t.noConversationsHint}</p>
  </div>`;
}

function Skeletons() {
  return html`<div class="skeletons" aria-hidden="true">
    ${[1, 2, 3, 4, 5].map((key) => html`<div key=${key} class="skeleton-row"><i /><b /><s /></div>`)}
  </div>`;
}

function ThreadRow({ thread }) {
  const isCurrent = selected.value === thread.id;
  const { unread } = thread;
  return html`<li>
    <a
      class=${`thread-row ${unread ? "has-unread" : ""}`}
      href=${linkTo(thread.id)}
      aria-current=${isCurrent ? "page" : undefined}
    >
      <${Avatar} name=${thread.topic} of=${thread.id} class="square" />
      <span class="thread-topic" dir="auto">${thread.topic}</span>
      <time class="thread-time" datetime=${new Date(thread.activity).toISOString()}>
        ${shortTime(thread.activity)}
      </time>
      <span class="thread-last"><${LastLine} thread=${thread} /></span>
      ${
        unread > 0 &&
        html`<span class="badge">
        <span aria-hidden="true">${unread > 99 ? t.unreadMany : unread}</span>
        <span class="hidden">${t.unreadCount(unread)}</span>
      </span>`
      }
    </a>
  </li>`;
}

function LastLine({ thread }) {
  const typers = [...(typing.value.get(thread.id)?.keys() ?? [])];
  if (typers.length) return html`<em class="accent" dir="auto">${typingSentence(typers)}</em>`;
  const unsent = outbox.value.filter((one) => one.threadId === thread.id).at(-1);
  if (unsent) {
    return html`<${Icon} name="clock" size=${14} /> <${Said} name=${t.you} text=${unsent.text} />`;
  }
  const { last } = thread;
  if (!last) return null;
  if (!last.isSent) return html`<span dir="auto">${describeSystem(last)}</span>`;
  if (last.isDeleted) return html`<em>${t.messageDeleted}</em>`;
  const name = isMe(last.sender) ? t.you : last.name || nameOf(last.sender);
  return html`${
    last.isHigh &&
    html`<span class="urgent-mark"
      ><${Icon} name="alert" size=${14} /><span class="hidden">${t.highPriority}</span></span
    > `
  }<${Said} name=${name} text=${plainText(last)} />`;
}

// The name stays first, whatever the directions of the name and of the text.
function Said({ name, text }) {
  return html`<bdi>${name}</bdi>: <bdi>${text}</bdi>`;
}

function LeftList({ search }) {
  useEffect(() => {
    loadLeftThreads();
  }, []);
  if (!leftThreads.value) return html`<${Skeletons} />`;
  const gone = [
    ...leftThreads.value.map((one) => ({ ...one, line: t.leftOn(date(one.leftOn)) })),
    ...deletedThreads.value.map((one) => ({ ...one, line: t.deletedOn(date(one.deletedOn)) })),
  ].filter((one) => matches(one.topic, search));
  if (!gone.length) {
    return html`<p class="empty small">${search ? t.nothingFound : t.nothingLeft}</p>`;
  }
  return html`<ul class="thread-list">
    ${gone.map(
      (one) => html`<li key=${one.id} class="thread-row is-left">
        <${Avatar} name=${one.topic} of=${one.id} class="square" />
        <span class="thread-topic" dir="auto">${one.topic}</span>
        <span class="thread-last">${one.line}</span>
      </li>`,
    )}
  </ul>`;
}
