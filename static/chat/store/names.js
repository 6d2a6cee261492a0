// Display names, collected from everything that the API returns.
import { signal, untracked } from "../../vendor/preact.js";
import { config } from "../config.js";
import { t } from "../strings.js";
import { ownName } from "../token.js";

/** @type {Chat.Signal<ReadonlyMap<string, string>>} */
const names = signal(new Map());

/** @typedef {[id: string | null, name: string]} Pair */

/**
 * Remembers the names of people; the latest name of each wins.
 * @param {Pair[]} pairs
 */
export function rememberNames(pairs) {
  const known = untracked(() => names.value);
  const isNew = (/** @type {Pair} */ [id, name]) =>
    id && name && id !== config.userId && known.get(id) !== name;
  const fresh = /** @type {[string, string][]} */ (pairs.filter(isNew));
  if (fresh.length) names.value = new Map([...known, ...fresh]);
}

/**
 * @param {Chat.Person} person
 * @returns {Pair}
 */
const pairOf = ({ id, name }) => [id, name];

/** @param {Chat.Person[]} people */
export const rememberPeople = (people) => rememberNames(people.map(pairOf));

/**
 * The names of senders and of those who joined or left.
 * @param {Chat.Message[]} messages
 */
export const rememberNamesIn = (messages) =>
  rememberNames(
    messages.flatMap(({ sender, name, people }) => [
      /** @type {Pair} */ ([sender, name]),
      ...people.map(pairOf),
    ]),
  );

/** @param {string | null} id */
export const isMe = (id) => id === config.userId;

/** @param {string | null} id */
export const nameOf = (id) => (isMe(id) ? ownName.value : names.value.get(id ?? "") || t.someone);

/** @param {string | null} id */
export const nameOrYou = (id) => (isMe(id) ? t.you : nameOf(id));
