// How people are called, learned from whatever the API says about them.
import { signal, untracked } from "../../vendor/preact.js";
import { config } from "../config.js";
import { t } from "../strings.js";

const names = signal(new Map([[config.userId, config.displayName]]));

// Remembers names; `pairs` are [raw id, name]. The last one said wins.
export function learn(pairs) {
  const known = untracked(() => names.value);
  const fresh = pairs.filter(
    ([id, name]) => id && name && id !== config.userId && known.get(id) !== name,
  );
  if (fresh.length) names.value = new Map([...known, ...fresh]);
}

export const nameOf = (id) => names.value.get(id) || t.somebody;
export const isMe = (id) => id === config.userId;
// In sentences.
export const nameOrYou = (id) => (isMe(id) ? t.you : nameOf(id));
