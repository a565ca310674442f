# Every target sets up what it needs: .venv is built from the lock file on first use.
PYTHON ?= python3
BIN := .venv/bin
UV_COMPILE := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-annotate --no-header

.PHONY: install
install: .venv/installed

.venv/installed: requirements-dev.txt pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

.PHONY: lock
lock:  ## needs uv; holds names, versions and hashes only
	$(UV_COMPILE) pyproject.toml -o requirements.txt
	$(UV_COMPILE) --extra dev pyproject.toml -o requirements-dev.txt
