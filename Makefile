# Every target sets up what it needs: .venv is built from the lock files on first use.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
UV_COMPILE := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-annotate --no-header
# The tests start a hundred processes: what is compiled is kept, whatever the shell says.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help install develop demo check style test test-all chaos pages images live bench lock

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: .venv/installed  ## build .venv with the runtime and demo packages

.venv/installed: requirements.txt requirements-demo.txt pyproject.toml emulator/pyproject.toml
	$(PYTHON) -m venv .venv
	$(PIP) --require-hashes -r requirements.txt -r requirements-demo.txt
	$(PIP) --no-deps --no-build-isolation -e . -e emulator
	touch $@

develop: .venv/develops  ## add the packages for tests and checks (for development only)

.venv/develops: requirements-dev.txt .venv/installed
	$(PIP) --require-hashes -r requirements-dev.txt
	touch $@

demo: install  ## see it work, without any account (ARGS=--once: check and exit)
	$(BIN)/python -m demo $(ARGS)

check: style test  ## style, types, import contracts and the short tests: run this before a push

style: develop  ## style, types and import contracts, without the tests
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

test: develop  ## run the short tests (one or two minutes)
	$(BIN)/python -m pytest -n 6 -m "not long" $(ARGS)

test-all: develop  ## run only the long tests: kills, outages, people editing, large sheets
	$(BIN)/python -m pytest -n 6 -m long $(ARGS)  # they wait more than they compute

chaos: develop  ## run the storms of people, faults and kills at full size (SEED=1)
	KILLS=50 SILENCE=60 HOSTILE=100000 STORMS=300 \
		$(BIN)/python -m pytest -n 0 -s tests/e2e/test_kill.py tests/e2e/test_outage.py \
		tests/security/test_hostile.py tests/core/test_storm.py tests/boards/test_storm.py

pages: develop  ## regenerate .env.example, app.json and the tables of settings and columns
	$(BIN)/python -m tests.settings.pages

images: develop  ## retake the pictures of the docs
	IMAGES=1 $(BIN)/python -m pytest -n 0 tests/reading/test_pictures.py

live: develop  ## run the main test on a real spreadsheet, with credentials from the environment
	LIVE=1 $(BIN)/python -m pytest -n 0 -s -rs tests/live

bench: develop  ## measure, and write benchmarks/results.md
	$(BIN)/python benchmarks/run.py $(ARGS)

lock:  ## regenerate the lock files (needs uv)
	$(UV_COMPILE) pyproject.toml -o requirements.txt
	$(UV_COMPILE) emulator/pyproject.toml --group build -c requirements.txt -o requirements-demo.txt
	$(UV_COMPILE) pyproject.toml emulator/pyproject.toml --group dev --group emulator/pyproject.toml:dev \
		-c requirements.txt -c requirements-demo.txt -o requirements-dev.txt
