// The frames that the Speech SDKs send and receive, as far as dictation uses them.
const encoder = new TextEncoder();

/** @param {number} byte */
const hex = (byte) => byte.toString(16).padStart(2, "0");

// A random id for a request.
export const newRequestId = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), hex).join("");

/**
 * @param {string} path
 * @param {string} requestId
 * @param {unknown} body sent as JSON
 */
export function textFrame(path, requestId, body) {
  const head = `Path: ${path}\r\nX-RequestId: ${requestId}\r\nContent-Type: application/json`;
  return `${head}\r\n\r\n${JSON.stringify(body)}`;
}

/**
 * @param {string} requestId
 * @param {ArrayBuffer} audio
 */
export function audioFrame(requestId, audio) {
  const head = encoder.encode(`Path: audio\r\nX-RequestId: ${requestId}\r\n`);
  const frame = new Uint8Array(2 + head.length + audio.byteLength);
  new DataView(frame.buffer).setUint16(0, head.length);
  frame.set(head, 2);
  frame.set(new Uint8Array(audio), 2 + head.length);
  return frame;
}

/** @param {string} text */
export function parseFrame(text) {
  const [head, body] = text.split("\r\n\r\n");
  return { path: /^Path:\s*(\S+)/im.exec(head)?.[1], body: JSON.parse(body) };
}

/**
 * The header of a WAV file with 16-bit mono samples; its lengths are zero, as in a stream.
 * @param {number} rate samples per second
 */
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
