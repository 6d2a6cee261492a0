// The two transports of the event stream: WebSocket and Server-Sent Events.
//
// Both call `onFrame` with every frame, and `onEnd` once.

const UNAUTHORIZED_CODES = new Set([4401, 4403]);

/** @param {string | null} after */
function addressOf(after) {
  const url = new URL("/chat/events", location.href);
  if (after) url.searchParams.set("after", after);
  return url;
}

/**
 * @param {Chat.TransportOptions} options
 * @returns {Chat.Transport}
 */
export function openSocket({ token, after, onFrame, onEnd }) {
  const url = addressOf(after);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  const socket = new WebSocket(url);
  /** @param {string} fresh */
  const authenticate = (fresh) => socket.send(JSON.stringify({ type: "authenticate", token: fresh }));
  socket.onopen = () => authenticate(token);
  socket.onmessage = ({ data }) => onFrame(JSON.parse(data));
  socket.onclose = ({ code }) => onEnd({ isUnauthorized: UNAUTHORIZED_CODES.has(code) });
  return { close: () => socket.close(), authenticate };
}

/**
 * For networks whose proxy blocks WebSockets. Uses fetch, because EventSource cannot send a token.
 * @param {Chat.TransportOptions} options
 * @returns {Chat.Transport}
 */
export function openEvents({ token, after, onFrame, onEnd }) {
  const control = new AbortController();
  readEvents({ token, after, onFrame, signal: control.signal }).then(
    (isUnauthorized) => onEnd({ isUnauthorized }),
    () => onEnd({ isUnauthorized: false }),
  );
  // A response cannot take a fresh token: the stream ends, and resumes with the fresh token.
  return { close: () => control.abort(), authenticate: () => control.abort() };
}

/**
 * Resolves at the end of the stream, with whether the token was not accepted.
 * @param {Omit<Chat.TransportOptions, "onEnd"> & { signal: AbortSignal }} options
 */
async function readEvents({ token, after, onFrame, signal }) {
  const response = await fetch(addressOf(after), {
    headers: { Authorization: `Bearer ${token}` },
    credentials: "omit",
    cache: "no-store",
    signal,
  });
  if (!response.ok || !response.body) return response.status === 401;
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return false;
    text += value;
    for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
      const frame = parseEvent(text.slice(0, end));
      text = text.slice(end + 2);
      if (isUnauthorizedFrame(frame)) return true;
      onFrame(frame);
    }
  }
}

/** @param {Api.Frame} frame */
const isUnauthorizedFrame = (frame) =>
  frame.type === "disconnecting" && (frame.reason === "unauthorized" || frame.reason === "revoked");

/**
 * Parses one block of "name: value" lines. A block without data only moves the cursor.
 * @param {string} block
 * @returns {Api.Frame}
 */
export function parseEvent(block) {
  const lines = block.split("\n").map((line) => line.split(/: ?(.*)/su));
  const { id, data } = Object.fromEntries(lines.map(([name, value]) => [name, value]));
  return data ? JSON.parse(data) : { id, type: "heartbeat" };
}
