// Makes messages and threads for the tests, and answers the page's requests.

export const ME = "8:acs:me";
export const BEN = "8:acs:ben";
export const CARLA = "8:acs:carla";

/** Noon of a day, in UTC. */
export const NOON = Date.UTC(2026, 10, 30, 12);

/**
 * @param {Partial<Chat.Message>} values
 * @returns {Chat.Message}
 */
export const message = ({ id = NOON, ...values } = {}) => ({
  id,
  version: id,
  type: "text",
  isSent: values.type === undefined || values.type === "text",
  text: "Hello",
  sender: BEN,
  name: "Ben",
  isHigh: false,
  editedOn: null,
  isDeleted: false,
  topic: null,
  people: [],
  initiator: null,
  ...values,
});

/**
 * @param {Partial<Chat.OutboxItem>} values
 * @returns {Chat.OutboxItem}
 */
export const pendingItem = (values = {}) => ({
  key: "key",
  threadId: "thread",
  text: "Hello",
  isHigh: false,
  writtenAt: NOON,
  after: 0,
  state: "waiting",
  error: "",
  ...values,
});

/**
 * @param {number} id
 * @param {Partial<Api.Message>} values
 * @returns {Api.Message}
 */
export const apiMessage = (id, values = {}) => ({
  id: String(id),
  version: String(id),
  type: "text",
  content: { message: `Message ${id}` },
  senderCommunicationIdentifier: { rawId: BEN },
  senderDisplayName: "Ben",
  ...values,
});

/**
 * @param {string} id
 * @param {Partial<Api.Thread>} values
 * @returns {Api.Thread}
 */
export const apiThread = (id, values = {}) => ({
  id,
  topic: `Topic of ${id}`,
  createdOn: new Date(NOON).toISOString(),
  unreadCount: 0,
  participantCount: 2,
  ...values,
});

/** @typedef {{ path: string, body: unknown }} Sent */

/**
 * Answers requests by the last part of their path; the token is answered, too. Returns the requests.
 * @param {Record<string, (sent: Sent) => unknown>} routes
 * @returns {Sent[]}
 */
export function serve(routes) {
  /** @type {Sent[]} */
  const requests = [];
  globalThis.fetch = async (input, options) => {
    const { pathname: path } = new URL(String(input));
    if (path === "/chat/token") {
      return Response.json({ token: "token", expiresInMs: 3_600_000, userId: ME, displayName: "Anna" });
    }
    const sent = { path, body: JSON.parse(String(options?.body ?? "null")) };
    requests.push(sent);
    const route = Object.keys(routes).find((end) => decodeURIComponent(path).endsWith(end));
    if (!route) return Response.json({ error: { message: "Not found" } }, { status: 404 });
    return Response.json(routes[route](sent));
  };
  return requests;
}
