# The two commands a newcomer needs are `make demo` and `make test`; `make check` is what CI runs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test check bench lint types wheel clean

demo: $(VENV)/.installed
	@$(BIN)/firth demo --overwrite

test: $(VENV)/.installed-test
	$(BIN)/python -m pytest -m "not long"

check: $(VENV)/.installed-check lint types test
	$(BIN)/python -m pytest -m long
	NUMBA_DISABLE_JIT=1 $(BIN)/python -m pytest -m "not long" tests/kernels tests/test_rounds.py tests/test_phrases.py tests/test_subwords.py tests/test_trees.py

bench: $(VENV)/.installed
	$(BIN)/python -m benchmarks.suite

lint: $(VENV)/.installed-check
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: $(VENV)/.installed-check
	$(BIN)/mypy

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit("firth needs Python 3.11 or newer, this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml | $(VENV)/bin/python
	@echo "installing firth and what it needs into $(VENV): a minute or so …"
	@$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/.installed-test: pyproject.toml | $(VENV)/bin/python
	@echo "installing firth and what its tests need into $(VENV): a minute or two …"
	@$(BIN)/python -m pip install --quiet --editable '.[test]'
	@touch $@ $(VENV)/.installed

$(VENV)/.installed-check: pyproject.toml | $(VENV)/bin/python
	@echo "installing firth and what its checks need into $(VENV): a few minutes …"
	@$(BIN)/python -m pip install --quiet --editable '.[check]'
	@touch $@ $(VENV)/.installed $(VENV)/.installed-test

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache
