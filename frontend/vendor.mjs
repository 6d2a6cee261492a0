// Bundles the libraries of the chat page into static/vendor, with their versions and licenses.
//
//   npm ci --ignore-scripts && npm run vendor
//
// The result is committed: a second run on any machine changes no byte of it.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { build } from "esbuild";

const target = new URL("../static/vendor/", import.meta.url);
const bundles = {
  "preact.js": ["preact", "@preact/signals", "@preact/signals-core", "htm"],
  "purify.js": ["dompurify"],
};

/** @param {string} name */
const describe = (name) => {
  const read = (/** @type {string} */ path) =>
    JSON.parse(readFileSync(new URL(`node_modules/${name}/${path}`, import.meta.url), "utf8"));
  const { version, license } = read("package.json");
  return { name, version, license };
};

/** @param {string} name */
const licenceOf = (name) => {
  const text = readFileSync(new URL(`node_modules/${name}/LICENSE`, import.meta.url), "utf8");
  return `==== ${name}\n\n${text.trim()}\n`;
};

mkdirSync(target, { recursive: true });
const licences = Object.values(bundles).flat().map(licenceOf).join("\n");
writeFileSync(new URL("LICENCES.txt", target), licences);
/** @type {Record<string, { packages: ReturnType<typeof describe>[], sha256: string }>} */
const files = {};
for (const [file, packages] of Object.entries(bundles)) {
  const found = packages.map(describe);
  const banner = found.map(({ name, version, license }) => `${name} ${version} (${license})`);
  const { outputFiles } = await build({
    entryPoints: [new URL(`entries/${file}`, import.meta.url).pathname],
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    legalComments: "inline",
    banner: { js: `/*! ${banner.join(", ")}. Made by frontend/vendor.mjs. */` },
    write: false,
  });
  const [{ contents }] = outputFiles;
  writeFileSync(new URL(file, target), contents);
  files[file] = { packages: found, sha256: createHash("sha256").update(contents).digest("hex") };
}
writeFileSync(new URL("VENDOR.json", target), `${JSON.stringify(files, null, 2)}\n`);
