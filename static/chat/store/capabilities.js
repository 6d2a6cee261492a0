// What the server's engines can do, and what this person prefers in this browser.
import { computed, signal } from "../../vendor/preact.js";
import * as api from "../api.js";
import { config } from "../config.js";
import { restore, save } from "../storage.js";

const STORED = `chatsite-language:${config.userId}`;

/** @type {Chat.Signal<Api.Capabilities | null>} */
const capabilities = signal(null);

/** @type {Chat.Signal<Chat.Preferences>} */
export const preferences = signal(restore(localStorage, STORED, {}));

/** @param {Chat.Preferences} changes */
export function setPreferences(changes) {
  preferences.value = { ...preferences.value, ...changes };
  save(localStorage, STORED, preferences.value);
}

// Called for every new connection: engines may have been installed meanwhile.
export async function loadCapabilities() {
  try {
    capabilities.value = await api.getCapabilities();
  } catch {
    // The chat works without them.
  }
}

/** @param {Api.Ability} ability */
const enginesFor = (ability) =>
  (capabilities.value?.[ability]?.engines ?? []).filter((engine) => engine.available);

/** @param {string[]} codes */
const sortedUnique = (codes) => [...new Set(codes)].sort();

export const translationLanguages = computed(() =>
  sortedUnique(enginesFor("translation").flatMap(({ pairs }) => Object.values(pairs ?? {}).flat())),
);
export const canTranslate = computed(
  () => translationLanguages.value.length > 0 && enginesFor("detection").length > 0,
);
export const canAnalyzeSentiment = computed(() => enginesFor("sentiment").length > 0);
export const speechLanguages = computed(() =>
  sortedUnique(enginesFor("speech").flatMap(({ languages }) => languages ?? [])),
);

/** @param {string} code */
const baseOf = (code) => code.toLowerCase().split("-")[0];

/**
 * The chosen language, or the first available one of the browser's languages, or English.
 * @param {string[]} codes
 * @param {string | undefined} chosen
 */
function bestOf(codes, chosen) {
  if (chosen && codes.includes(chosen)) return chosen;
  for (const wanted of navigator.languages) {
    const found =
      codes.find((code) => code.toLowerCase() === wanted.toLowerCase()) ??
      codes.find((code) => baseOf(code) === baseOf(wanted));
    if (found) return found;
  }
  return codes.find((code) => baseOf(code) === "en") ?? codes[0] ?? null;
}

export const readLanguage = computed(() => bestOf(translationLanguages.value, preferences.value.language));
export const speechLanguage = computed(() => bestOf(speechLanguages.value, preferences.value.speech));

const names = new Intl.DisplayNames(navigator.language || "en", { type: "language" });

/**
 * The name of a language in the reader's own language.
 * @param {string} code
 */
export function languageName(code) {
  try {
    return names.of(code) ?? code;
  } catch {
    return code;
  }
}
