// How people are called, learned from whatever the API says about them.
import { signal, untracked } from "../../vendor/preact.js";
import { config } from "../config.js";
import { t } from "../strings.js";
import { ownName } from "../token.js";

const names = signal(new Map());

// Remembers names; `pairs` are [raw id, name]. The last one said wins.
export function learn(pairs) {
  const known = untracked(() => names.value);
  const fresh = pairs.filter(([id, name]) => id && name && id !== config.userId && known.get(id) !== name);
  if (fresh.length) names.value = new Map([...known, ...fresh]);
}

export const isMe = (id) => id === config.userId;
export const nameOf = (id) => (isMe(id) ? ownName.value : names.value.get(id) || t.somebody);
// In sentences.
export const nameOrYou = (id) => (isMe(id) ? t.you : nameOf(id));
