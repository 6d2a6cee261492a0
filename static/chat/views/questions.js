// Dialogs that ask for confirmation.
import { html } from "../../vendor/preact.js";
import * as api from "../api.js";
import { config } from "../config.js";
import { t } from "../strings.js";
import { closeDialog, openDialog, select } from "../ui.js";
import { Dialog, Problem } from "./dialog.js";
import { Buttons, useAction } from "./dialogs.js";

/** @param {{ title: string, hint: string, label: string, run: () => Promise<void> }} props */
function Question({ title, hint, label, run }) {
  const { start, problem, isBusy } = useAction(run);
  return html`<${Dialog} title=${title} class="question">
    <form onSubmit=${start}>
      <p>${hint}</p>
      ${problem.value && html`<${Problem} text=${problem.value} />`}
      <${Buttons} label=${label} isBusy=${isBusy} danger />
    </form>
  <//>`;
}

/** @param {{ threadId: string, userId: string, name: string }} props */
export function RemovePerson({ threadId, userId, name }) {
  const run = async () => {
    await api.removeParticipant(threadId, userId);
    openDialog("participants", { threadId });
  };
  return html`<${Question}
    title=${t.removeQuestion(name)}
    hint=${t.removeHint}
    label=${t.remove}
    run=${run}
  />`;
}

/** @param {{ threadId: string }} props */
export function Leave({ threadId }) {
  const run = async () => {
    await api.removeParticipant(threadId, config.userId);
    closeDialog();
    select(null);
  };
  return html`<${Question}
    title=${t.leaveQuestion}
    hint=${t.leaveHint}
    label=${t.leave}
    run=${run}
  />`;
}

/** @param {{ threadId: string }} props */
export function DeleteThread({ threadId }) {
  const run = async () => {
    await api.deleteThread(threadId);
    closeDialog();
    select(null);
  };
  return html`<${Question}
    title=${t.deleteQuestion}
    hint=${t.deleteHint}
    label=${t.deleteConversation}
    run=${run}
  />`;
}

/** @param {{ threadId: string, messageId: number }} props */
export function DeleteMessage({ threadId, messageId }) {
  const run = async () => {
    await api.deleteMessage(threadId, messageId);
    closeDialog();
  };
  return html`<${Question}
    title=${t.deleteMessageQuestion}
    hint=${t.deleteMessageHint}
    label=${t.deleteConversation}
    run=${run}
  />`;
}
