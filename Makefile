# make demo: an instance with a demo project, served at http://127.0.0.1:8000 (or make demo PORT=8080)
# make test: the whole test suite, on SQLite and on PostgreSQL
# make lint: style, types, import contracts
# make docs: the references of docs/ anew, from the commands and the settings

PYTHON ?= python3
PORT := 8000
VENV := .venv
BIN := $(VENV)/bin
WORKERS ?= 3

.PHONY: demo test lint docs lock clean

demo: $(VENV)/.run
	$(BIN)/evalhub demo --port $(PORT)

test: $(VENV)/.dev
	@scripts/browser.sh
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(VENV)/.dev
	$(BIN)/python scripts/references.py

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit("evalhub needs Python 3.11 or newer; say make PYTHON=python3.11" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: $(BIN)/python requirements/run.txt pyproject.toml
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/run.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	touch $@

$(VENV)/.dev: $(BIN)/python requirements/dev.txt pyproject.toml
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	touch $@ $(VENV)/.run

# The locks name no registry: pip uses the one that the machine is set up with.
lock: $(VENV)/.dev
	$(BIN)/pip-compile --quiet --strip-extras --allow-unsafe --generate-hashes --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-header --no-annotate --extra postgres --output-file requirements/run.txt pyproject.toml requirements/build.in
	$(BIN)/pip-compile --quiet --strip-extras --allow-unsafe --generate-hashes --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-header --no-annotate --all-extras --constraint requirements/run.txt --output-file requirements/dev.txt pyproject.toml requirements/build.in

clean:
	rm -rf $(VENV) demo-instance build dist
