// Recognitions with the official Speech SDK, one after the other. What each reported goes to stdout,
// as a JSON object of arrays by the recognitions' names.
import { readFileSync } from "node:fs";
import * as sdk from "microsoft-cognitiveservices-speech-sdk";

const { host, wav, runs } = JSON.parse(process.argv[2]);
const sound = readFileSync(wav);

function pushed() {
  const stream = sdk.AudioInputStream.createPushStream();
  const samples = sound.subarray(44);
  for (let at = 0; at < samples.length; at += 3200) {
    const piece = samples.subarray(at, at + 3200);
    stream.write(piece.buffer.slice(piece.byteOffset, piece.byteOffset + piece.byteLength));
  }
  stream.close();
  return sdk.AudioConfig.fromStreamInput(stream);
}

function recognizerOf({ key, token, language = "en-US", format, how }) {
  const config = sdk.SpeechConfig.fromHost(new URL(host), key);
  if (token) config.authorizationToken = token;
  config.speechRecognitionLanguage = language;
  if (format === "detailed") config.outputFormat = sdk.OutputFormat.Detailed;
  const audio = how === "push" ? pushed() : sdk.AudioConfig.fromWavFileInput(sound);
  return new sdk.SpeechRecognizer(config, audio);
}

function recognize(run) {
  const events = [];
  const note = (what, more = {}) => events.push({ what, ...more });
  const recognizer = recognizerOf(run);
  recognizer.recognizing = (_, { result }) => note("recognizing", { text: result.text });
  recognizer.recognized = (_, { result }) =>
    note("recognized", {
      text: result.text,
      reason: sdk.ResultReason[result.reason],
      offset: result.offset,
      duration: result.duration,
    });
  recognizer.speechStartDetected = () => note("speechStart");
  recognizer.speechEndDetected = () => note("speechEnd");
  recognizer.canceled = (_, event) =>
    note("canceled", {
      reason: sdk.CancellationReason[event.reason],
      error: sdk.CancellationErrorCode[event.errorCode],
    });
  return new Promise((resolve) => {
    const close = () =>
      recognizer.close(
        () => resolve(events),
        () => resolve(events),
      );
    if (run.how === "once") {
      recognizer.recognizeOnceAsync(({ text, reason }) => {
        note("result", { text, reason: sdk.ResultReason[reason] });
        close();
      }, close);
    } else {
      const { canceled } = recognizer;
      recognizer.canceled = (...event) => {
        canceled(...event);
        recognizer.stopContinuousRecognitionAsync(close, close);
      };
      recognizer.startContinuousRecognitionAsync();
    }
  });
}

const results = {};
for (const [name, run] of Object.entries(runs)) results[name] = await recognize(run);
process.stdout.write(JSON.stringify(results), () => process.exit(0));
