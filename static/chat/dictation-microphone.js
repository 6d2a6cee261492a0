// The microphone as a source of 16-bit samples.
import { address } from "./dictation-worklet.js";

const RATE_HZ = 16_000;
const DENIED = new Set(["NotAllowedError", "SecurityError"]);

// The message is an error of Chat.DictationError: refused or missing.
export class MicrophoneError extends Error {
  /** @param {"refused" | "missing"} reason */
  constructor(reason) {
    super(reason);
    this.reason = reason;
  }
}

export class Microphone {
  /** @type {MediaStream | undefined} */
  #media;
  /** @type {AudioContext | undefined} */
  #context;
  /** @type {AudioWorkletNode | undefined} */
  #worklet;

  /**
   * Asks for permission, then calls `onAudio` ten times a second, and with null once everything
   * said before `stop` was passed on. Throws MicrophoneError.
   * @param {(audio: ArrayBuffer | null) => void} onAudio
   * @param {() => void} onLost called if the microphone is unplugged or permission is withdrawn
   */
  async open(onAudio, onLost) {
    try {
      // Browsers provide mediaDevices over HTTPS only.
      if (!navigator.mediaDevices) throw new DOMException("", "SecurityError");
      this.#media = await navigator.mediaDevices.getUserMedia({
        audio: { channelCount: 1, echoCancellation: true, noiseSuppression: true },
      });
      await this.#connect(this.#media, onAudio);
      this.#media.getTracks()[0].onended = onLost;
    } catch (error) {
      this.release();
      const isDenied = error instanceof DOMException && DENIED.has(error.name);
      throw new MicrophoneError(isDenied ? "refused" : "missing");
    }
  }

  // Samples per second.
  get rate() {
    return this.#context?.sampleRate ?? RATE_HZ;
  }

  /**
   * @param {MediaStream} media
   * @param {(audio: ArrayBuffer | null) => void} onAudio
   */
  async #connect(media, onAudio) {
    const { context, source } = this.#openContext(media);
    await context.audioWorklet.addModule(address);
    const worklet = new AudioWorkletNode(context, "dictation", { numberOfOutputs: 0 });
    worklet.port.onmessage = ({ data }) => {
      onAudio(data);
      if (!data) this.release();
    };
    source.connect(worklet);
    this.#worklet = worklet;
  }

  /** @param {MediaStream} media */
  #openContext(media) {
    try {
      this.#context = new AudioContext({ sampleRate: RATE_HZ });
      return { context: this.#context, source: this.#context.createMediaStreamSource(media) };
    } catch {
      // Not every browser resamples; the server does it then.
      this.#context?.close();
      this.#context = new AudioContext();
      return { context: this.#context, source: this.#context.createMediaStreamSource(media) };
    }
  }

  // Audio recorded before still arrives.
  stop() {
    this.#worklet?.port.postMessage("stop");
  }

  release() {
    for (const track of this.#media?.getTracks() ?? []) track.stop();
    if (this.#context && this.#context.state !== "closed") this.#context.close();
  }
}
