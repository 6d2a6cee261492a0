// The public REST API, as far as the page needs it. Every function is one operation.
import { API_VERSION, PAGE_SIZE } from "./config.js";
import { t } from "./strings.js";
import { getToken, sessionEnded } from "./token.js";

const TIMEOUT_MS = 20_000;
const DETAILS = "lastMessage,participantCount,readPosition,unreadCount";

// A request that did not succeed; `status` is 0 when there was no answer.
export class ApiError extends Error {
  constructor(status, message, retryAfter = 0) {
    super(message);
    this.status = status;
    this.retryAfter = retryAfter;
  }

  // Whether the same request may succeed later.
  get isTransient() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }

  // For people.
  get sentence() {
    if (this.status === 0) return t.errorOffline;
    if (this.status === 403) return t.errorForbidden;
    if (this.status === 404) return t.errorGone;
    if (this.isTransient) return t.errorBusy;
    return t.errorOther(this.message);
  }
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function once(method, path, { query, body, headers, fresh }) {
  const url = new URL(path, location.origin);
  for (const [name, value] of Object.entries(query ?? {})) url.searchParams.set(name, value);
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
  } catch (problem) {
    throw new ApiError(sessionEnded.value ? 401 : 0, String(problem.message));
  }
}

async function request(method, path, options = {}) {
  let response = await once(method, path, options);
  // Revoked or expired on the way: one fresh token, one more try.
  if (response.status === 401) response = await once(method, path, { ...options, fresh: true });
  if (response.status === 503 && method === "GET") {
    await pause(1000 * Number(response.headers.get("retry-after") ?? 1));
    response = await once(method, path, options);
  }
  if (!response.ok) {
    const error = await response.json().then(
      (answer) => answer.error,
      () => null,
    );
    const retryAfter = Number(response.headers.get("retry-after")) || 0;
    throw new ApiError(response.status, error?.message ?? String(response.status), retryAfter);
  }
  if (response.status === 204 || response.headers.get("content-length") === "0") return null;
  try {
    return await response.json();
  } catch (problem) {
    // The connection broke in the middle of the answer.
    throw new ApiError(0, String(problem.message));
  }
}

const threadPath = (id) => `/chat/threads/${encodeURIComponent(id)}`;
const messagePath = (id, messageId) => `${threadPath(id)}/messages/${messageId}`;
// Links name the host that the server thinks it has; a page may only ask its own.
const local = (link) => new URL(link).pathname + new URL(link).search;

export const identifier = (rawId) => ({ rawId, communicationUser: { id: rawId } });
export const rawId = (model) => model?.rawId ?? model?.communicationUser?.id ?? null;

export const listThreads = (link) =>
  link
    ? request("GET", local(link))
    : request("GET", "/chat/threads", { query: { include: DETAILS, maxPageSize: 100 } });

export const getThread = (id) => request("GET", threadPath(id), { query: { include: DETAILS } });

export const createThread = (requestId, topic, participants) =>
  request("POST", "/chat/threads", {
    body: { topic, participants },
    headers: { "repeatability-request-id": requestId },
  });

export const updateThread = (id, topic) => request("PATCH", threadPath(id), { body: { topic } });
export const deleteThread = (id) => request("DELETE", threadPath(id));

// All of them, whatever the number of pages.
async function listAll(path, query) {
  let page = await request("GET", path, { query });
  const items = [...page.value];
  while (page.nextLink) {
    page = await request("GET", local(page.nextLink));
    items.push(...page.value);
  }
  return items;
}

export const listLeftThreads = () => listAll("/chat/threads", { membership: "left", maxPageSize: 100 });

export const listParticipants = (id) => listAll(`${threadPath(id)}/participants`);
export const listReadReceipts = (id) => listAll(`${threadPath(id)}/readReceipts`);

export const addParticipants = (id, participants) =>
  request("POST", `${threadPath(id)}/participants/:add`, { body: { participants } });

export const removeParticipant = (id, userId) =>
  request("POST", `${threadPath(id)}/participants/:remove`, { body: identifier(userId) });

export const listMessages = (id, link) =>
  link
    ? request("GET", local(link))
    : request("GET", `${threadPath(id)}/messages`, { query: { maxPageSize: PAGE_SIZE } });

export const sendMessage = (id, requestId, message) =>
  request("POST", `${threadPath(id)}/messages`, {
    body: message,
    headers: { "repeatability-request-id": requestId },
  });

export const updateMessage = (id, messageId, content) =>
  request("PATCH", messagePath(id, messageId), { body: { content } });

export const deleteMessage = (id, messageId) => request("DELETE", messagePath(id, messageId));

export const sendReadReceipt = (id, messageId) =>
  request("POST", `${threadPath(id)}/readReceipts`, { body: { chatMessageId: String(messageId) } });

export const sendTyping = (id, senderDisplayName) =>
  request("POST", `${threadPath(id)}/typing`, { body: { senderDisplayName } });

export const updateOwnName = (displayName) => request("PATCH", "/chat/people/me", { body: { displayName } });

export const getCapabilities = () => request("GET", "/cognitive/capabilities");

export const translateMessage = (id, messageId, to) =>
  request("POST", `${messagePath(id, messageId)}:translate`, { body: { to: [to] } });

export const enrichMessages = (id, wish) =>
  request("POST", `${threadPath(id)}/messages:enrich`, { body: wish });

export const listPeople = (search) => request("GET", "/chat/people", { query: { search, maxPageSize: 30 } });
