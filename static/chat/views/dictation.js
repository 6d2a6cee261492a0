// The microphone button of the composer.
import { html, useEffect, useRef, useSignal } from "../../vendor/preact.js";
import { Dictation } from "../dictation.js";
import { speechLanguage } from "../store/abilities.js";
import { t } from "../strings.js";
import { getToken } from "../token.js";
import { announcement, say } from "../ui.js";
import { IconButton } from "./icons.js";

// `onHypothesis(text)` is called with what is understood so far of a phrase, and with "" once it is
// over; `onPhrase(text)` with the whole phrase. `control` is a ref whose `stop` ends it.
export function DictationButton({ control, onHypothesis, onPhrase }) {
  const isOn = useSignal(false);
  const running = useRef(null);
  const stop = () => running.current?.stop();
  control.current = { stop };
  // Leaving the conversation leaves no microphone on.
  useEffect(() => stop, []);

  const start = () => {
    const dictation = new Dictation({
      url: location.origin,
      token: () => getToken(),
      language: speechLanguage.value,
      onHypothesis,
      onPhrase: (text) => {
        onHypothesis("");
        if (text) onPhrase(text);
      },
      onError: (reason) => say(t.dictationProblem(reason)),
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
