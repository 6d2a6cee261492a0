// The user menu's settings for translation, sentiment, and dictation.
import { html } from "../../vendor/preact.js";
import {
  canAnalyzeSentiment,
  canTranslate,
  languageName,
  preferences,
  readLanguage,
  setPreferences,
  speechLanguage,
  speechLanguages,
  translationLanguages,
} from "../store/capabilities.js";
import { t } from "../strings.js";

/** @param {{ name: "translates" | "judges", children: Chat.Children }} props */
function Switch({ name, children }) {
  return html`<label>
    <input
      type="checkbox"
      checked=${Boolean(preferences.value[name])}
      onChange=${(/** @type {Event & { currentTarget: HTMLInputElement }} */ event) =>
        setPreferences({ [name]: event.currentTarget.checked })}
    />
    ${children}
  </label>`;
}

/**
 * @typedef {object} ChoiceProps
 * @property {"language" | "speech"} name
 * @property {string} label
 * @property {string[]} codes
 * @property {string | null} value
 */

/** @param {ChoiceProps} props */
function Choice({ name, label, codes, value }) {
  return html`<label class="menu-choice">
    <span>${label}</span>
    <select onChange=${(/** @type {Chat.SelectEvent} */ event) => setPreferences({ [name]: event.currentTarget.value })}>
      ${codes.map(
        (code) => html`<option value=${code} selected=${code === value}>${languageName(code)}</option>`,
      )}
    </select>
  </label>`;
}

export function LanguageSettings() {
  const hasSpeech = speechLanguages.value.length > 1;
  if (!canTranslate.value && !canAnalyzeSentiment.value && !hasSpeech) return null;
  return html`<fieldset class="menu-group">
    <legend>${t.languages}</legend>
    ${
      canTranslate.value &&
      html`<${Switch} name="translates">${t.translateIncoming}<//>
      <${Choice}
        name="language"
        label=${t.translateTo}
        codes=${translationLanguages.value}
        value=${readLanguage.value}
      />`
    }
    ${canAnalyzeSentiment.value && html`<${Switch} name="judges">${t.showSentiment}<//>`}
    ${
      hasSpeech &&
      html`<${Choice}
      name="speech"
      label=${t.speechLanguage}
      codes=${speechLanguages.value}
      value=${speechLanguage.value}
    />`
    }
  </fieldset>`;
}
