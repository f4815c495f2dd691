# Everything a checkout can do. Each target sets up what it needs; nothing is installed twice.
PYTHON ?= python3
BIN := .venv/bin
INSTALL := $(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints/cpu.txt

export OMP_NUM_THREADS ?= 1
export TOKENIZERS_PARALLELISM ?= false

.PHONY: help demo test check docs bundle clean

help: ## Show the targets
	@grep -E '^[a-z]+:.*##' Makefile | sed 's/:.*## /\t/' | expand -t 12

demo: .venv/.local ## Set up, run the bundled model on the bundled benchmark, leave runs/demo/report.html
	$(BIN)/s1m demo

test: .venv/.test ## Set up, run every test
	$(BIN)/python -m pytest --cov --cov-report=term:skip-covered --cov-report=json:.coverage.json
	$(BIN)/python scripts/coverage_floor.py .coverage.json

check: .venv/.test .venv/.check ## Style, types, layers, docs
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python scripts/cli_docs.py --check

docs: .venv/.local ## Write the pages that are generated from the command line
	$(BIN)/python scripts/cli_docs.py

bundle: .venv/.local ## Train the bundled checkpoint again, from nothing (about an hour on 2 cores)
	$(BIN)/python recipes/digits/train.py --out src/s1m/assets/digits-qwen2vl

clean: ## Remove the environment and every trace of a run
	rm -rf .venv runs .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage .coverage.json

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/.local: .venv/bin/python pyproject.toml constraints/cpu.txt
	$(INSTALL) --editable '.[local]'
	@touch $@

.venv/.test: .venv/.local
	$(INSTALL) --editable '.[local,test]'
	@touch $@

.venv/.check: .venv/.test
	$(INSTALL) --editable '.[local,test,check]'
	@touch $@
