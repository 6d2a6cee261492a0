// The whole page.
import { html, useEffect, useRef, useSignal } from "../../vendor/preact.js";
import { config } from "../config.js";
import { isOnline, status, tryNow } from "../connection.js";
import { t } from "../strings.js";
import { sessionEnded } from "../token.js";
import { announcement, dialog, note, openDialog, selected } from "../ui.js";
import { ConversationView } from "./conversation.js";
import { AddPeople, NewThread, Participants, Rename } from "./dialogs.js";
import { Icon, IconButton } from "./icons.js";
import { OwnName } from "./own-name.js";
import { DeleteMessage, DeleteThread, Leave, RemovePerson } from "./questions.js";
import { Sidebar } from "./sidebar.js";

/** @type {Record<string, (props: never) => unknown>} */
const DIALOGS = {
  addPeople: AddPeople,
  deleteMessage: DeleteMessage,
  deleteThread: DeleteThread,
  leave: Leave,
  newThread: NewThread,
  ownName: OwnName,
  participants: Participants,
  removePerson: RemovePerson,
  rename: Rename,
};

export function App() {
  const id = selected.value;
  return html`${id && html`<a class="skip" href="#composer" onClick=${skipToComposer}>${t.skipToMessage}</a>`}
    <div class=${`app ${id ? "shows-conversation" : "shows-list"}`}>
      <${ConnectionBanner} />
      <main class="panes">
        <div class="side"><${Sidebar} /><${DemoHint} /></div>
        ${id ? html`<${ConversationView} id=${id} />` : html`<${Welcome} />`}
      </main>
    </div>
    <${OpenDialog} />
    ${sessionEnded.value && html`<${SessionEnded} />`}
    <p class="hidden" role="status">${announcement.value}</p>
    ${note.value && html`<p class="note" aria-hidden="true">${note.value}</p>`}`;
}

/** @param {Event} event */
function skipToComposer(event) {
  // Following the link would change the address, which names the conversation.
  event.preventDefault();
  document.getElementById("composer")?.focus();
}

function OpenDialog() {
  if (!dialog.value) return null;
  const { name, properties } = dialog.value;
  return html`<${DIALOGS[name]} key=${name} ...${properties} />`;
}

function ConnectionBanner() {
  const isLive = status.value === "live" || status.value === "connecting";
  if (isLive && isOnline.value) return html`<div role="status"></div>`;
  return html`<div class="banner" role="status">
    <${Icon} name="alert" size=${18} />
    <span>${isOnline.value ? t.reconnecting : t.offline}</span>
    ${
      isOnline.value &&
      html`<button
      type="button"
      class="link"
      disabled=${status.value === "trying"}
      onClick=${tryNow}
    >
      ${status.value === "trying" ? t.connecting : t.tryNow}
    </button>`
    }
  </div>`;
}

function Welcome() {
  return html`<section class="conversation welcome">
    <div class="empty">
      <p class="big">${t.chooseConversation}</p>
      <p>${t.chooseConversationHint}</p>
      <button type="button" class="button primary" onClick=${() => openDialog("newThread")}>
        <${Icon} name="add" size=${18} /> ${t.newConversation}
      </button>
    </div>
  </section>`;
}

function DemoHint() {
  const isHidden = useSignal(sessionStorage.getItem("chatsite-demo-hint") === "off");
  const other = config.otherWindow;
  if (!other || isHidden.value) return null;
  return html`<aside class="demo-hint">
    <p>
      ${t.demoHint} <a href=${other.url} target="_blank" rel="noopener">${other.host}</a> ${t.demoHintEnd}
    </p>
    <${IconButton}
      icon="close"
      size=${16}
      label=${t.dismiss}
      onClick=${() => {
        isHidden.value = true;
        sessionStorage.setItem("chatsite-demo-hint", "off");
      }}
    />
  </aside>`;
}

// Loading the page leads to the sign-in page and back here; the browser keeps the fragment of the
// address, which names the conversation.
/** @param {Event} event */
function signInAgain(event) {
  event.preventDefault();
  location.reload();
}

// Cannot be closed, since nothing works without a session.
function SessionEnded() {
  /** @type {Chat.Ref<HTMLDialogElement>} */
  const box = useRef(null);
  useEffect(() => box.current?.showModal(), []);
  return html`<dialog
    ref=${box}
    class="dialog question"
    role="alertdialog"
    aria-labelledby="ended"
    onCancel=${(/** @type {Event} */ event) => event.preventDefault()}
  >
    <div class="dialog-body">
      <h2 id="ended">${t.sessionEnded}</h2>
      <p>${t.sessionEndedHint}</p>
      <p class="dialog-buttons">
        <a class="button primary" href=${config.signInUrl} onClick=${signInAgain}>${t.signIn}</a>
      </p>
    </div>
  </dialog>`;
}
