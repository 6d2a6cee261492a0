// The microphone button of the composer.
import { html, useEffect, useRef, useSignal } from "../../vendor/preact.js";
import { Dictation } from "../dictation.js";
import { speechLanguage } from "../store/capabilities.js";
import { t } from "../strings.js";
import { getToken } from "../token.js";
import { announcement, showNote } from "../ui.js";
import { IconButton } from "./icons.js";

/**
 * @typedef {object} Props
 * @property {Chat.Ref<{ stop: () => void }>} control stops the dictation
 * @property {(text: string) => void} onHypothesis called with what is recognized so far of a phrase, and
 *   with "" after it
 * @property {(text: string) => void} onPhrase called with each whole phrase
 */

/** @param {Props} props */
export function DictationButton({ control, onHypothesis, onPhrase }) {
  const isOn = useSignal(false);
  /** @type {Chat.Ref<Dictation>} */
  const running = useRef(null);
  const stop = () => running.current?.stop();
  control.current = { stop };
  // The microphone is turned off when the conversation is left.
  useEffect(() => stop, []);

  const start = () => {
    const dictation = new Dictation({
      url: location.origin,
      token: () => getToken(),
      language: speechLanguage.value ?? "",
      onHypothesis,
      onPhrase: (text) => {
        onHypothesis("");
        if (text) onPhrase(text);
      },
      onError: (reason) => showNote(t.dictationError(reason)),
      onEnd: () => {
        onHypothesis("");
        running.current = null;
        isOn.value = false;
      },
    });
    running.current = dictation;
    isOn.value = true;
    announcement.value = t.dictating;
    dictation.start();
  };

  if (!speechLanguage.value) return null;
  const label = isOn.value ? t.stopDictating : t.dictate;
  return html`<${IconButton}
    icon="microphone"
    class=${`dictate ${isOn.value ? "on" : ""}`}
    label=${label}
    aria-pressed=${String(isOn.value)}
    onClick=${() => (isOn.value ? stop() : start())}
  />`;
}
