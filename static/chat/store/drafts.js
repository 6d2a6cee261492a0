// Unsent texts by conversation. They are kept when the tab is reloaded.
import { config } from "../config.js";
import { restore, save } from "../storage.js";

const STORED = `chatsite-drafts:${config.userId}`;

/** @type {Record<string, string>} */
const restored = restore(sessionStorage, STORED, {});
const drafts = new Map(Object.entries(restored));

/** @param {string} threadId */
export const draftOf = (threadId) => drafts.get(threadId) ?? "";

/**
 * @param {string} threadId
 * @param {string} text empty to remove the draft
 */
export function saveDraft(threadId, text) {
  if (text) drafts.set(threadId, text);
  else drafts.delete(threadId);
  save(sessionStorage, STORED, Object.fromEntries(drafts));
}
