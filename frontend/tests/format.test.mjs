import assert from "node:assert/strict";
import { test } from "node:test";
import { byteLength, colorOf, dayName, initials, isoDay, shortTime } from "../../static/chat/format.js";
import { listNames } from "../../static/chat/strings.js";
import { parseEvent } from "../../static/chat/transports.js";
import { NOON } from "./models.mjs";

const DAY_MS = 86_400_000;

test("an avatar shows the initials of the first and the last name", () => {
  assert.deepEqual(["Anna Sommer", "ben", "Ana María de Souza", "(Dr.) Kim"].map(initials), [
    "AS",
    "B",
    "AS",
    "DK",
  ]);
});

test("a whole emoji counts as a letter, and a name without letters is a question mark", () => {
  assert.deepEqual(["👩‍🚀 Ada", "…"].map(initials), ["👩‍🚀A", "?"]);
});

test("the same text always has the same color", () => {
  assert.equal(colorOf("8:acs:ben"), colorOf("8:acs:ben"));
  assert.ok(colorOf("8:acs:ben") < 8);
});

test("a time is shown as yesterday, a weekday, or a date", () => {
  const ago = (/** @type {number} */ days) => shortTime(NOON - days * DAY_MS, NOON);
  assert.deepEqual([ago(1), ago(3), ago(20), ago(400)], ["Yesterday", "Fri", "Nov 10", "Oct 26, 2025"]);
});

test("a day is named today, yesterday, or by its date", () => {
  const ago = (/** @type {number} */ days) => dayName(NOON - days * DAY_MS, NOON);
  assert.deepEqual([ago(0), ago(1), ago(2)], ["Today", "Yesterday", "Saturday, November 28"]);
});

test("a date field gets the local date", () => {
  assert.equal(isoDay(NOON), "2026-11-30");
});

test("the length of a text is counted in bytes", () => {
  assert.equal(byteLength("añ😀"), 7);
});

test("long lists of names are shortened", () => {
  assert.equal(listNames(["Ann", "Bob", "Carol", "Dan"]), "Ann, Bob, Carol, and Dan");
  assert.equal(listNames(["Ann", "Bob", "Carol", "Dan", "Eve"]), "Ann, Bob, Carol, and 2 others");
});

test("a server-sent event without data only moves the cursor", () => {
  assert.deepEqual(parseEvent("id: 7"), { id: "7", type: "heartbeat" });
  assert.deepEqual(parseEvent('id: 8\ndata: {"id": "8", "type": "connected", "recovered": true}'), {
    id: "8",
    type: "connected",
    recovered: true,
  });
});
