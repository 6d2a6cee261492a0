// One message of the timeline.
import { Component, html, useLayoutEffect, useRef, useSignal } from "../../vendor/preact.js";
import { clock, fullTime } from "../format.js";
import { safeHtml, withLinks } from "../rich.js";
import { plainText } from "../store/messages.js";
import { isMe, nameOf } from "../store/names.js";
import { listNames, t } from "../strings.js";
import { editing, openDialog, showNote } from "../ui.js";
import { Avatar } from "./avatar.js";
import { Sentiment, TranslateButton, TranslationLine, translatedText, useEnrichment } from "./enrichment.js";
import { Icon, IconButton } from "./icons.js";

/**
 * @typedef {object} MessageProps
 * @property {Chat.Conversation} conversation
 * @property {Chat.Message} message
 * @property {boolean} isFirst whether name and time stand above it
 * @property {boolean} isLastOwn
 * @property {string} [readers] raw ids, separated by spaces
 */

/**
 * Drawn again only if its properties change: a long conversation has thousands of messages.
 * @extends {Component<MessageProps>}
 */
export class MessageRow extends Component {
  /** @param {MessageProps} next */
  shouldComponentUpdate(next) {
    const names = /** @type {(keyof MessageProps)[]} */ (Object.keys(next));
    return names.some((name) => next[name] !== this.props[name]);
  }

  /** @param {MessageProps} props */
  render(props) {
    return html`<${Message} ...${props} />`;
  }
}

/** @param {MessageProps} props */
function Message({ conversation, message, isFirst, isLastOwn, readers }) {
  const isOwn = isMe(message.sender);
  const hasTools = useSignal(false);
  const found = useEnrichment(conversation.id, message);
  const name = message.name || nameOf(message.sender);
  const show = () => {
    hasTools.value = true;
  };
  const hide = (/** @type {FocusEvent & { currentTarget: HTMLElement }} */ event) => {
    const { currentTarget: row, relatedTarget } = event;
    const isInside = row.contains(/** @type {Node | null} */ (relatedTarget));
    if (!isInside && !row.matches(":hover, :focus-within")) hasTools.value = false;
  };
  return html`<article
    class=${`message ${isOwn ? "own" : "other"} ${isFirst ? "first" : ""} ${message.isHigh ? "urgent" : ""}`}
    data-key=${message.id}
    tabindex="-1"
    aria-label=${t.messageLabel(isOwn ? t.you : name, fullTime(message.id))}
    onPointerMove=${show}
    onFocusIn=${show}
    onPointerLeave=${hide}
    onFocusOut=${hide}
  >
    ${isFirst && !isOwn && html`<${Avatar} name=${name} of=${message.sender} />`}
    ${isFirst && html`<${Head} name=${isOwn ? null : name} ms=${message.id} />`}
    <div class="bubble" title=${fullTime(message.id)}>
      <${Body} message=${message} text=${translatedText(found) ?? message.text} />
      ${message.editedOn && html` <small title=${t.editedAt(fullTime(message.editedOn))}>(${t.edited})</small>`}
      <${Sentiment} found=${found} />
      <${TranslationLine} threadId=${conversation.id} message=${message} found=${found} />
      ${
        hasTools.value &&
        !message.isDeleted &&
        html`<${Tools} conversation=${conversation} message=${message} isOwn=${isOwn} found=${found} />`
      }
    </div>
    ${isLastOwn && !message.isDeleted && html`<${Status} conversation=${conversation} message=${message} />`}
    ${readers && !isLastOwn && html`<${Readers} readers=${readers.split(" ")} />`}
  </article>`;
}

/** @param {{ name?: string | null, ms: number }} props */
export function Head({ name, ms }) {
  return html`<header class="message-head">
    ${name && html`<b dir="auto">${name}</b>`}
    <time datetime=${new Date(ms).toISOString()} title=${fullTime(ms)}>${clock(ms)}</time>
  </header>`;
}

