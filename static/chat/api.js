// The public REST API, as far as the page uses it. Each function is one operation.
import { API_VERSION, PAGE_SIZE } from "./config.js";
import { t } from "./strings.js";
import { getToken, sessionEnded } from "./token.js";

const TIMEOUT_MS = 20_000;
const DETAILS = "lastMessage,participantCount,readPosition,unreadCount";

/**
 * @typedef {object} RequestOptions
 * @property {Record<string, string | number>} [query]
 * @property {unknown} [body] sent as JSON
 * @property {Record<string, string>} [headers]
 * @property {boolean} [fresh] whether to fetch a new token first
 */

// A request that did not succeed; `status` is 0 if there was no response.
export class ApiError extends Error {
  /**
   * @param {number} status
   * @param {string} message
   * @param {number} retryAfter seconds
   */
  constructor(status, message, retryAfter = 0) {
    super(message);
    this.status = status;
    this.retryAfter = retryAfter;
  }

  // Whether the same request may succeed later.
  get isTransient() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }

  // The text to show on the page.
  get sentence() {
    if (this.status === 0) return t.errorOffline;
    if (this.status === 403) return t.errorForbidden;
    if (this.status === 404) return t.errorGone;
    if (this.isTransient) return t.errorBusy;
    return t.errorOther(this.message);
  }
}

/**
 * The text to show on the page for anything that was thrown.
 * @param {unknown} error
 */
export const sentenceOf = (error) => (error instanceof ApiError ? error.sentence : String(error));

/**
 * Rethrows an error that is not an ApiError: it is a defect of the page.
 * @param {unknown} error
 * @returns {ApiError}
 */
export function apiErrorOf(error) {
  if (error instanceof ApiError) return error;
  throw error;
}

/** @param {number} ms */
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** @param {unknown} error */
const networkError = (error) => new ApiError(0, error instanceof Error ? error.message : String(error));

/**
 * @param {string} method
 * @param {string} path
 * @param {RequestOptions} options
 */
