// What the server's engines can do, and what this person wants of it in this browser.
import { computed, signal } from "../../vendor/preact.js";
import * as api from "../api.js";
import { config } from "../config.js";
import { keep, restore } from "../storage.js";

const STORED = `chatsite-language:${config.userId}`;

const capabilities = signal(null);

// {translates, judges, language, speech}: whether incoming messages are translated and judged, and
// the languages to read and to speak, null as long as nobody chose.
export const preferences = signal(restore(localStorage, STORED, {}));

export function prefer(changes) {
  preferences.value = { ...preferences.value, ...changes };
  keep(localStorage, STORED, preferences.value);
}

// Asked for at every new connection: engines may have been installed meanwhile.
export async function loadAbilities() {
  try {
    capabilities.value = await api.getCapabilities();
  } catch {
    // Chatting needs none of it.
  }
}

const enginesFor = (ability) =>
  (capabilities.value?.[ability]?.engines ?? []).filter((engine) => engine.available);
const sorted = (codes) => [...new Set(codes)].sort();

// The languages that messages can be translated to.
export const targets = computed(() =>
  sorted(enginesFor("translation").flatMap(({ pairs }) => Object.values(pairs).flat())),
);
export const canTranslate = computed(() => targets.value.length > 0 && enginesFor("detection").length > 0);
export const canJudge = computed(() => enginesFor("sentiment").length > 0);
export const spoken = computed(() => sorted(enginesFor("speech").flatMap(({ languages }) => languages)));

const baseOf = (code) => code.toLowerCase().split("-")[0];

// The chosen one, else the first of the browser's languages that is there, else English.
function bestOf(codes, chosen) {
  if (codes.includes(chosen)) return chosen;
  for (const wanted of navigator.languages) {
    const found =
      codes.find((code) => code.toLowerCase() === wanted.toLowerCase()) ??
      codes.find((code) => baseOf(code) === baseOf(wanted));
    if (found) return found;
  }
  return codes.find((code) => baseOf(code) === "en") ?? codes[0] ?? null;
}

export const readLanguage = computed(() => bestOf(targets.value, preferences.value.language));
export const speechLanguage = computed(() => bestOf(spoken.value, preferences.value.speech));

const names = new Intl.DisplayNames(navigator.language || "en", { type: "language" });

// What a language is called in the reader's own.
export function languageName(code) {
  try {
    return names.of(code) ?? code;
  } catch {
    return code;
  }
}
