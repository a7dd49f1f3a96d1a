# The set-up and every check; `make demo` and `make test` need only Python 3.11+ and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO ?= demo

.PHONY: all demo test fast format lint types architecture docs reference lock clean

all: format lint types architecture fast

$(BIN)/.default: requirements/default.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info[:2] <= (3, 13) else "error: Fourfold needs Python 3.11 to 3.13; name one: make PYTHON=python3.12")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/default.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(BIN)/.test: $(BIN)/.default requirements/test.lock
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/test.lock
	@touch $@

demo: $(BIN)/.default
	$(BIN)/fourfold demo $(DEMO)

test: $(BIN)/.test
	$(BIN)/python -m pytest

fast: $(BIN)/.test
	$(BIN)/python -m pytest -m "not slow"

format: $(BIN)/.test
	$(BIN)/ruff format
	$(BIN)/ruff check --fix-only

lint: $(BIN)/.test
	$(BIN)/ruff format --check
	$(BIN)/ruff check

types: $(BIN)/.test
	$(BIN)/mypy

architecture: $(BIN)/.test
	$(BIN)/lint-imports

docs: $(BIN)/.test
	COLUMNS=88 $(BIN)/cog --check --diff docs/reference/*.md
	$(BIN)/mkdocs build --quiet --strict

reference: $(BIN)/.test
	$(BIN)/cog -r docs/reference/*.md

lock:
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header pyproject.toml --group build -o requirements/default.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header pyproject.toml --extra ocr --extra rouge-stem --group build --group test --group docs -c requirements/default.lock -o requirements/test.lock

clean:
	rm -rf $(VENV) $(DEMO) .mypy_cache .ruff_cache
