// The native event stream: one connection that comes back by itself and misses nothing.
import { signal } from "./../vendor/preact.js";
import { getToken, onToken, sessionEnded } from "./token.js";
import { openEvents, openSocket } from "./transports.js";

// The server sends a heartbeat every 25 seconds.
const SILENCE_MS = 40_000;
const LISTEN_EVERY_MS = 5000;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 20_000;
// After so many sockets that never said a word the other way is tried.
const MOST_MUTE = 2;

// connecting (for the first time), live, waiting (to try again), trying (again).
export const status = signal("connecting");
export const isOnline = signal(navigator.onLine);

let connection = null;
let cursor = null;
let attempts = 0;
let failures = 0;
let mute = 0;
let needsFreshToken = false;
let heardAt = 0;
let retryTimer = 0;
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
    lost();
  });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    listen();
    tryNow();
  });
  setInterval(listen, LISTEN_EVERY_MS);
  onToken((token) => {
    if (status.value === "live") connection.authenticate(token);
  });
  open();
}

export function tryNow() {
  if (status.value !== "waiting") return;
  failures = 0;
  open();
}

async function open() {
  clearTimeout(retryTimer);
  const attempt = ++attempts;
  if (status.value === "waiting") status.value = "trying";
  let token;
  try {
    token = await getToken({ fresh: needsFreshToken });
  } catch {
    if (attempt === attempts) lost();
    return;
  }
  // Somebody was quicker: the network has gone and come back meanwhile.
  if (attempt !== attempts) return;
  needsFreshToken = false;
  heardAt = Date.now();
  const isSocket = mute < MOST_MUTE;
  const resumes = cursor !== null;
  const mine = (isSocket ? openSocket : openEvents)({
    token,
    after: cursor,
    onFrame: (frame) => {
      if (mine === connection) receive(frame, { resumes, isSocket });
    },
    onEnd: ({ isRefused }) => {
      if (mine !== connection) return;
      needsFreshToken = isRefused;
      if (status.value !== "live" && !isRefused) mute = isSocket ? mute + 1 : 0;
      lost();
    },
  });
  connection = mine;
}

function receive(frame, { resumes, isSocket }) {
  heardAt = Date.now();
  if (frame.id) cursor = frame.id;
  if (frame.type === "connected") {
    failures = 0;
    // Where the other way was needed a socket is tried once again after it.
    mute = isSocket ? 0 : MOST_MUTE - 1;
    status.value = "live";
    if (!resumes || !frame.recovered) handlers.onGap();
  } else if (frame.threadId) {
    handlers.onEvent(frame);
  }
}

// A connection that says nothing for too long is dead, whatever the browser thinks of it. By the
// clock on the wall: timers stand still while a machine sleeps.
function listen() {
  if (!connection || Date.now() - heardAt < SILENCE_MS) return;
  if (status.value !== "live") mute += 1;
  lost();
}

function lost() {
  const old = connection;
  connection = null;
  old?.close();
  attempts += 1;
  clearTimeout(retryTimer);
  if (sessionEnded.value) return;
  status.value = status.value === "connecting" && failures === 0 ? "connecting" : "waiting";
  const wait = Math.min(FIRST_WAIT_MS * 2 ** failures, LONGEST_WAIT_MS);
  failures += 1;
  // Spread, so that a restarted server does not meet all clients in the same moment.
  retryTimer = setTimeout(open, wait * (0.5 + Math.random() / 2));
}
