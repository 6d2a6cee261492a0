// The frames that the Speech SDKs send and receive, as far as dictation needs them.
const encoder = new TextEncoder();

const hex = (byte) => byte.toString(16).padStart(2, "0");

// The id of a request.
export const newId = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), hex).join("");

export function textFrame(path, requestId, body) {
  const head = `Path: ${path}\r\nX-RequestId: ${requestId}\r\nContent-Type: application/json`;
  return `${head}\r\n\r\n${JSON.stringify(body)}`;
}

// `sound` is an ArrayBuffer.
export function audioFrame(requestId, sound) {
  const head = encoder.encode(`Path: audio\r\nX-RequestId: ${requestId}\r\n`);
  const frame = new Uint8Array(2 + head.length + sound.byteLength);
  new DataView(frame.buffer).setUint16(0, head.length);
  frame.set(head, 2);
  frame.set(new Uint8Array(sound), 2 + head.length);
  return frame;
}

export function readFrame(text) {
  const [head, body] = text.split("\r\n\r\n");
  return { path: /^Path:\s*(\S+)/im.exec(head)?.[1], body: JSON.parse(body) };
}

// The head of a WAV file with 16-bit samples of one channel; its lengths are zero, as in a stream.
export function wavHeader(rate) {
  const header = new DataView(new ArrayBuffer(44));
  new Uint8Array(header.buffer).set(encoder.encode("RIFF\0\0\0\0WAVEfmt "));
  header.setUint32(16, 16, true);
  header.setUint16(20, 1, true);
  header.setUint16(22, 1, true);
  header.setUint32(24, rate, true);
  header.setUint32(28, rate * 2, true);
  header.setUint16(32, 2, true);
  header.setUint16(34, 16, true);
  new Uint8Array(header.buffer).set(encoder.encode("data"), 36);
  return header.buffer;
}
