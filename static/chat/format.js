// Times, names and sizes as people read them.
import { t } from "./strings.js";

const locale = navigator.language || "en";
const timeFormat = new Intl.DateTimeFormat(locale, { hour: "numeric", minute: "2-digit" });
const weekdayFormat = new Intl.DateTimeFormat(locale, { weekday: "short" });
const dayFormat = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short" });
const yearFormat = new Intl.DateTimeFormat(locale, {
  day: "numeric",
  month: "short",
  year: "numeric",
});
const longDayFormat = new Intl.DateTimeFormat(locale, {
  weekday: "long",
  day: "numeric",
  month: "long",
});
const longYearFormat = new Intl.DateTimeFormat(locale, {
  day: "numeric",
  month: "long",
  year: "numeric",
});
const fullFormat = new Intl.DateTimeFormat(locale, { dateStyle: "full", timeStyle: "short" });

const DAY_MS = 86_400_000;

// A number that grows by one each local day.
export function dayOf(ms) {
  const date = new Date(ms);
  return Math.floor((ms - date.getTimezoneOffset() * 60_000) / DAY_MS);
}

// 2026-11-29, here; as fields for dates want it.
export function isoDay(ms) {
  const date = new Date(ms);
  const two = (number) => String(number).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

export const clock = (ms) => timeFormat.format(ms);
export const fullTime = (ms) => fullFormat.format(ms);
export const date = (ms) => yearFormat.format(ms);

// For the list of conversations: the clock today, then the weekday, then the date.
export function shortTime(ms, now = Date.now()) {
  const days = dayOf(now) - dayOf(ms);
  if (days <= 0) return clock(ms);
  if (days === 1) return t.yesterday;
  if (days < 7) return weekdayFormat.format(ms);
  return new Date(ms).getFullYear() === new Date(now).getFullYear()
    ? dayFormat.format(ms)
    : yearFormat.format(ms);
}

// For the line between two days.
export function dayName(ms, now = Date.now()) {
  const days = dayOf(now) - dayOf(ms);
  if (days === 0) return t.today;
  if (days === 1) return t.yesterday;
  return days > 0 && days < 180 ? longDayFormat.format(ms) : longYearFormat.format(ms);
}

const segmenter = new Intl.Segmenter(locale, { granularity: "grapheme" });

const BRACKETS_AND_SIGNS = /[\p{P}\p{Sc}\p{Sk}\p{Sm}]+/gu;

// One or two letters that stand for a name; a whole emoji counts as a letter, a bracket does not.
export function initials(name) {
  const words = name.replace(BRACKETS_AND_SIGNS, " ").trim().split(/\s+/u).filter(Boolean);
  const first = (word) => [...segmenter.segment(word)][0]?.segment ?? "";
  const chosen = words.length > 1 ? [words[0], words.at(-1)] : words.slice(0, 1);
  return chosen.map(first).join("").toLocaleUpperCase() || "?";
}

// The same one of `count` colours for the same text, always.
export function colourOf(text, count = 8) {
  let hash = 0;
  for (const character of text) hash = (hash * 31 + character.codePointAt(0)) >>> 0;
  return hash % count;
}

const encoder = new TextEncoder();
export const byteLength = (text) => encoder.encode(text).length;