export function Urgent() {
  return html`<strong class="urgent-label"><${Icon} name="alert" size=${16} />${t.highPriority}</strong>`;
}

/** @param {{ message: Chat.Message, text: string }} props */
function Body({ message, text }) {
  if (message.isDeleted) return html`<em class="deleted">${t.messageDeleted}</em>`;
  return html`${message.isHigh && html`<${Urgent} />`}
  ${
    message.type === "html"
      ? html`<${Rich} source=${text} />`
      : html`<div class="text" dir="auto">${withLinks(text)}</div>`
  }`;
}

/** @param {{ source: string }} props */
function Rich({ source }) {
  /** @type {Chat.Ref<HTMLDivElement>} */
  const box = useRef(null);
  useLayoutEffect(() => {
    box.current?.replaceChildren(safeHtml(source));
  }, [source]);
  return html`<div class="text rich" dir="auto" ref=${box} />`;
}

/** @param {Chat.Message} message */
async function copy(message) {
  try {
    await navigator.clipboard.writeText(plainText(message));
    showNote(t.copied);
  } catch {
    // The browser denies access to the clipboard.
  }
}

/**
 * @typedef {object} ToolsProps
 * @property {Chat.Conversation} conversation
 * @property {Chat.Message} message
 * @property {boolean} isOwn
 * @property {Chat.Enrichment | null} found
 */

/** @param {ToolsProps} props */
function Tools({ conversation, message, isOwn, found }) {
  const threadId = conversation.id;
  return html`<div class="tools" role="group" aria-label=${t.messageActions}>
    <${IconButton} icon="copy" size=${17} label=${t.copy} onClick=${() => copy(message)} />
    ${!isOwn && html`<${TranslateButton} threadId=${threadId} message=${message} found=${found} />`}
    ${
      isOwn &&
      message.type === "text" &&
      html`<${IconButton}
      icon="edit"
      size=${17}
      label=${t.edit}
      onClick=${() => {
        editing.value = { threadId, message };
      }}
    />`
    }
    ${
      isOwn &&
      html`<${IconButton}
      icon="trash"
      size=${17}
      label=${t.deleteMessage}
      onClick=${() => openDialog("deleteMessage", { threadId, messageId: message.id })}
    />`
    }
  </div>`;
}

/**
 * Below the last own message: who has read it.
 * @param {{ conversation: Chat.Conversation, message: Chat.Message }} props
 */
function Status({ conversation, message }) {
  const others = (conversation.people.value ?? []).filter(({ id }) => !isMe(id));
  const later = conversation.messages.value.filter((each) => each.id > message.id && each.isSent);
  const read = others.filter(
    ({ id }) =>
      (conversation.receipts.value.get(id) ?? 0) >= message.id || later.some(({ sender }) => sender === id),
  );
  if (!read.length) return html`<p class="status"><${Icon} name="check" size=${14} /> ${t.sent}</p>`;
  const isAll = read.length === others.length && others.length > 1;
  const names = read.map(({ id, name }) => name || nameOf(id));
  return html`<p class="status" title=${t.readBy(names.join(", "))}>
    <${Icon} name="checks" size=${14} />
    <span>${isAll ? t.readByAll : t.readBy(listNames(names, 2))}</span>
  </p>`;
}

/**
 * Who has read up to here and no further.
 * @param {{ readers: string[] }} props
 */
function Readers({ readers }) {
  const names = readers.map(nameOf);
  return html`<p class="readers" title=${t.readUpToHere(listNames(names, 8))}>
    <span class="hidden">${t.readUpToHere(listNames(names, 8))}</span>
    ${readers.slice(0, 5).map((id) => html`<${Avatar} key=${id} name=${nameOf(id)} of=${id} class="tiny" />`)}
    ${readers.length > 5 && html`<span aria-hidden="true">+${readers.length - 5}</span>`}
  </p>`;
}
