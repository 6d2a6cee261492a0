// What stands with a message because engines found it out: its translation and its sentiment.
import { html, useEffect } from "../../vendor/preact.js";
import { canJudge, canTranslate, languageName, preferences, readLanguage } from "../store/abilities.js";
import { enrichmentOf, isCurrent, showOriginal, translate, wish } from "../store/enrichment.js";
import { isMe } from "../store/names.js";
import { t } from "../strings.js";
import { say } from "../ui.js";
import { Icon, IconButton } from "./icons.js";

// Asks for what the reader prefers to know, and returns what is known, or null.
export function useEnrichment(threadId, message) {
  const entry = enrichmentOf(threadId, message);
  const { translates, judges } = preferences.value;
  const isWished = !isMe(message.sender) && !message.isDeleted;
  useEffect(() => {
    if (isWished) wish(threadId, message);
  }, [message.version, translates, judges, readLanguage.value, canTranslate.value, canJudge.value]);
  return isCurrent(entry, message) && !message.isDeleted ? entry.value : null;
}

// Whether there is a translation that the reader wants: of this message, or of all incoming ones.
const hasTranslation = (found) =>
  Boolean(found?.translation) && (found.isAsked || Boolean(preferences.value.translates));

// Whether the translation is shown in the place of the message.
export const isTranslated = (found) =>
  hasTranslation(found) && found.translation.quality !== "original" && !found.showsOriginal;

// Below a message: where its translation comes from, and the way back to the original.
export function TranslationLine({ threadId, message, found }) {
  if (found?.state === "working") return html`<p class="translation-line">${t.translating}</p>`;
  if (!hasTranslation(found)) return null;
  const { engine, quality } = found.translation;
  if (quality === "original") return null;
  const isShown = !found.showsOriginal;
  const from = found.from ? languageName(found.from) : null;
  return html`<p class="translation-line">
    ${isShown && html`<span>${t.translatedBy(quality, from, engine)}</span>${" "}`}
    <button
      type="button"
      class="link"
      onClick=${() => showOriginal(threadId, message, isShown)}
    >
      ${isShown ? t.showOriginal : t.showTranslation}
    </button>
  </p>`;
}

const FACES = { positive: "smile", neutral: "calm", negative: "frown", mixed: "calm" };

// A small sign, the same colour whatever it says: a guess about a text, not a verdict on a person.
export function Sentiment({ found }) {
  if (!found?.sentiment || !preferences.value.judges) return null;
  const { sentiment, confidenceScores } = found.sentiment;
  const score = Math.max(...Object.values(confidenceScores));
  const label = t.sentiment(sentiment, Math.round(score * 100));
  return html`<span class="sentiment" role="img" aria-label=${label} title=${label}>
    <${Icon} name=${FACES[sentiment]} size=${15} />
  </span>`;
}

// Among the actions of a message.
export function TranslateButton({ threadId, message, found }) {
  const isDone = hasTranslation(found) && !found.showsOriginal;
  if (!canTranslate.value || isDone || found?.state === "working") return null;
  return html`<${IconButton}
    icon="languages"
    size=${17}
    label=${t.translate}
    onClick=${() => translateOne(threadId, message)}
  />`;
}

async function translateOne(threadId, message) {
  try {
    await translate(threadId, message);
    const { translation } = enrichmentOf(threadId, message).value;
    if (translation?.quality === "original") say(t.isInYourLanguage(languageName(readLanguage.value)));
  } catch (problem) {
    say(problem.status === 503 ? t.translationUnavailable : problem.sentence);
  }
}
