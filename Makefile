# Two commands do everything: `make demo` and `make test`. Both create .venv when it is missing.

.DEFAULT_GOAL := help
.PHONY: help demo test lint types layers check unit format clean

BIN := .venv/bin
# Two workers keep a small machine busy without starving the tests that watch how responsive the window is.
PYTEST_WORKERS ?= 2
PYTEST_FLAGS ?= -q

help:
	@echo "make demo   set up, optimize a sample model, write a recording and a report, open the window"
	@echo "make test   set up, lint, types, layering and all tests"
	@echo "make format rewrite the code in the house format"
	@echo "make clean  remove .venv and caches"

demo:
	@tools/setup_venv.sh app,report
	@$(BIN)/warploom demo

test: check unit

check:
	@tools/setup_venv.sh app,report,dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

unit:
	@tools/setup_venv.sh app,report,dev
	@QT_QPA_PLATFORM=offscreen $(BIN)/pytest $(PYTEST_FLAGS) -n $(PYTEST_WORKERS) --dist loadfile

format:
	@tools/setup_venv.sh app,report,dev
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis build dist out
