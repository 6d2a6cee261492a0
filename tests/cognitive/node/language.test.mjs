// @azure/ai-language-text and @azure/ai-text-analytics, unmodified.
import assert from "node:assert/strict";
import { test } from "node:test";
import { AzureKeyCredential, TextAnalysisClient } from "@azure/ai-language-text";
import { TextAnalyticsClient } from "@azure/ai-text-analytics";
import { endpoint, httpEndpoint, key, user } from "./people.mjs";

const once = { retryOptions: { maxRetries: 0 } };
const text = "\u{1F44D}\u{1F3FD} I love it. The food was awful!";

test("analyze sentiment", async () => {
  const client = new TextAnalysisClient(endpoint, new AzureKeyCredential(key), once);
  const [mixed, empty] = await client.analyze("SentimentAnalysis", [text, " "]);
  assert.ok("sentences" in mixed);
  assert.equal(mixed.sentiment, "mixed");
  assert.deepEqual(
    mixed.sentences.map(({ sentiment }) => sentiment),
    ["positive", "negative"],
  );
  // Offsets count text elements of Unicode 8, in which a skin tone modifier is a text element.
  assert.deepEqual(
    mixed.sentences.map(({ offset, length }) => [offset, length]),
    [
      [0, 13],
      [14, 19],
    ],
  );
  assert.equal(empty.error.code, "InvalidDocument");
});

test("analyze sentiment and count as JavaScript does", async () => {
  const client = new TextAnalysisClient(endpoint, new AzureKeyCredential(key), once);
  const options = { stringIndexType: "Utf16CodeUnit", includeOpinionMining: true };
  const [result] = await client.analyze("SentimentAnalysis", [text], "en", options);
  assert.ok("sentences" in result);
  for (const { offset, length, text: part } of result.sentences) {
    assert.equal(text.slice(offset, offset + length), part);
  }
});

test("detect the language with a user's token, below a path", async () => {
  const client = new TextAnalysisClient(`${endpoint}/cognitive`, user, once);
  const [result] = await client.analyze("LanguageDetection", ["Bonjour, comment allez-vous ?"]);
  assert.ok("primaryLanguage" in result);
  assert.equal(result.primaryLanguage.iso6391Name, "fr");
  assert.equal(result.primaryLanguage.name, "French");
});

test("the newer client works over plain http, when it allows it", async () => {
  const options = { ...once, allowInsecureConnection: true };
  const client = new TextAnalysisClient(httpEndpoint, new AzureKeyCredential(key), options);
  const [result] = await client.analyze("SentimentAnalysis", ["What a wonderful day!"]);
  assert.ok("sentiment" in result);
  assert.equal(result.sentiment, "positive");
});

test("the newer client reads the refusals", async () => {
  const client = new TextAnalysisClient(endpoint, new AzureKeyCredential("wrong"), once);
  await assert.rejects(client.analyze("SentimentAnalysis", ["a"]), { statusCode: 401 });
  const known = new TextAnalysisClient(endpoint, new AzureKeyCredential(key), once);
  await assert.rejects(known.analyze("KeyPhraseExtraction", ["a"]), { statusCode: 400 });
  const many = Array(11).fill("a");
  await assert.rejects(known.analyze("SentimentAnalysis", many), { code: "InvalidDocumentBatch" });
});

test("the older client analyses sentiment and detects languages", async () => {
  const client = new TextAnalyticsClient(endpoint, new AzureKeyCredential(key), once);
  const [mixed, empty] = await client.analyzeSentiment([text, ""]);
  assert.ok("sentences" in mixed);
  assert.equal(mixed.sentiment, "mixed");
  for (const { offset, length, text: part } of mixed.sentences) {
    assert.equal(text.slice(offset, offset + length), part);
  }
  assert.equal(empty.error.code, "InvalidDocument");
  const [french] = await client.detectLanguage(["Bonjour, comment allez-vous ?"]);
  assert.ok("primaryLanguage" in french);
  assert.equal(french.primaryLanguage.iso6391Name, "fr");
});

test("the older client takes a user's token and reads the refusals", async () => {
  const client = new TextAnalyticsClient(endpoint, user, once);
  const [result] = await client.analyzeSentiment(["What a wonderful day!"]);
  assert.ok("sentiment" in result);
  assert.equal(result.sentiment, "positive");
  const stranger = new TextAnalyticsClient(endpoint, new AzureKeyCredential("wrong"), once);
  await assert.rejects(stranger.analyzeSentiment(["a"]), { statusCode: 401 });
});
