// @azure-rest/ai-translation-text, unmodified.
import assert from "node:assert/strict";
import { test } from "node:test";
import createClient, { isUnexpected } from "@azure-rest/ai-translation-text";
import { endpoint, httpEndpoint, key, user } from "./people.mjs";

const once = { retryOptions: { maxRetries: 0 } };
const inputs = [{ text: "Good morning", language: "en", targets: [{ language: "es" }] }];

/** @typedef {import("@azure-rest/ai-translation-text").TranslateBody} TranslateBody */

/**
 * @param {import("@azure-rest/ai-translation-text").TextTranslationClient} client
 * @param {TranslateBody} body
 */
async function translate(client, body = { inputs }) {
  return client.path("/translate").post({ body });
}

function assertTranslated(response) {
  assert.ok(!isUnexpected(response), JSON.stringify(response.body));
  const [{ translations }] = response.body.value;
  assert.equal(translations[0].language, "es");
  assert.match(translations[0].text, /^buen/i);
}

test("translate with the access key", async () => {
  const response = await translate(createClient(endpoint, { key }, once));
  assertTranslated(response);
  assert.equal(response.headers["x-metered-usage"], "12");
  assert.equal(response.headers["x-mt-system"], "apertium");
  assert.ok(response.headers["x-requestid"]);
});

test("translate with the access key and a region, or none of it", async () => {
  for (const region of ["westeurope", undefined]) {
    assertTranslated(await translate(createClient(endpoint, { key, region }, once)));
  }
});

test("translate with a user's token, below a path", async () => {
  assertTranslated(await translate(createClient(`${endpoint}/cognitive`, user, once)));
});

test("translate over plain http, when the client allows it", async () => {
  const options = { ...once, allowInsecureConnection: true };
  assertTranslated(await translate(createClient(httpEndpoint, { key }, options)));
});

test("translate in version 3.0", async () => {
  const client = createClient(endpoint, { key }, { ...once, apiVersion: "3.0" });
  // The client's types describe the bodies of the current version only.
  const response = await client.pathUnchecked("/translate").post({
    body: [{ text: "Good morning" }],
    queryParameters: { to: "es", from: "en" },
  });
  assert.equal(response.status, "200");
  assert.match(response.body[0].translations[0].text, /^buen/i);
  assert.equal(response.body[0].translations[0].to, "es");
});

test("languages without a credential", async () => {
  const client = createClient(endpoint, once);
  const response = await client.path("/languages").get();
  assert.equal(response.status, "200");
  assert.ok("translation" in response.body);
  assert.equal(response.body.translation.es.nativeName, "español");
  assert.deepEqual(response.body.translation.es.models, ["general"]);
  const again = await client.path("/languages").get({ headers: { "If-None-Match": response.headers.etag } });
  assert.equal(again.status, "304");
});

test("refusals can be read", async () => {
  const client = createClient(endpoint, { key }, once);
  const refused = await translate(client, {
    inputs: [{ text: "a", targets: [{ language: "tlh" }] }],
  });
  assert.ok(isUnexpected(refused));
  assert.deepEqual([refused.status, refused.body.error.code], ["400", 400036]);
  const transliterated = await client.path("/transliterate").post({
    body: { inputs: [{ text: "a" }] },
    queryParameters: { language: "ja", fromScript: "Jpan", toScript: "Latn" },
  });
  assert.ok(isUnexpected(transliterated));
  assert.deepEqual([transliterated.status, transliterated.body.error.code], ["400", 400080]);
  const stranger = await translate(createClient(endpoint, { key: "wrong" }, once));
  assert.ok(isUnexpected(stranger));
  assert.deepEqual([stranger.status, stranger.body.error.code], ["401", 401000]);
});
