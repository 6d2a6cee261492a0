#!/usr/bin/env bash
# The whole suite on SQLite, parts of it over the short path, and its core on PostgreSQL. For `make test`.
# Missing programs that the tests need are installed if possible (as root, with apt).
set -euo pipefail
cd "$(dirname "$0")/.."

required=",${CHATSITE_TEST_REQUIRE:-},"

has_postgresql() { compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || command -v initdb >/dev/null; }

missing=()
has_postgresql || missing+=(postgresql)
command -v redis-server >/dev/null || missing+=(redis-server)
command -v chromium >/dev/null || missing+=(chromium)
command -v prometheus >/dev/null || missing+=(prometheus)
command -v strace >/dev/null || missing+=(strace)
command -v prometheus-alertmanager >/dev/null || missing+=(prometheus-alertmanager)
if ((${#missing[@]})); then
  if [[ $EUID == 0 ]] && command -v apt-get >/dev/null; then
    echo "Installing ${missing[*]}"
    apt-get update -q
    DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}"
  else
    echo "!! Not installed, so tests will be skipped: ${missing[*]}"
  fi
fi

# The engines of translation, sentiment and speech; some of them need apt as well.
make -s cognitive || echo "!! Some engines are missing, so their tests will be skipped."

source tests/node.sh
install_packages frontend tests/*/node tests/live/browser

# Tests start hundreds of processes. Without compiled modules on disk, each of them would compile
# everything again, which takes longer than the rest of its start.
unset PYTHONDONTWRITEBYTECODE

# Runs a part of the suite: its name, options for pytest, and paths. If only a few tests fail, they are
# run once more, one after the other, and the part passes if all of them pass: next to other tests, a
# browser or a killed process may need longer than a test waits. They are listed at the end, because a
# test that fails occasionally has a defect.
second_chances=()
part() {
  local name=$1 options=$2 code=0 failed=() each
  shift 2
  local cache=".pytest_cache/$name"
  rm -rf "$cache"
  # shellcheck disable=SC2086 - several words
  .venv/bin/python -m pytest -n 2 --dist loadfile -o cache_dir="$cache" $options "$@" || code=$?
  # Only failed tests are repeated. 9 means that a required test was skipped.
  ((code == 1)) || return "$code"
  mapfile -t failed < <(.venv/bin/python -c \
    'import json, sys; print(*json.load(open(sys.argv[1])), sep="\n")' "$cache/v/cache/lastfailed")
  ((0 < ${#failed[@]} && ${#failed[@]} <= 5)) || return 1
  for each in "${failed[@]}"; do
    # A file or a worker: its tests were not collected.
    [[ $each == *::* ]] || return 1
  done
  echo "== $name: ${#failed[@]} failed; running them again, one at a time"
  # shellcheck disable=SC2086
  .venv/bin/python -m pytest -o cache_dir="$cache" $options "${failed[@]}" || return 1
  second_chances+=("${failed[@]}")
}

status=0
echo "== SQLite"
part SQLite "" || status=1

echo "== SQLite, hot operations over the short path"
part short-path "--short-path" threads messaging identity monitoring/tests tests/replay || status=1

echo "== PostgreSQL"
if has_postgresql; then
  part PostgreSQL "--database postgresql" \
    background identity events threads webhooks messaging live cognitive azure_management tests/replay tests/upgrade \
    tests/live/test_processes.py tests/live/test_faults.py || status=1
elif [[ $required == *,postgresql,* ]]; then
  echo "PostgreSQL is not installed, and CHATSITE_TEST_REQUIRE demands it."
  status=1
else
  echo "!! SKIPPED: PostgreSQL is not installed."
fi
for each in "${second_chances[@]}"; do
  echo "!! Passed only when repeated: $each"
done
exit $status
