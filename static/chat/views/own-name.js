// The dialog to change the own display name.
import { html, useId, useSignal } from "../../vendor/preact.js";
import * as api from "../api.js";
import { config } from "../config.js";
import { t } from "../strings.js";
import { ownName, setOwnName } from "../token.js";
import { closeDialog } from "../ui.js";
import { Dialog, Problem } from "./dialog.js";
import { Buttons, useAction } from "./dialogs.js";
import { writesTo } from "./inputs.js";

export function OwnName() {
  const name = useSignal(ownName.value);
  const id = useId();
  const { start, problem, isBusy } = useAction(async () => {
    const { displayName } = await api.updateOwnName(name.value.trim());
    setOwnName(displayName);
    closeDialog();
  });
  return html`<${Dialog} title=${t.changeName}>
    <form onSubmit=${start}>
      <label for=${id}>${t.ownName}</label>
      <input
        id=${id}
        class="field"
        dir="auto"
        data-focus
        required
        maxlength=${config.limits.nameLength}
        autocomplete="name"
        aria-describedby=${`${id}-hint`}
        value=${name.value}
        onInput=${writesTo(name)}
      />
      <small id=${`${id}-hint`}>${t.ownNameHint}</small>
      ${problem.value && html`<${Problem} text=${problem.value} />`}
      <${Buttons} label=${t.save} isBusy=${isBusy} isReady=${Boolean(name.value.trim())} />
    </form>
  <//>`;
}
