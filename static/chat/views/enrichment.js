// The translation and the sentiment of a message.
import { html, useEffect } from "../../vendor/preact.js";
import * as api from "../api.js";
import {
  canAnalyzeSentiment,
  canTranslate,
  languageName,
  preferences,
  readLanguage,
} from "../store/capabilities.js";
import { enrichmentOf, isCurrent, requestEnrichment, showOriginal, translate } from "../store/enrichment.js";
import { isMe } from "../store/names.js";
import { t } from "../strings.js";
import { showNote } from "../ui.js";
import { Icon, IconButton } from "./icons.js";

/**
 * Requests what the reader prefers to see, and returns what is known; null if nothing is.
 * @param {string} threadId
 * @param {Chat.Message} message
 */
export function useEnrichment(threadId, message) {
  const entry = enrichmentOf(threadId, message);
  const { translates, judges } = preferences.value;
  const isWanted = !isMe(message.sender) && !message.isDeleted;
  useEffect(() => {
    if (isWanted) requestEnrichment(threadId, message);
  }, [
    message.version,
    translates,
    judges,
    readLanguage.value,
    canTranslate.value,
    canAnalyzeSentiment.value,
  ]);
  return isCurrent(entry, message) && !message.isDeleted ? entry.value : null;
}

/**
 * The translation, if the reader asked for it or prefers to see translations.
 * @param {Chat.Enrichment | null} found
 */
const translationIn = (found) =>
  found?.isRequested || preferences.value.translates ? found?.translation : undefined;

/**
 * The text of the translation, if it is shown instead of the message.
 * @param {Chat.Enrichment | null} found
 */
export function translatedText(found) {
  const translation = translationIn(found);
  return translation && translation.quality !== "original" && !found?.showsOriginal ? translation.text : null;
}

/**
 * Below a message: what translated it, and the button that shows the original.
 * @param {{ threadId: string, message: Chat.Message, found: Chat.Enrichment | null }} props
 */
export function TranslationLine({ threadId, message, found }) {
  if (found?.state === "working") return html`<p class="translation-line">${t.translating}</p>`;
  const translation = translationIn(found);
  if (!found || !translation || translation.quality === "original") return null;
  const { engine, quality } = translation;
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

/** @type {Record<Api.SentimentLabel, Chat.IconName>} */
const FACES = { positive: "smile", neutral: "calm", negative: "frown", mixed: "calm" };

/**
 * A small face, in the same color for all sentiments: it is a guess about a text, not a judgment.
 * @param {{ found: Chat.Enrichment | null }} props
 */
export function Sentiment({ found }) {
  if (!found?.sentiment || !preferences.value.judges) return null;
  const { sentiment, confidenceScores } = found.sentiment;
  const score = Math.max(...Object.values(confidenceScores));
  const label = t.sentiment(sentiment, Math.round(score * 100));
  return html`<span class="sentiment" role="img" aria-label=${label} title=${label}>
    <${Icon} name=${FACES[sentiment]} size=${15} />
  </span>`;
}

/**
 * In the toolbar of a message.
 * @param {{ threadId: string, message: Chat.Message, found: Chat.Enrichment | null }} props
 */
export function TranslateButton({ threadId, message, found }) {
  const isDone = translationIn(found) && !found?.showsOriginal;
  if (!canTranslate.value || isDone || found?.state === "working") return null;
  return html`<${IconButton}
    icon="languages"
    size=${17}
    label=${t.translate}
    onClick=${() => translateOne(threadId, message)}
  />`;
}

/**
 * @param {string} threadId
 * @param {Chat.Message} message
 */
async function translateOne(threadId, message) {
  try {
    await translate(threadId, message);
    const { translation } = enrichmentOf(threadId, message).value;
    if (translation?.quality === "original") {
      showNote(t.alreadyInLanguage(languageName(readLanguage.value ?? "")));
    }
  } catch (error) {
    const isUnavailable = error instanceof api.ApiError && error.status === 503;
    showNote(isUnavailable ? t.translationUnavailable : api.sentenceOf(error));
  }
}
