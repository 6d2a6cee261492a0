// The access token: fetched with the session, renewed before it ends, kept in memory only.
import { signal } from "./../vendor/preact.js";
import { config } from "./config.js";

const RENEW_BEFORE_MS = 5 * 60_000;

export const sessionEnded = signal(false);

// How whoever is signed in is called; another window may change it.
export const ownName = signal(config.displayName);
const otherWindows = new BroadcastChannel(`chatsite-name:${config.userId}`);
otherWindows.onmessage = ({ data }) => {
  ownName.value = data;
};

export function renamed(name) {
  ownName.value = name;
  otherWindows.postMessage(name);
}

let current = null;
let fetching = null;
let timer = 0;
const listeners = new Set();

function csrfToken() {
  const wanted = `${config.csrfCookie}=`;
  const cookie = document.cookie.split("; ").find((one) => one.startsWith(wanted));
  return cookie ? decodeURIComponent(cookie.slice(wanted.length)) : "";
}

async function fetchToken() {
  const response = await fetch(config.tokenUrl, {
    method: "POST",
    headers: { "X-CSRFToken": csrfToken() },
    credentials: "same-origin",
    cache: "no-store",
    signal: AbortSignal.timeout(15_000),
  });
  if (response.status === 401 || response.status === 403) {
    current = null;
    sessionEnded.value = true;
    throw new Error("The session has ended.");
  }
  if (!response.ok) throw new TypeError(`No token: ${response.status}`);
  const { token, expiresInMs, userId, displayName } = await response.json();
  if (userId !== config.userId) {
    // Another window of this browser has signed in somebody else.
    location.reload();
    throw new Error("Somebody else is signed in.");
  }
  ownName.value = displayName;
  current = { token, until: performance.now() + expiresInMs };
  clearTimeout(timer);
  timer = setTimeout(() => getToken({ fresh: true }).catch(() => {}), expiresInMs - RENEW_BEFORE_MS);
  for (const listener of listeners) listener(token);
  return token;
}

// A token that is good for a while yet; `fresh` asks for a new one in any case.
export async function getToken({ fresh = false } = {}) {
  if (!fresh && current && current.until - performance.now() > RENEW_BEFORE_MS / 2) {
    return current.token;
  }
  fetching ??= fetchToken().finally(() => {
    fetching = null;
  });
  return fetching;
}

// Calls `listener` with every new token.
export function onToken(listener) {
  listeners.add(listener);
}
