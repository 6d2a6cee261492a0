// Dialogs about conversations: start one, rename it, add people, list participants.
import { html, useId, useSignal } from "../../vendor/preact.js";
import * as api from "../api.js";
import { config } from "../config.js";
import { isoDay } from "../format.js";
import { openedConversation } from "../store/conversation.js";
import { isMe, nameOf } from "../store/names.js";
import { loadThread, threads } from "../store/threads.js";
import { t } from "../strings.js";
import { ownName } from "../token.js";
import { closeDialog, openDialog, select, showNote } from "../ui.js";
import { Avatar } from "./avatar.js";
import { Dialog, Problem } from "./dialog.js";
import { Icon, IconButton } from "./icons.js";
import { writesTo } from "./inputs.js";
import { PeoplePicker } from "./people.js";

/**
 * Runs the action of a dialog, which stays open with the reason if that fails.
 * @param {() => Promise<void>} run
 */
export function useAction(run) {
  const problem = useSignal("");
  const isBusy = useSignal(false);
  const start = async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (isBusy.value) return;
    isBusy.value = true;
    problem.value = "";
    try {
      await run();
    } catch (error) {
      problem.value = api.sentenceOf(error);
    } finally {
      isBusy.value = false;
    }
  };
  return { start, problem, isBusy };
}

/**
 * @typedef {object} ButtonsProps
 * @property {string} label
 * @property {Chat.Signal<boolean>} isBusy
 * @property {boolean} [isReady]
 * @property {boolean} [danger]
 */

/** @param {ButtonsProps} props */
export function Buttons({ label, isBusy, isReady = true, danger = false }) {
  return html`<footer class="dialog-buttons">
    <button type="button" class="button" onClick=${closeDialog}>${t.cancel}</button>
    <button
      type="submit"
      class=${`button ${danger ? "danger" : "primary"}`}
      disabled=${isBusy.value || !isReady}
    >
      ${label}
    </button>
  </footer>`;
}

/** @param {Api.AddParticipantsResult | null} result */
function showInvalidParticipants(result) {
  const invalid = result?.invalidParticipants?.length ?? 0;
  if (invalid) showNote(t.couldNotAdd(invalid));
}

/**
 * @param {Chat.Person} person
 * @param {Partial<Api.Participant>} more
 * @returns {Api.Participant}
 */
const participant = ({ id, name }, more = {}) => ({
  communicationIdentifier: api.identifier(id),
  ...(name ? { displayName: name } : {}),
  ...more,
});

export function NewThread() {
  const topic = useSignal("");
  /** @type {Chat.Signal<Chat.Person[]>} */
  const chosen = useSignal([]);
  const id = useId();
  // A repeated request creates no second conversation.
  const requestId = useSignal(crypto.randomUUID());
  const { start, problem, isBusy } = useAction(async () => {
    const myself = participant({ id: config.userId, name: ownName.value });
    const others = chosen.value.map((person) => participant(person));
    const result = await api.createThread(requestId.value, topic.value.trim(), [myself, ...others]);
    showInvalidParticipants(result);
    await loadThread(result.chatThread.id);
    closeDialog();
    select(result.chatThread.id);
  });
  return html`<${Dialog} title=${t.newConversation}>
    <form onSubmit=${start}>
      <label for=${id}>${t.topic}</label>
      <input
        id=${id}
        class="field"
        dir="auto"
        data-focus
        required
        maxlength=${config.limits.topicLength}
        placeholder=${t.topicHint}
        autocomplete="off"
        value=${topic.value}
        onInput=${writesTo(topic)}
      />
      <h3>${t.people}</h3>
      <${PeoplePicker} chosen=${chosen} />
      ${problem.value && html`<${Problem} text=${problem.value} />`}
      <${Buttons} label=${t.start} isBusy=${isBusy} isReady=${Boolean(topic.value.trim())} />
    </form>
  <//>`;
}

