# make demo: the whole story, no downloads after installation.   make test: the tests.   make slow: the long ones.   make check: lint and types.
PYTHON ?= python3
BIN := .venv/bin
# In processes of one thread each: with more threads than cores, all would wait for each other.
PYTEST := OMP_NUM_THREADS=1 MKL_NUM_THREADS=1 $(BIN)/python -m pytest -rs

.PHONY: demo test slow check clean

.venv/installed: pyproject.toml constraints.txt
	@echo "Installing into .venv/ once: torch and open_clip download about 3 GB and take 6 GB of disk."
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	@touch $@

demo: .venv/installed
	$(BIN)/semclip demo

test: .venv/installed
	$(PYTEST) -n 2 --dist worksteal -m "not slow"

slow: .venv/installed
	$(PYTEST) -m slow

check: .venv/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

clean:
	rm -rf .venv build dist src/*.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
