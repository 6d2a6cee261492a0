// The form of the composer: a text field that grows, emoji, dictation, and the submit button.
import { html, useEffect, useLayoutEffect, useRef, useSignal } from "../../vendor/preact.js";
import { config } from "../config.js";
import { byteLength } from "../format.js";
import { typersIn } from "../store/typing.js";
import { t } from "../strings.js";
import { DictationButton } from "./dictation.js";
import { EmojiButton } from "./emoji.js";
import { Icon } from "./icons.js";
import { typingSentence } from "./typing.js";

const MAX_HEIGHT_PX = 200;

/**
 * @typedef {object} Props
 * @property {string} threadId
 * @property {string} topic
 * @property {Chat.Signal<string>} text
 * @property {Chat.Ref<HTMLTextAreaElement>} field
 * @property {string} [class]
 * @property {Chat.Children} [above] shown above the field
 * @property {boolean} [alwaysFocuses] also on touch screens, where a keyboard appears then
 * @property {Chat.IconName} submitIcon
 * @property {string} submitLabel
 * @property {(text: string) => void} onWrite
 * @property {() => void} onSubmit
 * @property {(event: KeyboardEvent) => void} onKeyDown for keys that do not submit
 * @property {Chat.Children} [children] more buttons
 */

/** @param {Props} props */
export function MessageForm({ text, field, onWrite, onSubmit, ...props }) {
  // What is recognized so far of a phrase that is being dictated.
  const hypothesis = useSignal("");
  /** @type {Chat.Ref<{ stop: () => void }>} */
  const dictation = useRef(null);
  const excess = byteLength(text.value) - config.limits.messageBytes;
  const isReady = Boolean(text.value.trim()) && excess <= 0;

  useEffect(() => {
    if (props.alwaysFocuses || matchMedia("(pointer: fine)").matches) field.current?.focus();
  }, []);

  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (!isReady) return;
    dictation.current?.stop();
    onSubmit();
  };
  const append = (/** @type {string} */ phrase) => {
    const before = text.value.trimEnd();
    onWrite(before ? `${before} ${phrase}` : phrase);
  };

  return html`<footer class="composer-frame">
    <${TypingLine} threadId=${props.threadId} />
    ${props.above}
    <form class=${`composer ${props.class ?? ""}`} onSubmit=${submit}>
      <${Field}
        text=${text}
        field=${field}
        topic=${props.topic}
        hypothesis=${hypothesis.value}
        onWrite=${onWrite}
        onSubmit=${submit}
        onKeyDown=${props.onKeyDown}
      />
      ${excess > 0 && html`<span class="too-long" role="alert">${t.tooLong(excess)}</span>`}
      <${EmojiButton} onPick=${(/** @type {string} */ emoji) => insert(emoji, field, onWrite)} />
      <${DictationButton}
        control=${dictation}
        onHypothesis=${(/** @type {string} */ phrase) => {
          hypothesis.value = phrase;
        }}
        onPhrase=${append}
      />
      ${props.children}
      <button
        type="submit"
        class="send"
        aria-label=${props.submitLabel}
        title=${props.submitLabel}
        disabled=${!isReady}
      >
        <${Icon} name=${props.submitIcon} />
      </button>
    </form>
  </footer>`;
}

/**
 * @typedef {object} FieldProps
 * @property {Chat.Signal<string>} text
 * @property {Chat.Ref<HTMLTextAreaElement>} field
 * @property {string} topic
 * @property {string} hypothesis
 * @property {(text: string) => void} onWrite
 * @property {(event: Event) => void} onSubmit
 * @property {(event: KeyboardEvent) => void} onKeyDown
 */

/** @param {FieldProps} props */
function Field({ text, field, topic, hypothesis, onWrite, onSubmit, onKeyDown }) {
  useLayoutEffect(() => fitHeight(field.current), [text.value]);
  const onKey = (/** @type {KeyboardEvent} */ event) => {
    if (event.isComposing) return;
    if (event.key === "Enter" && !event.shiftKey) onSubmit(event);
    else onKeyDown(event);
  };
  return html`<div class="writing">
    <textarea
      id="composer"
      ref=${field}
      rows="1"
      dir="auto"
      aria-label=${t.writeIn(topic)}
      placeholder=${hypothesis ? "" : t.writeMessage}
      title=${t.composerHint}
      value=${text.value}
      onInput=${(/** @type {Chat.InputEvent} */ event) => onWrite(event.currentTarget.value)}
      onKeyDown=${onKey}
    />
    ${hypothesis && html`<span class="hypothesis" dir="auto">${hypothesis}</span>`}
  </div>`;
}

/** @param {HTMLTextAreaElement | null} field */
function fitHeight(field) {
  if (!field) return;
  field.style.height = "auto";
  field.style.height = `${Math.min(field.scrollHeight, MAX_HEIGHT_PX)}px`;
}

/**
 * Inserts a text at the caret.
 * @param {string} inserted
 * @param {Chat.Ref<HTMLTextAreaElement>} field
 * @param {(text: string) => void} onWrite
 */
function insert(inserted, { current: field }, onWrite) {
  if (!field) return;
  const { selectionStart: start, selectionEnd: end, value } = field;
  onWrite(value.slice(0, start) + inserted + value.slice(end));
  requestAnimationFrame(() => {
    field.focus();
    field.setSelectionRange(start + inserted.length, start + inserted.length);
  });
}

/** @param {{ threadId: string }} props */
function TypingLine({ threadId }) {
  const typers = typersIn(threadId);
  return html`<p class="typing-line" aria-live="polite">
    ${
      typers.length > 0 &&
      html`<span class="dots" aria-hidden="true"><i></i><i></i><i></i></span>
      <span dir="auto">${typingSentence(typers)}</span>`
    }
  </p>`;
}
