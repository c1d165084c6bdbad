# Everything runs in .venv, made from the pinned and hashed requirements.
# ARGS passes arguments on: make test ARGS="tests/core -x -n 0", make demo ARGS="--help". Tests run on two
# cores, each file by one of them.

PYTHON ?= python3
UV ?= uv
ARGS ?=
VENV := .venv
PY := $(VENV)/bin/python
READY := $(VENV)/.ready
CODE := $(wildcard definitions workflows activities surfaces tests benchmarks worker.py starter.py)

.DEFAULT_GOAL := help
.PHONY: help setup demo test check format lock bench clean

help:
	@echo "make demo     see a few cases live on a local Temporal server, with its UI"
	@echo "make test     run the tests"
	@echo "make check    format, lint, types, imports, tests: what CI runs"
	@echo "make format   put the code in shape"
	@echo "make bench    measure"
	@echo "make lock     pin the requirements anew (needs uv)"
	@echo "make clean    remove the environment and the caches"

setup: $(READY)

$(READY): requirements-dev.txt
	@command -v $(PYTHON) >/dev/null 2>&1 || { \
	  echo "make: '$(PYTHON)' is not on the PATH; install Python 3.11 or newer, or say make PYTHON=/path/to/python" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "make: Python 3.11 or newer is needed, '$(PYTHON)' is $$($(PYTHON) -V 2>&1); say make PYTHON=/path/to/python" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "make: '$(PYTHON)' cannot make virtual environments (no ensurepip); on Debian or Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@echo "setup: making $(VENV) with $$($(PYTHON) -V) (once; takes about a minute)"
	@$(PYTHON) -m venv --clear $(VENV)
	@$(PY) -m pip install -qq --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@
	@echo "setup: done"

demo: $(READY)
	@$(PY) starter.py demo $(ARGS)

test: $(READY)
	@.ci/browser
	@$(PY) -m pytest -n 2 --dist loadfile $(ARGS)

check: $(READY)
	@echo "check: format"
	@$(VENV)/bin/ruff format --check --quiet $(CODE) || { echo "check: run 'make format'" >&2; exit 1; }
	@echo "check: lint"
	@$(VENV)/bin/ruff check --quiet $(CODE)
	@echo "check: types"
	@$(VENV)/bin/mypy --no-error-summary $(CODE)
	@echo "check: imports"
	@$(VENV)/bin/lint-imports --no-logo
	@echo "check: tests"
	@$(MAKE) --no-print-directory test

format: $(READY)
	@$(VENV)/bin/ruff check --quiet --fix-only $(CODE)
	@$(VENV)/bin/ruff format $(CODE)

bench: $(READY)
	@$(PY) -m benchmarks $(ARGS)

LOCK = $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-header $(ARGS) pyproject.toml

lock:
	@command -v $(UV) >/dev/null 2>&1 || { echo "make: 'uv' is needed for this: pip install uv" >&2; exit 1; }
	@$(LOCK) -o requirements.txt
	@$(LOCK) --extra dev -o requirements-dev.txt
	@! grep -nE '://|find-links|index-url' requirements.txt requirements-dev.txt || { \
	  echo "make: the lock files must name no place" >&2; exit 1; }
	@echo "lock: requirements.txt and requirements-dev.txt written (ARGS=--upgrade for newer versions)"

clean:
	@rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