async function fetchOnce(method, path, { query, body, headers, fresh }) {
  const url = new URL(path, location.origin);
  for (const [name, value] of Object.entries(query ?? {})) url.searchParams.set(name, String(value));
  if (!url.searchParams.has("api-version")) url.searchParams.set("api-version", API_VERSION);
  try {
    const token = await getToken({ fresh });
    return await fetch(url, {
      method,
      headers: {
        Authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        ...headers,
      },
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: "omit",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch (error) {
    throw sessionEnded.value ? new ApiError(401, String(error)) : networkError(error);
  }
}

/** @param {Response} response */
const retryAfterOf = (response) => Number(response.headers.get("retry-after")) || 0;

/** @param {Response} response */
async function errorOf(response) {
  const body = await response.json().catch(() => null);
  const message = body?.error?.message ?? String(response.status);
  return new ApiError(response.status, message, retryAfterOf(response));
}

/**
 * The body of the response; null if there is none. Throws ApiError.
 * @param {string} method
 * @param {string} path
 * @param {RequestOptions} options
 */
async function request(method, path, options = {}) {
  let response = await fetchOnce(method, path, options);
  // The token may have expired or been revoked meanwhile.
  if (response.status === 401) response = await fetchOnce(method, path, { ...options, fresh: true });
  if (response.status === 503 && method === "GET") {
    await pause(1000 * Number(response.headers.get("retry-after") ?? 1));
    response = await fetchOnce(method, path, options);
  }
  if (!response.ok) throw await errorOf(response);
  if (response.status === 204 || response.headers.get("content-length") === "0") return null;
  try {
    return await response.json();
  } catch (error) {
    // The connection broke in the middle of the body.
    throw networkError(error);
  }
}

/** @param {string} id */
const threadPath = (id) => `/chat/threads/${encodeURIComponent(id)}`;

/**
 * @param {string} id
 * @param {string | number} messageId
 */
const messagePath = (id, messageId) => `${threadPath(id)}/messages/${messageId}`;

/**
 * Links name the host that the server believes it has; the page can only reach its own origin.
 * @param {string} link
 */
const pathOf = (link) => new URL(link).pathname + new URL(link).search;

/**
 * @param {string} rawId
 * @returns {Api.Identifier}
 */
export const identifier = (rawId) => ({ rawId, communicationUser: { id: rawId } });

/** @param {Api.Identifier | undefined} model */
export const rawId = (model) => model?.rawId ?? model?.communicationUser?.id ?? null;

/**
 * @param {string} [link] the next page; the first one if unset
 * @returns {Promise<Api.Page<Api.Thread>>}
 */
export const listThreads = (link) =>
  link
    ? request("GET", pathOf(link))
    : request("GET", "/chat/threads", { query: { include: DETAILS, maxPageSize: 100 } });

/**
 * @param {string} id
 * @returns {Promise<Api.Thread>}
 */
export const getThread = (id) => request("GET", threadPath(id), { query: { include: DETAILS } });

/**
 * @param {string} requestId a repeated request with the same id creates no second thread
 * @param {string} topic
 * @param {Api.Participant[]} participants
 * @returns {Promise<Api.CreateThreadResult>}
 */
export const createThread = (requestId, topic, participants) =>
  request("POST", "/chat/threads", {
    body: { topic, participants },
    headers: { "repeatability-request-id": requestId },
  });

/**
 * @param {string} id
 * @param {string} topic
 * @returns {Promise<null>}
 */
export const updateThread = (id, topic) => request("PATCH", threadPath(id), { body: { topic } });

/**
 * @param {string} id
 * @returns {Promise<null>}
 */
export const deleteThread = (id) => request("DELETE", threadPath(id));

/**
 * The items of all pages.
 * @param {string} path
 * @param {Record<string, string | number>} [query]
 */
async function listAll(path, query) {
  let page = await request("GET", path, { query });
  const items = [...page.value];
  while (page.nextLink) {
    page = await request("GET", pathOf(page.nextLink));
    items.push(...page.value);
  }
  return items;
}

/** @returns {Promise<Api.LeftThread[]>} */
export const listLeftThreads = () => listAll("/chat/threads", { membership: "left", maxPageSize: 100 });

/**
 * @param {string} id
 * @returns {Promise<Api.Participant[]>}
 */
export const listParticipants = (id) => listAll(`${threadPath(id)}/participants`);

/**
 * @param {string} id
 * @returns {Promise<Api.ReadReceipt[]>}
 */
export const listReadReceipts = (id) => listAll(`${threadPath(id)}/readReceipts`);

/**
 * @param {string} id
 * @param {Api.Participant[]} participants
 * @returns {Promise<Api.AddParticipantsResult | null>}
 */
export const addParticipants = (id, participants) =>
  request("POST", `${threadPath(id)}/participants/:add`, { body: { participants } });

/**
 * @param {string} id
 * @param {string} userId
 * @returns {Promise<null>}
 */
export const removeParticipant = (id, userId) =>
  request("POST", `${threadPath(id)}/participants/:remove`, { body: identifier(userId) });

/**
 * @param {string} id
 * @param {string | null} [link] the next page; the first one if unset
 * @returns {Promise<Api.Page<Api.Message>>}
 */
export const listMessages = (id, link) =>
  link
    ? request("GET", pathOf(link))
    : request("GET", `${threadPath(id)}/messages`, { query: { maxPageSize: PAGE_SIZE } });

/**
 * @param {string} id
 * @param {string} requestId a repeated request with the same id sends no second message
 * @param {Api.SendMessageOptions} message
 * @returns {Promise<{ id: string }>}
 */
export const sendMessage = (id, requestId, message) =>
  request("POST", `${threadPath(id)}/messages`, {
    body: message,
    headers: { "repeatability-request-id": requestId },
  });

/**
 * @param {string} id
 * @param {number} messageId
 * @param {string} content
 * @returns {Promise<null>}
 */
export const updateMessage = (id, messageId, content) =>
  request("PATCH", messagePath(id, messageId), { body: { content } });

/**
 * @param {string} id
 * @param {number} messageId
 * @returns {Promise<null>}
 */
export const deleteMessage = (id, messageId) => request("DELETE", messagePath(id, messageId));

/**
 * @param {string} id
 * @param {number} messageId
 * @returns {Promise<null>}
 */
export const sendReadReceipt = (id, messageId) =>
  request("POST", `${threadPath(id)}/readReceipts`, { body: { chatMessageId: String(messageId) } });

/**
 * @param {string} id
 * @param {string} senderDisplayName
 * @returns {Promise<null>}
 */
export const sendTyping = (id, senderDisplayName) =>
  request("POST", `${threadPath(id)}/typing`, { body: { senderDisplayName } });

/**
 * @param {string} displayName
 * @returns {Promise<{ displayName: string }>}
 */
export const updateOwnName = (displayName) => request("PATCH", "/chat/people/me", { body: { displayName } });

/** @returns {Promise<Api.Capabilities>} */
export const getCapabilities = () => request("GET", "/cognitive/capabilities");

/**
 * @param {string} id
 * @param {number} messageId
 * @param {string} to a language
 * @returns {Promise<Api.TranslateResult>}
 */
export const translateMessage = (id, messageId, to) =>
  request("POST", `${messagePath(id, messageId)}:translate`, { body: { to: [to] } });

/**
 * @param {string} id
 * @param {Api.EnrichOptions & { ids: string[] }} options
 * @returns {Promise<{ value: Api.EnrichedMessage[] }>}
 */
export const enrichMessages = (id, options) =>
  request("POST", `${threadPath(id)}/messages:enrich`, { body: options });

/**
 * @param {string} search
 * @returns {Promise<Api.Page<Api.Participant>>}
 */
export const listPeople = (search) => request("GET", "/chat/people", { query: { search, maxPageSize: 30 } });
