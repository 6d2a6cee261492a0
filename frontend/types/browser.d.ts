// What browsers have and TypeScript's own library does not describe yet.

// The scope of an audio worklet.
declare const sampleRate: number;

declare class AudioWorkletProcessor {
  readonly port: MessagePort;
  process(inputs: Float32Array[][]): boolean;
}

declare function registerProcessor(name: string, processor: typeof AudioWorkletProcessor): void;

interface SpeechRecognitionOptions {
  langs: string[];
  processLocally?: boolean;
}

interface DeviceRecognition extends EventTarget {
  onresult: ((event: { results: SpeechRecognitionResultList; resultIndex: number }) => void) | null;
  onerror: ((event: { error: string }) => void) | null;
  onend: (() => void) | null;
  start(): void;
  stop(): void;
  abort(): void;
}

declare var SpeechRecognition:
  | {
      new (): DeviceRecognition;
      available?: (options: SpeechRecognitionOptions) => Promise<string>;
    }
  | undefined;

interface NotificationOptions {
  renotify?: boolean;
}
