// Two ways to the event stream: a WebSocket, and an HTTP answer that does not end.
//
// Each calls `onFrame` with whatever comes and `onEnd` once, with whether the token was refused,
// and returns how to close it and how to prolong it with a fresh token.

const REFUSED_CODES = new Set([4401, 4403]);

function address(after) {
  const url = new URL("/chat/events", location.href);
  if (after) url.searchParams.set("after", after);
  return url;
}

export function openSocket({ token, after, onFrame, onEnd }) {
  const url = address(after);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  const socket = new WebSocket(url);
  const authenticate = (fresh) => socket.send(JSON.stringify({ type: "authenticate", token: fresh }));
  socket.onopen = () => authenticate(token);
  socket.onmessage = ({ data }) => onFrame(JSON.parse(data));
  socket.onclose = ({ code }) => onEnd({ isRefused: REFUSED_CODES.has(code) });
  return { close: () => socket.close(), authenticate };
}

// Server-Sent Events, for where a proxy lets no WebSocket through. Read with fetch: an EventSource
// could not carry the token.
export function openEvents({ token, after, onFrame, onEnd }) {
  const control = new AbortController();
  readEvents({ token, after, onFrame, signal: control.signal }).then(
    (isRefused) => onEnd({ isRefused }),
    () => onEnd({ isRefused: false }),
  );
  // It cannot be prolonged, but begun anew with the fresh token where it stopped.
  return { close: () => control.abort(), authenticate: () => control.abort() };
}

async function readEvents({ token, after, onFrame, signal }) {
  const response = await fetch(address(after), {
    headers: { Authorization: `Bearer ${token}` },
    credentials: "omit",
    cache: "no-store",
    signal,
  });
  if (!response.ok) return response.status === 401;
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return false;
    text += value;
    for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
      const frame = frameOf(text.slice(0, end));
      text = text.slice(end + 2);
      if (frame.reason === "unauthorized" || frame.reason === "revoked") return true;
      onFrame(frame);
    }
  }
}

// A block of lines "name: value"; without data it only moves the cursor.
function frameOf(block) {
  const lines = block.split("\n").map((line) => line.split(/: ?(.*)/su));
  const { id, data } = Object.fromEntries(lines.map(([name, value]) => [name, value]));
  return data ? JSON.parse(data) : { id, type: "heartbeat" };
}
