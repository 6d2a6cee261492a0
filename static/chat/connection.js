// The native event stream: one connection that reconnects automatically and misses no event.
import { signal } from "../vendor/preact.js";
import { getToken, onToken, sessionEnded } from "./token.js";
import { openEvents, openSocket } from "./transports.js";

// The server sends a heartbeat every 25 seconds.
const SILENCE_TIMEOUT_MS = 40_000;
const CHECK_EVERY_MS = 5000;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 20_000;
// After this many WebSockets that never received a frame, Server-Sent Events are tried.
const MAX_SILENT_SOCKETS = 2;

/**
 * connecting (for the first time), live, waiting (until the next try) or trying (again).
 * @type {Chat.Signal<Chat.ConnectionStatus>}
 */
export const status = signal("connecting");
export const isOnline = signal(navigator.onLine);

/** @type {Chat.Transport | null} */
let connection = null;
/** @type {string | null} */
let cursor = null;
let attempts = 0;
let failures = 0;
let silentSockets = 0;
let needsFreshToken = false;
let lastFrameAt = 0;
/** @type {Chat.Timer} */
let retryTimer;
/** @type {{ onEvent: (event: Api.Event) => void, onGap: () => void }} */
let handlers = { onEvent: () => {}, onGap: () => {} };

/**
 * Calls `onEvent` for each event in order. Calls `onGap` if events may have been missed, the first
 * connection included: everything that is shown must be loaded again.
 * @param {typeof handlers} callbacks
 */
export function connect(callbacks) {
  handlers = callbacks;
  addEventListener("online", () => {
    isOnline.value = true;
    tryNow();
  });
  addEventListener("offline", () => {
    isOnline.value = false;
    reconnectLater();
  });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    checkSilence();
    tryNow();
  });
  setInterval(checkSilence, CHECK_EVERY_MS);
  onToken((token) => {
    if (status.value === "live") connection?.authenticate(token);
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
  attempts += 1;
  const attempt = attempts;
  if (status.value === "waiting") status.value = "trying";
  let token;
  try {
    token = await getToken({ fresh: needsFreshToken });
  } catch {
    if (attempt === attempts) reconnectLater();
    return;
  }
  // The network was lost and came back meanwhile: a later attempt is under way.
  if (attempt !== attempts) return;
  needsFreshToken = false;
  lastFrameAt = Date.now();
  openTransport(token);
}

/** @param {string} token */
function openTransport(token) {
  const isSocket = silentSockets < MAX_SILENT_SOCKETS;
  const resumes = cursor !== null;
  /** @type {Chat.Transport} */
  const opened = (isSocket ? openSocket : openEvents)({
    token,
    after: cursor,
    onFrame: (frame) => {
      if (opened === connection) receive(frame, { resumes, isSocket });
    },
    onEnd: ({ isUnauthorized }) => {
      if (opened !== connection) return;
      needsFreshToken = isUnauthorized;
      if (status.value !== "live" && !isUnauthorized) silentSockets = isSocket ? silentSockets + 1 : 0;
      reconnectLater();
    },
  });
  connection = opened;
}

/**
 * @param {Api.Frame} frame
 * @param {{ resumes: boolean, isSocket: boolean }} transport
 */
function receive(frame, { resumes, isSocket }) {
  lastFrameAt = Date.now();
  if (frame.id) cursor = frame.id;
  if (frame.type === "connected") {
    failures = 0;
    // If Server-Sent Events were needed, the next reconnection tries one WebSocket again.
    silentSockets = isSocket ? 0 : MAX_SILENT_SOCKETS - 1;
    status.value = "live";
    if (!resumes || !frame.recovered) handlers.onGap();
  } else if (frame.threadId) {
    handlers.onEvent(frame);
  }
}

// Closes a connection without heartbeats, even if the browser believes that it is open. Compares
// wall-clock time, since timers stop while a computer sleeps.
function checkSilence() {
  if (!connection || Date.now() - lastFrameAt < SILENCE_TIMEOUT_MS) return;
  if (status.value !== "live") silentSockets += 1;
  reconnectLater();
}

function reconnectLater() {
  const old = connection;
  connection = null;
  old?.close();
  attempts += 1;
  clearTimeout(retryTimer);
  if (sessionEnded.value) return;
  status.value = status.value === "connecting" && failures === 0 ? "connecting" : "waiting";
  const wait = Math.min(FIRST_WAIT_MS * 2 ** failures, LONGEST_WAIT_MS);
  failures += 1;
  // Random, so that not all clients reconnect to a restarted server at the same moment.
  retryTimer = setTimeout(open, wait * (0.5 + Math.random() / 2));
}