/** @param {{ threadId: string }} props */
export function Rename({ threadId }) {
  const topic = useSignal(threads.value.get(threadId)?.topic ?? "");
  const id = useId();
  const { start, problem, isBusy } = useAction(async () => {
    await api.updateThread(threadId, topic.value.trim());
    closeDialog();
  });
  return html`<${Dialog} title=${t.renameTitle}>
    <form onSubmit=${start}>
      <label for=${id}>${t.topic}</label>
      <input
        id=${id}
        class="field"
        dir="auto"
        data-focus
        required
        maxlength=${config.limits.topicLength}
        autocomplete="off"
        value=${topic.value}
        onInput=${writesTo(topic)}
      />
      ${problem.value && html`<${Problem} text=${problem.value} />`}
      <${Buttons} label=${t.save} isBusy=${isBusy} isReady=${Boolean(topic.value.trim())} />
    </form>
  <//>`;
}

/** @typedef {"historyAll" | "historyNone" | "historySince"} HistoryChoice */
/** @type {HistoryChoice[]} */
const HISTORY = ["historyAll", "historyNone", "historySince"];

/**
 * From when on new participants may read the history. "Now" comes from the server: ids of messages are
 * its milliseconds, and clocks of browsers are often wrong.
 * @param {HistoryChoice} choice
 * @param {string} day such as 2026-11-29
 * @param {string} threadId
 */
function historyStart(choice, day, threadId) {
  if (choice === "historyAll") return new Date(0).toISOString();
  if (choice === "historyNone") {
    const newest = openedConversation(threadId)?.newestId || threads.value.get(threadId)?.activity;
    return new Date((newest ?? Date.now()) + 1).toISOString();
  }
  return new Date(`${day}T00:00:00`).toISOString();
}

/** @param {{ threadId: string }} props */
export function AddPeople({ threadId }) {
  /** @type {Chat.Signal<Chat.Person[]>} */
  const chosen = useSignal([]);
  const choice = useSignal(/** @type {HistoryChoice} */ ("historyAll"));
  const day = useSignal("");
  const people = openedConversation(threadId)?.people.value ?? [];
  const present = new Set(people.map(({ id }) => id));
  const { start, problem, isBusy } = useAction(async () => {
    const shareHistoryTime = historyStart(choice.value, day.value, threadId);
    const others = chosen.value.map((person) => participant(person, { shareHistoryTime }));
    showInvalidParticipants(await api.addParticipants(threadId, others));
    closeDialog();
  });
  const isReady = chosen.value.length > 0 && (choice.value !== "historySince" || day.value !== "");
  return html`<${Dialog} title=${t.addPeople}>
    <form onSubmit=${start}>
      <${PeoplePicker} chosen=${chosen} without=${present} focus />
      <fieldset class="choices">
        <legend>${t.history}</legend>
        ${HISTORY.map(
          (name) => html`<label>
            <input
              type="radio"
              name="history"
              checked=${choice.value === name}
              onChange=${() => {
                choice.value = name;
              }}
            />
            ${t[name]}
          </label>`,
        )}
        ${
          choice.value === "historySince" &&
          html`<input
          type="date"
          class="field"
          required
          aria-label=${t.historyDate}
          max=${isoDay(Date.now())}
          value=${day.value}
          onInput=${writesTo(day)}
        />`
        }
      </fieldset>
      ${problem.value && html`<${Problem} text=${problem.value} />`}
      <${Buttons} label=${t.add} isBusy=${isBusy} isReady=${isReady} />
    </form>
  <//>`;
}

/** @param {{ threadId: string }} props */
export function Participants({ threadId }) {
  const people = openedConversation(threadId)?.people.value ?? [];
  const label = (/** @type {Chat.Person} */ { id, name }) => (isMe(id) ? t.you : name || nameOf(id));
  return html`<${Dialog} title=${t.participants(people.length)} class="sheet">
    <button
      type="button"
      class="button wide"
      data-focus
      onClick=${() => openDialog("addPeople", { threadId })}
    >
      <${Icon} name="personAdd" size=${18} /> ${t.addPeople}
    </button>
    <ul class="people">
      ${people.map(
        (person) => html`<li key=${person.id} class="person">
          <${Avatar} name=${isMe(person.id) ? ownName.value : label(person)} of=${person.id} />
          <span title=${person.id}><bdi>${label(person)}</bdi></span>
          ${
            !isMe(person.id) &&
            html`<${IconButton}
            icon="close"
            size=${18}
            label=${t.removePerson(label(person))}
            onClick=${() => openDialog("removePerson", { threadId, userId: person.id, name: label(person) })}
          />`
          }
        </li>`,
      )}
    </ul>
  <//>`;
}
