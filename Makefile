# chorus-flows: every target does its own set-up; only Python 3.11+, make and git are needed.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
DATA ?=
NIGHTS ?= 200
SEED ?=
MINUTES ?= 90
LEDGERS ?= sqlite,postgres

.DEFAULT_GOAL := help
.PHONY: help setup demo test soak reliability lint bench conformance docs lock clean

help: ## Show the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

# The lock is complete: nothing is resolved, only fetched and checked against its hash.
$(READY): requirements/dev.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes \
	  -r requirements/dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	$(BIN)/python -m pip check --disable-pip-version-check
	@touch $(READY)

setup: $(READY) ## Create the environment from the lock

demo: $(READY) ## A whole night against a Chorus Pro in miniature, on sample extracts
	$(BIN)/chorus-flows demo

test: $(READY) ## The tests, with real servers where one is needed; see also reliability
	@tools/servers
	$(BIN)/python -m pytest -q -n 3 --dist load

soak: $(READY) ## Nights of random crashes and faults: make soak NIGHTS=200 SEED=7 MINUTES=90
	@tools/servers
	$(BIN)/python -m tests.soak --nights $(NIGHTS) --seed "$(SEED)" --minutes $(MINUTES) --ledgers $(LEDGERS)

reliability: $(READY) ## Every crash and fault case on SQLite and on PostgreSQL; make test leaves variants out
	@tools/servers
	$(BIN)/python -m pytest -q -n 3 --dist load tests/reliability \
	  tests/integration/test_restored_ledger.py tests/soak --exhaustive

lint: $(READY) ## ruff, mypy, import-linter, pip-audit
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tools/audit.py

bench: $(READY) ## Ratios against peers, measured in the same run
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes \
	  -r requirements/bench.lock
	$(BIN)/python -m bench

conformance: $(READY) ## Hold the product against reference data: make conformance DATA=folder
	@test -n "$(DATA)" || { echo "usage: make conformance DATA=folder"; exit 2; }
	$(BIN)/python -m pytest -q -m conformance -s tests/conformance --data "$(DATA)"

docs: $(READY) ## Write the generated pages anew
	$(BIN)/python tools/pages.py

lock: ## Resolve requirements/*.lock anew (needs uv)
	uv pip compile -q --upgrade --generate-hashes --universal --python-version 3.11 --all-extras \
	  --custom-compile-command "make lock" pyproject.toml -o requirements/runtime.lock
	uv pip compile -q --upgrade --generate-hashes --universal --python-version 3.11 --all-extras --group dev \
	  --constraint requirements/runtime.lock \
	  --custom-compile-command "make lock" pyproject.toml -o requirements/dev.lock
	uv pip compile -q --upgrade --generate-hashes --universal --python-version 3.11 --group bench \
	  --constraint requirements/dev.lock \
	  --custom-compile-command "make lock" pyproject.toml -o requirements/bench.lock

clean: ## Remove the environment and caches
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis build dist
