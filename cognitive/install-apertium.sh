#!/usr/bin/env bash
# Installs Apertium and its language pairs from the system's own packages, where we may.
# `make cognitive` runs this. What cannot be installed is said, and is no failure: the rest works.
set -euo pipefail

# Of Debian 12 and later: English, Spanish, French, Portuguese, Italian and Catalan with each other.
packages=(
  apertium
  apertium-eng-cat
  apertium-eng-spa
  apertium-es-pt
  apertium-fr-es
  apertium-fra-cat
  apertium-spa-cat
  apertium-spa-ita
)

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
  echo "!! Apertium (translation) is installed by apt-get, which this machine has not;" \
    "all else is installed."
  exit 0
fi

missing=()
for package in "${packages[@]}"; do
  state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
  [[ $state == installed ]] || missing+=("$package")
done
((${#missing[@]})) || exit 0

if [[ $EUID != 0 ]]; then
  echo "!! Translation needs packages that only root may install:" \
    "sudo apt-get install --no-install-recommends ${missing[*]}"
  exit 0
fi
echo "Installing ${missing[*]}"
if ! { apt-get update -q && DEBIAN_FRONTEND=noninteractive \
  apt-get install -y -q --no-install-recommends "${missing[@]}"; }; then
  echo "!! Translation will be missing: apt-get could not install ${missing[*]}"
fi
