// Runs in the browser's audio thread: converts the microphone's audio to 16-bit samples.
//
// The page imports this file, too, only for its address: where file names contain a hash of the
// content, only imports are rewritten.
export const address = import.meta.url;

const CHUNKS_PER_SECOND = 10;

if ("AudioWorkletProcessor" in globalThis) {
  registerProcessor(
    "dictation",
    class extends AudioWorkletProcessor {
      constructor() {
        super();
        this.size = Math.round(sampleRate / CHUNKS_PER_SECOND);
        this.samples = new Int16Array(this.size);
        this.filled = 0;
        this.port.onmessage = () => {
          this.post();
          this.port.postMessage(null);
        };
      }

      /** @param {Float32Array[][]} inputs */
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
