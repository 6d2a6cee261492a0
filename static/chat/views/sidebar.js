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
import { typersIn } from "../store/typing.js";
import { t } from "../strings.js";
import { linkTo, openDialog, selected } from "../ui.js";
import { Avatar } from "./avatar.js";
import { Icon, IconButton } from "./icons.js";
import { writesTo } from "./inputs.js";
import { UserMenu } from "./menu.js";
import { typingSentence } from "./typing.js";

/** @typedef {"filterAll" | "filterUnread" | "filterPast"} Filter */
/** @type {Filter[]} */
const FILTERS = ["filterAll", "filterUnread", "filterPast"];

export function Sidebar() {
  const filter = useSignal(/** @type {Filter} */ ("filterAll"));
  const search = useSignal("");
  return html`<nav class="sidebar" aria-label=${t.conversations}>
    <header class="sidebar-head">
      <${UserMenu} />
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
        filter.value === "filterPast"
          ? html`<${PastList} search=${search.value} />`
          : html`<${ThreadList}
            search=${search.value}
            onlyUnread=${filter.value === "filterUnread"}
          />`
      }
    </div>
  </nav>`;
}

/** @param {{ search: Chat.Signal<string> }} props */
function SearchField({ search }) {
  return html`<div class="search-field">
    <${Icon} name="search" size=${18} />
    <input
      type="search"
      class="field"
      aria-label=${t.search}
      placeholder=${t.search}
      value=${search.value}
      onInput=${writesTo(search)}
    />
  </div>`;
}

/** @param {{ filter: Chat.Signal<Filter> }} props */
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

/**
 * @param {string} topic
 * @param {string} search words, all of which must occur
 */
const matches = (topic, search) =>
  search
    .toLocaleLowerCase()
    .split(/\s+/u)
    .every((word) => topic.toLocaleLowerCase().includes(word));

/** @param {{ search: string, onlyUnread: boolean }} props */
function ThreadList({ search, onlyUnread }) {
  // What the search or filter shows may be further down the list than was loaded.
  const link = nextPage.value;
  const needsMore = Boolean(link) && (search.trim() !== "" || onlyUnread);
  useEffect(() => {
    if (needsMore) loadMoreThreads();
  }, [needsMore, link]);
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

/** @param {{ search: string, onlyUnread: boolean }} props */
function Nothing({ search, onlyUnread }) {
  if (search) return html`<p class="empty small">${t.nothingFound}</p>`;
  if (onlyUnread) return html`<p class="empty small">${t.allCaughtUp}</p>`;
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

/** @param {{ thread: Chat.Thread }} props */
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

/** @param {{ thread: Chat.Thread }} props */
function LastLine({ thread }) {
  const typers = typersIn(thread.id);
  if (typers.length) return html`<em class="accent" dir="auto">${typingSentence(typers)}</em>`;
  const unsent = outbox.value.findLast((item) => item.threadId === thread.id);
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

/**
 * The name stays first, whatever the writing directions of name and text are.
 * @param {{ name: string, text: string }} props
 */
function Said({ name, text }) {
  return html`<bdi>${name}</bdi>: <bdi>${text}</bdi>`;
}

/** @param {{ search: string }} props */
function PastList({ search }) {
  useEffect(() => {
    loadLeftThreads();
  }, []);
  if (!leftThreads.value) return html`<${Skeletons} />`;
  const past = [
    ...leftThreads.value.map(({ id, topic, leftOn }) => ({ id, topic, line: t.leftOn(date(leftOn)) })),
    ...deletedThreads.value.map(({ id, topic, deletedOn }) => ({
      id,
      topic,
      line: t.deletedOn(date(deletedOn ?? 0)),
    })),
  ].filter(({ topic }) => matches(topic, search));
  if (!past.length) {
    return html`<p class="empty small">${search ? t.nothingFound : t.nothingPast}</p>`;
  }
  return html`<ul class="thread-list">
    ${past.map(
      ({ id, topic, line }) => html`<li key=${id} class="thread-row is-left">
        <${Avatar} name=${topic} of=${id} class="square" />
        <span class="thread-topic" dir="auto">${topic}</span>
        <span class="thread-last">${line}</span>
      </li>`,
    )}
  </ul>`;
}
