# Sourced by tests/run.sh and frontend/check.sh: Node and the packages of the lock files.
# shellcheck shell=bash

# Node 20 or newer: the machine's, or the one that requirements-dev.txt installs.
if ! node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null; then
  export PATH="$PWD/.venv/bin:$PATH"
fi

# Installs the packages of each folder, unless they are as its package-lock.json says.
install_packages() {
  local folder
  for folder in "$@"; do
    if [[ $folder/package-lock.json -nt $folder/node_modules/.package-lock.json ]]; then
      npm ci --prefix "$folder" --ignore-scripts --no-audit --no-fund --silent
    fi
  done
}
