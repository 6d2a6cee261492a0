// The microphone as a source of 16-bit samples.
import { address } from "./dictation-worklet.js";

const RATE_HZ = 16_000;
const DENIED = new Set(["NotAllowedError", "SecurityError"]);

export class Microphone {
  // Asks for it, and calls `onSound` with an ArrayBuffer ten times a second, and with null when all
  // has been said after `stop`. `onLost` is called when it is unplugged or taken away. Rejects with
  // an Error whose message is refused or missing.
  async open(onSound, onLost) {
    try {
      // Not there at all on a page that came over plain http.
      if (!navigator.mediaDevices) throw new DOMException("", "SecurityError");
      this.media = await navigator.mediaDevices.getUserMedia({
        audio: { channelCount: 1, echoCancellation: true, noiseSuppression: true },
      });
      await this.connect(onSound);
    } catch (problem) {
      this.release();
      throw new Error(DENIED.has(problem.name) ? "refused" : "missing");
    }
    this.media.getTracks()[0].onended = onLost;
  }

  get rate() {
    return this.context.sampleRate;
  }

  async connect(onSound) {
    let source;
    try {
      this.context = new AudioContext({ sampleRate: RATE_HZ });
      source = this.context.createMediaStreamSource(this.media);
    } catch {
      // Not every browser converts; the server can as well.
      this.context?.close();
      this.context = new AudioContext();
      source = this.context.createMediaStreamSource(this.media);
    }
    await this.context.audioWorklet.addModule(address);
    this.worklet = new AudioWorkletNode(this.context, "dictation", { numberOfOutputs: 0 });
    this.worklet.port.onmessage = ({ data }) => {
      onSound(data);
      if (!data) this.release();
    };
    source.connect(this.worklet);
  }

  // What was heard already still comes.
  stop() {
    this.worklet.port.postMessage("stop");
  }

  release() {
    for (const track of this.media?.getTracks() ?? []) track.stop();
    if (this.context && this.context.state !== "closed") this.context.close();
  }
}
