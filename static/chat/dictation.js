// Turns what somebody says into text: with the browser's own recognition where it stays on the
// device, else with the server's, over the frames of the Speech SDKs.
import { audioFrame, newId, readFrame, textFrame, wavHeader } from "./dictation-frames.js";
import { Microphone } from "./dictation-microphone.js";

const PATH = "/speech/recognition/dictation/cognitiveservices/v1";
// How long to wait, after the last sound, for the last words.
const PATIENCE_MS = 30_000;
// Sound that may wait for the connection, in pieces of a tenth of a second.
const MOST_WAITING = 100;

// Why nothing is heard: refused and missing are about the microphone, the rest about the server.
const REASONS = {
  BadRequest: "language",
  TooManyRequests: "busy",
  Forbidden: "unauthorized",
  Error: "unavailable",
};
// Why a socket was closed.
const CLOSED = { 4401: "unauthorized", 4429: "busy" };

export class Dictation {
  // `url` is the server's origin, `token` a user's token or an async function that returns one,
  // `language` a code such as en-US. `onHypothesis(text)` is called with what is understood of a
  // phrase so far, as often as it changes, and `onPhrase(text)` once with the whole phrase;
  // `onError(reason)` with refused, missing, busy, language, unauthorized, unavailable or offline;
  // `onEnd()` once, last of all.
  constructor({ url, token, language, onHypothesis, onPhrase, onEnd, onError }) {
    this.url = url;
    this.token = token;
    this.language = language;
    this.on = { onHypothesis, onPhrase, onEnd, onError };
    this.state = "new";
    this.isListening = false;
  }

  // Asks for the microphone, so call it upon a click; once for each object.
  async start() {
    this.state = "on";
    if (await isOnDevice(this.language)) this.listenOnDevice();
    else await this.listenWithServer();
  }

  // The rest of what was said still comes, then onEnd.
  stop() {
    if (this.state !== "on") return;
    this.state = "stopping";
    this.deadline = setTimeout(() => this.end(), PATIENCE_MS);
    if (this.recognition) this.recognition.stop();
    else if (this.isListening) this.microphone.stop();
    else this.end();
  }

  // --- With the device's own recognition ---

  listenOnDevice() {
    let hasHeard = false;
    const recognition = new globalThis.SpeechRecognition();
    Object.assign(recognition, {
      lang: this.language,
      processLocally: true,
      continuous: true,
      interimResults: true,
    });
    recognition.onresult = ({ results, resultIndex }) => {
      hasHeard = true;
      for (const result of [...results].slice(resultIndex)) {
        if (result.isFinal) this.on.onPhrase?.(result[0].transcript.trim());
        else this.on.onHypothesis?.(result[0].transcript.trim());
      }
    };
    recognition.onerror = ({ error }) => {
      if (error === "no-speech" || error === "aborted") return;
      if (error === "not-allowed") this.fail("refused");
      // That it is there does not say that it works.
      else if (!hasHeard && this.state === "on") {
        recognition.onend = null;
        this.recognition = null;
        this.listenWithServer();
      } else this.fail("unavailable");
    };
    recognition.onend = () => this.end();
    this.recognition = recognition;
    recognition.start();
  }

  // --- With the server's ---

  async listenWithServer() {
    this.microphone = new Microphone();
    this.requestId = newId();
    this.waiting = [];
    try {
      // An empty piece says that no more sound comes.
      await this.microphone.open(
        (piece) => this.sendSound(piece ?? new ArrayBuffer(0)),
        () => this.stop(),
      );
    } catch (problem) {
      return this.fail(problem.message);
    }
    if (this.state === "ended") return this.microphone.release();
    this.isListening = true;
    this.waiting.unshift(wavHeader(this.microphone.rate));
    try {
      await this.openSocket();
    } catch {
      this.fail("offline");
    }
  }

  async openSocket() {
    const token = typeof this.token === "function" ? await this.token() : this.token;
    if (this.state === "ended") return;
    const url = new URL(PATH, this.url);
    url.protocol = url.protocol.replace("http", "ws");
    url.searchParams.set("language", this.language);
    const socket = new WebSocket(url);
    this.socket = socket;
    socket.onmessage = ({ data }) => this.receive(data);
    socket.onclose = ({ code }) => this.fail(CLOSED[code] ?? "offline");
    socket.onopen = () => {
      this.sendText("authorization", { token });
      this.sendText("speech.config", { context: { system: { name: "chatsite" } } });
      this.sendText("speech.context", {});
      for (const piece of this.waiting.splice(0)) this.sendSound(piece);
    };
  }

  sendText(path, body) {
    this.socket.send(textFrame(path, this.requestId, body));
  }

  sendSound(piece) {
    if (this.socket?.readyState === WebSocket.OPEN) {
      this.socket.send(audioFrame(this.requestId, piece));
    } else if (this.waiting.length < MOST_WAITING || !piece.byteLength) this.waiting.push(piece);
  }

  receive(data) {
    const { path, body } = readFrame(data);
    if (path === "speech.hypothesis") this.on.onHypothesis?.(body.Text);
    else if (path === "speech.phrase" && body.RecognitionStatus === "Success") {
      this.on.onPhrase?.(body.DisplayText);
    } else if (path === "speech.phrase" && body.RecognitionStatus in REASONS) {
      this.fail(REASONS[body.RecognitionStatus]);
    } else if (path === "turn.end") this.end();
  }

  // --- The end ---

  fail(reason) {
    if (this.state === "ended") return;
    this.on.onError?.(reason);
    this.end();
  }

  end() {
    if (this.state === "ended") return;
    this.state = "ended";
    clearTimeout(this.deadline);
    this.release();
    this.on.onEnd?.();
  }

  release() {
    this.recognition?.abort();
    if (this.socket) this.socket.onclose = null;
    this.socket?.close();
    this.microphone?.release();
  }
}

async function isOnDevice(language) {
  try {
    const options = { langs: [language], processLocally: true };
    return (await globalThis.SpeechRecognition?.available?.(options)) === "available";
  } catch {
    return false;
  }
}
