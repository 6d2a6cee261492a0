#!/usr/bin/env bash
# Lints, formats and type-checks all JavaScript. Prints nothing if it passes.
# `--write` applies the formatting and the safe fixes instead, without the type check.
set -euo pipefail
cd "$(dirname "$0")/.."
source tests/node.sh

biome=frontend/node_modules/@biomejs/biome/bin/biome
tsc=frontend/node_modules/typescript/bin/tsc

# Biome reports the number of files even if nothing is wrong with them.
quietly() {
  local output
  output=$("$@" 2>&1) || { echo "$output"; return 1; }
}

# The scripts of the tests are checked against the types of the SDKs that they import.
install_packages frontend tests/*/node tests/live/browser
if [[ ${1:-} == --write ]]; then
  quietly node "$biome" check --write .
  exit
fi

status=0
quietly node "$biome" check --error-on-warnings . || status=1
node "$tsc" --project . || status=1
node "$tsc" --project frontend || status=1
node "$tsc" --project tests || status=1
exit $status
