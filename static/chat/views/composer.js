// Where messages are written and edited.
import { html, useEffect, useLayoutEffect, useRef, useSignal } from "../../vendor/preact.js";
import * as api from "../api.js";
import { config } from "../config.js";
import { byteLength } from "../format.js";
import { keep, restore } from "../storage.js";
import { isMe } from "../store/names.js";
import { send } from "../store/outbox.js";
import { forgetTyping, tellTyping, typing } from "../store/typing.js";
import { t } from "../strings.js";
import { editing, say } from "../ui.js";
import { DictationButton } from "./dictation.js";
import { EmojiButton } from "./emoji.js";
import { Icon, IconButton } from "./icons.js";
import { typingSentence } from "./typing.js";

// What was written and not sent yet, by conversation. It outlives a reload of the tab.
const STORED = `chatsite-drafts:${config.userId}`;
const drafts = new Map(Object.entries(restore(sessionStorage, STORED, {})));
const HIGHEST = 200;

function keepDraft(id, text) {
  if (text) drafts.set(id, text);
  else drafts.delete(id);
  keep(sessionStorage, STORED, Object.fromEntries(drafts));
}

// For a new message, or for `edited`; each has a composer of its own.
export function Composer({ conversation, topic, edited }) {
  const { id } = conversation;
  const box = useRef(null);
  const text = useSignal(edited ? edited.text : (drafts.get(id) ?? ""));
  const isHigh = useSignal(false);
  // What is understood so far of a phrase that is being spoken.
  const hypothesis = useSignal("");
  const dictation = useRef(null);

  useEffect(() => {
    // On a phone the keyboard would jump up.
    if (edited || matchMedia("(pointer: fine)").matches) box.current.focus();
  }, []);

  useLayoutEffect(() => {
    const field = box.current;
    field.style.height = "auto";
    field.style.height = `${Math.min(field.scrollHeight, HIGHEST)}px`;
  }, [text.value]);

  const write = (value) => {
    text.value = value;
    if (edited) return;
    keepDraft(id, value);
    if (value.trim()) tellTyping(id);
  };
  const tooLong = byteLength(text.value) - config.limits.messageBytes;
  const isReady = Boolean(text.value.trim()) && tooLong <= 0;

  const stopEditing = () => {
    editing.value = null;
  };
  const isGone = edited && conversation.known.value.get(edited.id)?.isDeleted;
  useEffect(() => {
    if (!isGone) return;
    if (!drafts.has(id)) keepDraft(id, text.value);
    stopEditing();
    say(t.editedIsDeleted);
  }, [isGone]);

  const submit = () => {
    if (!isReady) return;
    dictation.current?.stop();
    if (edited) {
      saveEdit(id, edited, text.value);
      stopEditing();
      return;
    }
    send(id, text.value.trim(), { isHigh: isHigh.value });
    conversation.lineAfter.value = Infinity;
    forgetTyping(id);
    keepDraft(id, "");
    text.value = "";
    isHigh.value = false;
    box.current.focus();
  };
  // In the place of the caret.
  const insert = (piece) => {
    const { selectionStart: start, selectionEnd: end } = box.current;
    write(text.value.slice(0, start) + piece + text.value.slice(end));
    requestAnimationFrame(() => {
      box.current.focus();
      box.current.setSelectionRange(start + piece.length, start + piece.length);
    });
  };
  const append = (phrase) => {
    const before = text.value.trimEnd();
    write(before ? `${before} ${phrase}` : phrase);
  };
  const onKeyDown = (event) => {
    if (event.isComposing) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      submit();
    } else if (event.key === "Escape" && edited) {
      event.stopPropagation();
      stopEditing();
    } else if (event.key === "ArrowUp" && !text.value && !edited) {
      const own = (one) => isMe(one.sender) && one.type === "text" && !one.isDeleted;
      const message = conversation.messages.value.findLast(own);
      if (message) {
        event.preventDefault();
        editing.value = { threadId: id, message };
      }
    }
  };

  return html`<footer class="composer-frame">
    <${TypingLine} threadId=${id} />
    ${
      edited &&
      html`<p class="editing-line">
      <${Icon} name="edit" size=${16} /> ${t.editing}
      <button type="button" class="link" onClick=${stopEditing}>${t.cancel}</button>
    </p>`
    }
    <form
      class=${`composer ${isHigh.value && !edited ? "urgent" : ""}`}
      onSubmit=${(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <div class="writing">
        <textarea
          id="composer"
          ref=${box}
          rows="1"
          dir="auto"
          aria-label=${t.writeIn(topic)}
          placeholder=${hypothesis.value ? "" : t.writeMessage}
          title=${t.composerHint}
          value=${text.value}
          onInput=${(event) => write(event.currentTarget.value)}
          onKeyDown=${onKeyDown}
        />
        ${hypothesis.value && html`<span class="hypothesis" dir="auto">${hypothesis.value}</span>`}
      </div>
      ${tooLong > 0 && html`<span class="too-long" role="alert">${t.tooLong(tooLong)}</span>`}
      <${EmojiButton} onPick=${insert} />
      <${DictationButton}
        control=${dictation}
        onHypothesis=${(heard) => {
          hypothesis.value = heard;
        }}
        onPhrase=${append}
      />
      ${
        !edited &&
        html`<${IconButton}
        icon="alert"
        class="urgent-toggle"
        label=${t.markUrgentHint}
        aria-pressed=${String(isHigh.value)}
        onClick=${() => {
          isHigh.value = !isHigh.value;
          box.current.focus();
        }}
      />`
      }
      <button
        type="submit"
        class="send"
        aria-label=${edited ? t.saveEdit : t.send}
        title=${edited ? t.saveEdit : t.send}
        disabled=${!isReady}
      >
        <${Icon} name=${edited ? "check" : "send"} />
      </button>
    </form>
  </footer>`;
}

async function saveEdit(threadId, message, text) {
  if (text === message.text) return;
  try {
    await api.updateMessage(threadId, message.id, text);
  } catch (problem) {
    say(problem.sentence ?? String(problem));
    // Nothing of what was written is lost.
    editing.value = { threadId, message: { ...message, text } };
  }
}

function TypingLine({ threadId }) {
  const typers = [...(typing.value.get(threadId)?.keys() ?? [])];
  return html`<p class="typing-line" aria-live="polite">
    ${
      typers.length > 0 &&
      html`<span class="dots" aria-hidden="true"><i></i><i></i><i></i></span>
      <span dir="auto">${typingSentence(typers)}</span>`
    }
  </p>`;
}
