// In the own menu: translation, sentiment and the language that one speaks.
import { html } from "../../vendor/preact.js";
import {
  canJudge,
  canTranslate,
  languageName,
  prefer,
  preferences,
  readLanguage,
  speechLanguage,
  spoken,
  targets,
} from "../store/abilities.js";
import { t } from "../strings.js";

function Switch({ name, children }) {
  return html`<label>
    <input
      type="checkbox"
      checked=${Boolean(preferences.value[name])}
      onChange=${(event) => prefer({ [name]: event.currentTarget.checked })}
    />
    ${children}
  </label>`;
}

function Choice({ name, label, codes, value }) {
  return html`<label class="menu-choice">
    <span>${label}</span>
    <select onChange=${(event) => prefer({ [name]: event.currentTarget.value })}>
      ${codes.map(
        (code) => html`<option value=${code} selected=${code === value}>${languageName(code)}</option>`,
      )}
    </select>
  </label>`;
}

export function LanguageSettings() {
  const hasSpeech = spoken.value.length > 1;
  if (!canTranslate.value && !canJudge.value && !hasSpeech) return null;
  return html`<fieldset class="menu-group">
    <legend>${t.languages}</legend>
    ${
      canTranslate.value &&
      html`<${Switch} name="translates">${t.translateIncoming}<//>
      <${Choice}
        name="language"
        label=${t.translateTo}
        codes=${targets.value}
        value=${readLanguage.value}
      />`
    }
    ${canJudge.value && html`<${Switch} name="judges">${t.showSentiment}<//>`}
    ${
      hasSpeech &&
      html`<${Choice}
      name="speech"
      label=${t.speechLanguage}
      codes=${spoken.value}
      value=${speechLanguage.value}
    />`
    }
  </fieldset>`;
}
