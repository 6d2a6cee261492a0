// Runs in the browser's audio thread: makes 16-bit samples of what the microphone hears.
//
// The page imports this file, too, for its address alone: where names carry a hash of the content,
// only imports are rewritten.
export const address = import.meta.url;

// Pieces of a second that are sent at a time.
const PIECES = 10;

if ("AudioWorkletProcessor" in globalThis) {
  registerProcessor(
    "dictation",
    class extends AudioWorkletProcessor {
      constructor() {
        super();
        this.size = Math.round(sampleRate / PIECES);
        this.samples = new Int16Array(this.size);
        this.filled = 0;
        this.port.onmessage = () => {
          this.post();
          this.port.postMessage(null);
        };
      }

      process([[channel]]) {
        for (const value of channel ?? []) {
          this.samples[this.filled] = Math.max(-1, Math.min(1, value)) * 0x7fff;
          this.filled += 1;
          if (this.filled === this.size) this.post();
        }
        return true;
      }

      post() {
        if (!this.filled) return;
        const { buffer } = this.samples.slice(0, this.filled);
        this.port.postMessage(buffer, [buffer]);
        this.filled = 0;
      }
    },
  );
}
