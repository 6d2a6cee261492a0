// The field for new messages, and the one for editing a message.
import { html, useEffect, useRef, useSignal } from "../../vendor/preact.js";
import * as api from "../api.js";
import { draftOf, saveDraft } from "../store/drafts.js";
import { isMe } from "../store/names.js";
import { send } from "../store/outbox.js";
import { resetTyping, sendTyping } from "../store/typing.js";
import { t } from "../strings.js";
import { editing, showNote } from "../ui.js";
import { Icon, IconButton } from "./icons.js";
import { MessageForm } from "./message-form.js";

/** @param {{ conversation: Chat.Conversation, topic: string, edited: Chat.Message | null }} props */
export function Composer({ conversation, topic, edited }) {
  return edited
    ? html`<${EditComposer} conversation=${conversation} topic=${topic} edited=${edited} />`
    : html`<${NewComposer} conversation=${conversation} topic=${topic} />`;
}

/** @param {{ conversation: Chat.Conversation, topic: string }} props */
function NewComposer({ conversation, topic }) {
  const { id } = conversation;
  const text = useSignal(draftOf(id));
  const isHigh = useSignal(false);
  /** @type {Chat.Ref<HTMLTextAreaElement>} */
  const field = useRef(null);
  const write = (/** @type {string} */ value) => {
    text.value = value;
    saveDraft(id, value);
    if (value.trim()) sendTyping(id);
  };
  const submit = () => {
    send(id, text.value.trim(), { isHigh: isHigh.value });
    conversation.removeDivider();
    resetTyping(id);
    saveDraft(id, "");
    text.value = "";
    isHigh.value = false;
    field.current?.focus();
  };
  const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
    if (event.key === "ArrowUp" && !text.value && editLastMessage(conversation)) event.preventDefault();
  };
  const toggleHigh = () => {
    isHigh.value = !isHigh.value;
    field.current?.focus();
  };
  return html`<${MessageForm}
    threadId=${id}
    topic=${topic}
    text=${text}
    field=${field}
    class=${isHigh.value ? "urgent" : ""}
    submitIcon="send"
    submitLabel=${t.send}
    onWrite=${write}
    onSubmit=${submit}
    onKeyDown=${onKeyDown}
  >
    <${IconButton}
      icon="alert"
      class="urgent-toggle"
      label=${t.sendUrgent}
      aria-pressed=${String(isHigh.value)}
      onClick=${toggleHigh}
    />
  <//>`;
}

/** @param {{ conversation: Chat.Conversation, topic: string, edited: Chat.Message }} props */
function EditComposer({ conversation, topic, edited }) {
  const { id } = conversation;
  const text = useSignal(edited.text);
  /** @type {Chat.Ref<HTMLTextAreaElement>} */
  const field = useRef(null);
  const isDeleted = conversation.isMessageDeleted(edited.id);
  useEffect(() => {
    if (!isDeleted) return;
    if (!draftOf(id)) saveDraft(id, text.value);
    stopEditing();
    showNote(t.editedWasDeleted);
  }, [isDeleted]);
  const write = (/** @type {string} */ value) => {
    text.value = value;
  };
  const submit = () => {
    saveEdit(id, edited, text.value);
    stopEditing();
  };
  const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    stopEditing();
  };
  return html`<${MessageForm}
    threadId=${id}
    topic=${topic}
    text=${text}
    field=${field}
    above=${html`<${EditingLine} />`}
    alwaysFocuses
    submitIcon="check"
    submitLabel=${t.saveEdit}
    onWrite=${write}
    onSubmit=${submit}
    onKeyDown=${onKeyDown}
  />`;
}

function EditingLine() {
  return html`<p class="editing-line">
    <${Icon} name="edit" size=${16} /> ${t.editing}
    <button type="button" class="link" onClick=${stopEditing}>${t.cancel}</button>
  </p>`;
}

function stopEditing() {
  editing.value = null;
}

/**
 * Begins to edit this person's last message; false if there is none.
 * @param {Chat.Conversation} conversation
 */
function editLastMessage({ id, messages }) {
  const message = messages.value.findLast(
    ({ sender, type, isDeleted }) => isMe(sender) && type === "text" && !isDeleted,
  );
  if (message) editing.value = { threadId: id, message };
  return Boolean(message);
}

/**
 * @param {string} threadId
 * @param {Chat.Message} message
 * @param {string} text
 */
async function saveEdit(threadId, message, text) {
  if (text === message.text) return;
  try {
    await api.updateMessage(threadId, message.id, text);
  } catch (error) {
    showNote(api.sentenceOf(error));
    // Continue with the text that was not saved.
    editing.value = { threadId, message: { ...message, text } };
  }
}
