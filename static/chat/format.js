// Times, names, and sizes as text.
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

/**
 * The number of the local day: one more each day.
 * @param {number} ms
 */
export function dayOf(ms) {
  const date = new Date(ms);
  return Math.floor((ms - date.getTimezoneOffset() * 60_000) / DAY_MS);
}

/**
 * The local date as 2026-11-29, the format of date fields.
 * @param {number} ms
 */
export function isoDay(ms) {
  const date = new Date(ms);
  /** @param {number} number */
  const two = (number) => String(number).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** @param {number} ms */
export const clock = (ms) => timeFormat.format(ms);
/** @param {number} ms */
export const fullTime = (ms) => fullFormat.format(ms);
/** @param {number} ms */
export const date = (ms) => yearFormat.format(ms);

/**
 * For the list of conversations: the time of today, the weekday of this week, or the date.
 * @param {number} ms
 */
export function shortTime(ms, now = Date.now()) {
  const days = dayOf(now) - dayOf(ms);
  if (days <= 0) return clock(ms);
  if (days === 1) return t.yesterday;
  if (days < 7) return weekdayFormat.format(ms);
  return new Date(ms).getFullYear() === new Date(now).getFullYear()
    ? dayFormat.format(ms)
    : yearFormat.format(ms);
}

/**
 * For the separator between two days.
 * @param {number} ms
 */
export function dayName(ms, now = Date.now()) {
  const days = dayOf(now) - dayOf(ms);
  if (days === 0) return t.today;
  if (days === 1) return t.yesterday;
  return days > 0 && days < 180 ? longDayFormat.format(ms) : longYearFormat.format(ms);
}

const segmenter = new Intl.Segmenter(locale, { granularity: "grapheme" });

const BRACKETS_AND_SIGNS = /[\p{P}\p{Sc}\p{Sk}\p{Sm}]+/gu;

/**
 * One or two letters for an avatar. A whole emoji counts as a letter, punctuation does not.
 * @param {string} name
 */
export function initials(name) {
  const words = name.replace(BRACKETS_AND_SIGNS, " ").trim().split(/\s+/u).filter(Boolean);
  /** @param {string} word */
  const first = (word) => [...segmenter.segment(word)][0]?.segment ?? "";
  const chosen = words.length > 1 ? [words[0], words[words.length - 1]] : words.slice(0, 1);
  return chosen.map(first).join("").toLocaleUpperCase() || "?";
}

/**
 * One of `count` colors, always the same for the same text.
 * @param {string} text
 */
export function colorOf(text, count = 8) {
  let hash = 0;
  for (const character of text) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) >>> 0;
  return hash % count;
}

const encoder = new TextEncoder();
/** @param {string} text */
export const byteLength = (text) => encoder.encode(text).length;
