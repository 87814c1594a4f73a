# The two commands a newcomer needs are `make demo` and `make test`; `make check` is what CI runs.
ifeq ($(OS),Windows_NT)
  PYTHON ?= python
  SCRIPTS := Scripts
else
  PYTHON ?= python3
  SCRIPTS := bin
endif
VENV := .venv
BIN := $(VENV)/$(SCRIPTS)
# Processes that run tests; those of the long ones measure time and memory, and have the machine for themselves.
WORKERS := --numprocesses auto --maxprocesses 4
WITHOUT_COMPILER := tests/jit tests/kernels tests/training/test_rounds.py tests/training/test_same_bits.py tests/training/test_schedule.py tests/training/test_huffman.py tests/test_phrases.py tests/vectors/test_subwords.py

.PHONY: demo test check bench lint types docs coverage lowest clean

demo: $(VENV)/.installed
	@$(BIN)/firth demo --overwrite

test: $(VENV)/.installed-test
	$(BIN)/python -m pytest -m "not long" $(WORKERS)

check: $(VENV)/.installed-check lint types docs test
	$(BIN)/python -m pytest -m long
	NUMBA_DISABLE_JIT=1 $(BIN)/python -m pytest -m "not long" $(WORKERS) $(WITHOUT_COMPILER)

bench: $(VENV)/.installed
	$(BIN)/python -m benchmarks.suite

lint: $(VENV)/.installed-check
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: $(VENV)/.installed-check
	$(BIN)/mypy

# The site, in build/site, with the notebooks as they run now; a warning is an error.
docs: $(VENV)/.installed-check
	$(BIN)/python -m tools.notebooks
	$(BIN)/zensical build --clean --strict

# Lines of a compiled kernel cannot be counted, so what runs without the compiler is measured too, then both together.
coverage: $(VENV)/.installed-check
	$(BIN)/coverage run --data-file=.coverage.compiled -m pytest -q -m "not long"
	NUMBA_DISABLE_JIT=1 $(BIN)/coverage run --data-file=.coverage.plain -m pytest -q -m "not long" $(WITHOUT_COMPILER)
	@for kind in compiled plain; do echo "$$kind: $$($(BIN)/coverage report --data-file=.coverage.$$kind --format=total)%"; done
	@$(BIN)/coverage combine --quiet --keep .coverage.compiled .coverage.plain
	$(BIN)/coverage report --skip-covered

# The fast tests with the lowest version of every dependency, in an environment of their own.
lowest:
	$(PYTHON) -m tools.versions

$(BIN)/activate:
	@$(PYTHON) -c 'import sys; sys.exit("firth needs Python 3.11 or newer, this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	@$(PYTHON) -m venv $(VENV)

# Dependency groups (PEP 735) need pip 25.1; the one that comes with Python may be older.
$(VENV)/.pip: | $(BIN)/activate
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	@touch $@

$(VENV)/.installed: pyproject.toml | $(BIN)/activate
	@echo "installing firth and what it needs into $(VENV): a minute or so …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.installed-test: pyproject.toml $(VENV)/.pip
	@echo "installing firth and what its tests need into $(VENV): a minute or two …"
	@$(BIN)/python -m pip install --quiet --editable . --group test
	@touch $@ $(VENV)/.installed

$(VENV)/.installed-check: pyproject.toml $(VENV)/.pip
	@echo "installing firth and what its checks need into $(VENV): a few minutes …"
	@$(BIN)/python -m pip install --quiet --editable . --group check
	@touch $@ $(VENV)/.installed $(VENV)/.installed-test

clean:
	rm -rf $(VENV) .cache .coverage* build dist docs/examples .pytest_cache .mypy_cache .ruff_cache
