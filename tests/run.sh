#!/usr/bin/env bash
# The whole suite: on SQLite, then its core on PostgreSQL. `make test` runs this.
# Programs that the tests need and the machine lacks are installed where we may (root, apt).
set -euo pipefail
cd "$(dirname "$0")/.."

required=",${CHATSITE_TEST_REQUIRE:-},"

has_postgresql() { compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || command -v initdb >/dev/null; }

missing=()
has_postgresql || missing+=(postgresql)
command -v redis-server >/dev/null || missing+=(redis-server)
command -v chromium >/dev/null || missing+=(chromium)
command -v prometheus >/dev/null || missing+=(prometheus)
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

# Node 20 or newer: the machine's, else the one that came with requirements-dev.txt.
if ! node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null; then
  export PATH="$PWD/.venv/bin:$PATH"
fi
for lock in tests/*/*/package-lock.json; do
  packages=$(dirname "$lock")
  if [[ $lock -nt $packages/node_modules/.package-lock.json ]]; then
    npm ci --prefix "$packages" --ignore-scripts --no-audit --no-fund
  fi
done

# Tests start hundreds of processes. Where Python may not keep what it compiled, each of them would
# compile everything anew, which takes longer than all the rest of its start.
unset PYTHONDONTWRITEBYTECODE

status=0
echo "== SQLite"
.venv/bin/python -m pytest -n 2 --dist loadfile || status=1

echo "== PostgreSQL"
if has_postgresql; then
  .venv/bin/python -m pytest -n 2 --dist loadfile --database postgresql \
    identity events threads messaging live cognitive tests/replay \
    tests/live/test_processes.py tests/live/test_faults.py || status=1
elif [[ $required == *,postgresql,* ]]; then
  echo "PostgreSQL is not installed, and CHATSITE_TEST_REQUIRE demands it."
  status=1
else
  echo "!! SKIPPED: PostgreSQL is not installed."
fi
exit $status
