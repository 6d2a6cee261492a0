import { nameOf } from "../store/names.js";
import { t } from "../strings.js";

/**
 * "Bob is typing…"
 * @param {string[]} ids raw ids
 */
export function typingSentence(ids) {
  if (ids.length === 1) return t.typingOne(nameOf(ids[0]));
  if (ids.length === 2) return t.typingTwo(nameOf(ids[0]), nameOf(ids[1]));
  return t.typingMany;
}
