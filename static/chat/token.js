// The access token: fetched with the session, renewed before it expires, kept in memory only.
import { signal } from "../vendor/preact.js";
import { config } from "./config.js";

const RENEW_BEFORE_MS = 5 * 60_000;
const TIMEOUT_MS = 15_000;

export const sessionEnded = signal(false);

// The display name of the person who is signed in; another window may change it.
export const ownName = signal(config.displayName);
const otherWindows = new BroadcastChannel(`chatsite-name:${config.userId}`);
otherWindows.onmessage = ({ data }) => {
  ownName.value = data;
};

/** @param {string} name */
export function setOwnName(name) {
  ownName.value = name;
  otherWindows.postMessage(name);
}

/**
 * `expiresAt` is on the clock of performance.now().
 * @type {{ token: string, expiresAt: number } | null}
 */
let current = null;
/** @type {Promise<string> | null} */
let fetching = null;
/** @type {Chat.Timer} */
let timer;
/** @type {Set<(token: string) => void>} */
const listeners = new Set();

function csrfToken() {
  const prefix = `${config.csrfCookie}=`;
  const cookie = document.cookie.split("; ").find((each) => each.startsWith(prefix));
  return cookie ? decodeURIComponent(cookie.slice(prefix.length)) : "";
}

/** @returns {Promise<{ token: string, expiresInMs: number, userId: string, displayName: string }>} */
async function requestToken() {
  const response = await fetch(config.tokenUrl, {
    method: "POST",
    headers: { "X-CSRFToken": csrfToken() },
    credentials: "same-origin",
    cache: "no-store",
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (response.status === 401 || response.status === 403) {
    current = null;
    sessionEnded.value = true;
    throw new Error("The session has ended.");
  }
  if (!response.ok) throw new TypeError(`No token: ${response.status}`);
  return response.json();
}

async function renewToken() {
  const { token, expiresInMs, userId, displayName } = await requestToken();
  if (userId !== config.userId) {
    // Someone else has signed in from another window of this browser.
    location.reload();
    throw new Error("Someone else is signed in.");
  }
  ownName.value = displayName;
  current = { token, expiresAt: performance.now() + expiresInMs };
  clearTimeout(timer);
  timer = setTimeout(() => getToken({ fresh: true }).catch(() => {}), expiresInMs - RENEW_BEFORE_MS);
  for (const listener of listeners) listener(token);
  return token;
}

/**
 * A token that is valid for at least some minutes. Throws if there is none.
 * @param {{ fresh?: boolean }} options `fresh` fetches a new one in any case
 * @returns {Promise<string>}
 */
export async function getToken({ fresh = false } = {}) {
  if (!fresh && current && current.expiresAt - performance.now() > RENEW_BEFORE_MS / 2) {
    return current.token;
  }
  fetching ??= renewToken().finally(() => {
    fetching = null;
  });
  return fetching;
}

/**
 * Calls `listener` with every new token.
 * @param {(token: string) => void} listener
 */
export function onToken(listener) {
  listeners.add(listener);
}
