# Commands for developers. `make run` needs python3, make and git; the others install the rest.

PYTHON ?= python3
# Without --no-compile pip compiles thousands of files that are never imported.
PIP := .venv/bin/python -m pip install -q --disable-pip-version-check --no-compile --require-hashes --no-deps
# Shows the output of a command only if it fails.
QUIETLY := bash -c 'output=$$("$$@" 2>&1) || { echo "$$output"; exit 1; }' quietly

.PHONY: run test check fmt bench admin cognitive
.DEFAULT_GOAL := run

run: .venv/.run
	@exec .venv/bin/python manage.py serve

# Creates an admin account or sets its password.
admin: .venv/.run
	@.venv/bin/python manage.py operator

# Translation, sentiment and speech on this machine; docs/cognitive.md lists what is installed.
cognitive: .venv/.cognitive
	@bash cognitive/install-apertium.sh
	@.venv/bin/python manage.py cognitive_check

# The whole test suite; CONTRIBUTING.md describes how to run parts of it.
test: .venv/.dev
	@bash tests/run.sh

# Prints nothing if all is well.
check: .venv/.dev
	@.venv/bin/ruff check --quiet .
	@.venv/bin/ruff format --check --quiet .
	@.venv/bin/mypy --no-error-summary .
	@$(QUIETLY) .venv/bin/python manage.py check --fail-level WARNING
	@$(QUIETLY) .venv/bin/python manage.py makemigrations --check --dry-run
	@bash frontend/check.sh

fmt: .venv/.dev
	@.venv/bin/ruff check --fix --quiet .
	@.venv/bin/ruff format --quiet .
	@bash frontend/check.sh --write

# The goals of docs/performance.md, measured; about ten minutes, on an otherwise idle machine.
bench: .venv/.dev
	.venv/bin/python -m bench

.venv/bin/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "chatsite needs Python 3.11 or newer; make PYTHON=/path/to/python3 chooses another."; \
	  exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "This Python cannot create virtual environments: the package python3-venv is missing."; \
	  [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null || { \
	    echo "Install it (apt-get install python3-venv) and try again."; exit 1; }; \
	  apt-get update -q && apt-get install -y -q --no-install-recommends python3-venv; }
	$(PYTHON) -m venv .venv

.venv/.run: requirements.txt | .venv/bin/pip
	$(PIP) -r requirements.txt
	@touch $@

.venv/.dev: requirements-dev.txt .venv/.run
	$(PIP) -r requirements-dev.txt
	@touch $@

.venv/.cognitive: requirements-cognitive.txt .venv/.run
	$(PIP) -r requirements-cognitive.txt
	@touch $@
