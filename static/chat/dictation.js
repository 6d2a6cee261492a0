// Converts speech to text: with the browser's own recognition if it runs on the device, otherwise
// with the server's, over the frames of the Speech SDKs.
import { audioFrame, newRequestId, parseFrame, textFrame, wavHeader } from "./dictation-frames.js";
import { Microphone, MicrophoneError } from "./dictation-microphone.js";

const PATH = "/speech/recognition/dictation/cognitiveservices/v1";
// How long to wait for the last phrase after the end of the audio.
const STOP_TIMEOUT_MS = 30_000;
// How many chunks of audio, of a tenth of a second each, may wait for the connection.
const MAX_WAITING_CHUNKS = 100;

/**
 * Errors by RecognitionStatus.
 * @type {Record<string, Chat.DictationError>}
 */
const STATUS_ERRORS = {
  BadRequest: "language",
  TooManyRequests: "busy",
  Forbidden: "unauthorized",
  Error: "unavailable",
};
/**
 * Errors by close code of the socket.
 * @type {Record<number, Chat.DictationError>}
 */
const CLOSE_ERRORS = { 4401: "unauthorized", 4429: "busy" };

export class Dictation {
  /** @type {"new" | "on" | "stopping" | "ended"} */
  #state = "new";
  #isRecording = false;
  #requestId = "";
  /** @type {ArrayBuffer[]} */
  #waiting = [];
  #microphone = new Microphone();
  /** @type {WebSocket | undefined} */
  #socket;
  /** @type {DeviceRecognition | undefined} */
  #recognition;
  /** @type {Chat.Timer} */
  #timeout;

  /** @param {Chat.DictationOptions} options */
  constructor(options) {
    this.options = options;
  }

  // Asks for the microphone, so browsers require that a click leads here. Once for each object.
  async start() {
    this.#state = "on";
    const Recognition = await onDeviceRecognition(this.options.language);
    if (Recognition) this.#recognizeOnDevice(new Recognition());
    else await this.#recognizeOnServer();
  }

  // Phrases said before still arrive, then onEnd is called.
  stop() {
    if (this.#state !== "on") return;
    this.#state = "stopping";
    this.#timeout = setTimeout(() => this.#end(), STOP_TIMEOUT_MS);
    if (this.#recognition) this.#recognition.stop();
    else if (this.#isRecording) this.#microphone.stop();
    else this.#end();
  }

  // --- On the device ---

  /** @param {DeviceRecognition} recognition */
  #recognizeOnDevice(recognition) {
    let hasResults = false;
    Object.assign(recognition, {
      lang: this.options.language,
      processLocally: true,
      continuous: true,
      interimResults: true,
    });
    recognition.onresult = ({ results, resultIndex }) => {
      hasResults = true;
      for (const result of [...results].slice(resultIndex)) this.#receiveResult(result);
    };
    recognition.onerror = ({ error }) => {
      if (error === "no-speech" || error === "aborted") return;
      if (error === "not-allowed") this.#fail("refused");
      // Browsers may report recognition as available although it does not work.
      else if (!hasResults && this.#state === "on") this.#fallBackToServer(recognition);
      else this.#fail("unavailable");
    };
    recognition.onend = () => this.#end();
    this.#recognition = recognition;
    recognition.start();
  }

  /** @param {SpeechRecognitionResult} result */
  #receiveResult(result) {
    const text = result[0].transcript.trim();
    if (result.isFinal) this.options.onPhrase?.(text);
    else this.options.onHypothesis?.(text);
  }

  /** @param {DeviceRecognition} recognition */
  #fallBackToServer(recognition) {
    recognition.onend = null;
    this.#recognition = undefined;
    this.#recognizeOnServer();
  }

  // --- On the server ---

  async #recognizeOnServer() {
    this.#requestId = newRequestId();
    try {
      // An empty chunk marks the end of the audio.
      await this.#microphone.open(
        (audio) => this.#sendAudio(audio ?? new ArrayBuffer(0)),
        () => this.stop(),
      );
    } catch (error) {
      this.#fail(error instanceof MicrophoneError ? error.reason : "missing");
      return;
    }
    if (this.#isEnded) {
      this.#microphone.release();
      return;
    }
    this.#isRecording = true;
    this.#waiting.unshift(wavHeader(this.#microphone.rate));
    try {
      await this.#openSocket();
    } catch {
      this.#fail("offline");
    }
  }

  // A getter, because the state changes while a method waits.
  get #isEnded() {
    return this.#state === "ended";
  }

  async #openSocket() {
    const { token: given, url: origin, language } = this.options;
    const token = typeof given === "function" ? await given() : given;
    if (this.#isEnded) return;
    const url = new URL(PATH, origin);
    url.protocol = url.protocol.replace("http", "ws");
    url.searchParams.set("language", language);
    const socket = new WebSocket(url);
    this.#socket = socket;
    socket.onmessage = ({ data }) => this.#receiveFrame(data);
    socket.onclose = ({ code }) => this.#fail(CLOSE_ERRORS[code] ?? "offline");
    socket.onopen = () => {
      /** @type {(path: string, body: unknown) => void} */
      const send = (path, body) => socket.send(textFrame(path, this.#requestId, body));
      send("authorization", { token });
      send("speech.config", { context: { system: { name: "chatsite" } } });
      send("speech.context", {});
      for (const audio of this.#waiting.splice(0)) this.#sendAudio(audio);
    };
  }

  /** @param {ArrayBuffer} audio */
  #sendAudio(audio) {
    if (this.#socket?.readyState === WebSocket.OPEN) {
      this.#socket.send(audioFrame(this.#requestId, audio));
    } else if (this.#waiting.length < MAX_WAITING_CHUNKS || !audio.byteLength) {
      this.#waiting.push(audio);
    }
  }

  /** @param {string} data */
  #receiveFrame(data) {
    const { path, body } = parseFrame(data);
    if (path === "speech.hypothesis") this.options.onHypothesis?.(body.Text);
    else if (path === "speech.phrase" && body.RecognitionStatus === "Success") {
      this.options.onPhrase?.(body.DisplayText);
    } else if (path === "speech.phrase" && body.RecognitionStatus in STATUS_ERRORS) {
      this.#fail(STATUS_ERRORS[body.RecognitionStatus]);
    } else if (path === "turn.end") this.#end();
  }

  // --- The end ---

  /** @param {Chat.DictationError} reason */
  #fail(reason) {
    if (this.#isEnded) return;
    this.options.onError?.(reason);
    this.#end();
  }

  #end() {
    if (this.#isEnded) return;
    this.#state = "ended";
    clearTimeout(this.#timeout);
    this.#recognition?.abort();
    if (this.#socket) this.#socket.onclose = null;
    this.#socket?.close();
    this.#microphone.release();
    this.options.onEnd?.();
  }
}

/**
 * The browser's recognition if it supports the language on the device, otherwise null.
 * @param {string} language
 */
async function onDeviceRecognition(language) {
  try {
    const Recognition = globalThis.SpeechRecognition;
    const availability = await Recognition?.available?.({ langs: [language], processLocally: true });
    return Recognition && availability === "available" ? Recognition : null;
  } catch {
    return null;
  }
}
