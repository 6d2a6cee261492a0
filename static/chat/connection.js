// The native event stream: one WebSocket that comes back by itself and misses nothing.
import { signal } from "./../vendor/preact.js";
import { getToken, onToken, sessionEnded } from "./token.js";

// The server sends a heartbeat every 25 seconds.
const SILENCE_MS = 40_000;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 20_000;
const REFUSED = new Set([4401, 4403]);

// connecting (for the first time), live, waiting (to try again), trying (again).
export const status = signal("connecting");
export const isOnline = signal(navigator.onLine);

let socket = null;
let cursor = null;
let failures = 0;
let needsFreshToken = false;
let retryTimer = 0;
let silenceTimer = 0;
let handlers = null;

// Calls `onEvent` for each event in order, and `onGap` whenever the stream does not reach back to
// where it broke, the first time included: then whoever shows something lists it again.
export function connect({ onEvent, onGap }) {
  handlers = { onEvent, onGap };
  addEventListener("online", () => {
    isOnline.value = true;
    tryNow();
  });
  addEventListener("offline", () => {
    isOnline.value = false;
    socket?.close();
    lost();
  });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) tryNow();
  });
  onToken((token) => {
    if (status.value === "live") authenticate(token);
  });
  open();
}

export function tryNow() {
  if (status.value !== "waiting") return;
  failures = 0;
  open();
}

function authenticate(token) {
  socket.send(JSON.stringify({ type: "authenticate", token }));
}

async function open() {
  clearTimeout(retryTimer);
  if (status.value === "waiting") status.value = "trying";
  let token;
  try {
    token = await getToken({ fresh: needsFreshToken });
  } catch {
    return lost();
  }
  needsFreshToken = false;
  const url = new URL("/chat/events", location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  if (cursor) url.searchParams.set("after", cursor);
  const resumes = cursor !== null;
  const mine = new WebSocket(url);
  socket = mine;
  watch();
  mine.onopen = () => authenticate(token);
  mine.onmessage = ({ data }) => {
    if (mine === socket) receive(JSON.parse(data), resumes);
  };
  mine.onclose = ({ code }) => {
    if (mine !== socket) return;
    needsFreshToken = REFUSED.has(code);
    lost();
  };
}

function receive(frame, resumes) {
  watch();
  if (frame.id) cursor = frame.id;
  if (frame.type === "connected") {
    failures = 0;
    status.value = "live";
    if (!resumes || !frame.recovered) handlers.onGap();
  } else if (frame.threadId) {
    handlers.onEvent(frame);
  }
}

// A connection that says nothing for too long is dead, whatever the browser thinks of it.
function watch() {
  clearTimeout(silenceTimer);
  silenceTimer = setTimeout(() => {
    socket?.close();
    lost();
  }, SILENCE_MS);
}

function lost() {
  socket = null;
  clearTimeout(silenceTimer);
  clearTimeout(retryTimer);
  if (sessionEnded.value) return;
  status.value = status.value === "connecting" && failures === 0 ? "connecting" : "waiting";
  const wait = Math.min(FIRST_WAIT_MS * 2 ** failures, LONGEST_WAIT_MS);
  failures += 1;
  // Spread, so that a restarted server does not meet all clients in the same moment.
  retryTimer = setTimeout(open, wait * (0.5 + Math.random() / 2));
}
