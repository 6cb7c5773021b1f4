# One command each: every target makes its own environment first, and only when pyproject.toml changed.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
TESTS ?= tests
SDKS := openai anthropic google-genai cohere ollama mistralai
PEERS := openai anthropic google-genai ollama litellm any-llm pydantic-ai langchain-openai
PACKAGE_any-llm := any-llm-sdk[openai,anthropic,gemini]
PACKAGE_pydantic-ai := pydantic-ai-slim[openai,anthropic,google]

.PHONY: docs demo test lint types check engines cross-check bench bench-peers dist clean

demo: $(VENV)/.cli  ## the main job in ten seconds, over real HTTP on this machine: stream, tool, picture, break, retry
	@$(BIN)/aikido-llm demo

test: $(VENV)/.dev  ## all tests (offline; engines that are not installed are skipped and say so)
	$(BIN)/python -m pytest -n auto --dist loadfile $(TESTS)

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev
	$(BIN)/mypy
	$(BIN)/pyright --pythonpath $(BIN)/python

docs: $(VENV)/.docs  ## the documentation site, warnings as errors
	$(BIN)/sphinx-build -q -W --keep-going -b html docs docs/_build/html
	@echo "open docs/_build/html/index.html"

check: test lint types docs  ## what .ci/run runs, but for the engines

dist: $(VENV)/.dev  ## wheel and sdist in dist/: the same bytes from the same commit
	rm -rf dist
	SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) $(BIN)/python -m hatchling build -d dist

engines: $(VENV)/.dev  ## real engines and emulators for the end-to-end tests
	$(BIN)/pip install --quiet --disable-pip-version-check --editable ".[dev,engines]"
	@if command -v npm >/dev/null; then mkdir -p .venv-node && cp tests/engines/package.json .venv-node/ && \
	  npm install --prefix .venv-node --no-package-lock --no-audit --no-fund --loglevel=error; \
	else echo "npm is not here: the tests against aimock will be skipped"; fi

bench: $(VENV)/.bench  ## what it costs, against hand-written floors (a few minutes)
	$(BIN)/python -m benchmarks --json .bench/results.json

bench-peers: $(VENV)/.bench $(PEERS:%=.venv-peers/%/.done)  ## the same beside other libraries, each in an environment of its own
	$(BIN)/python -m benchmarks --peers --json docs/benchmarks/results.json --plots docs/benchmarks
	$(BIN)/python docs/generate_benchmarks.py

.venv-peers/%/.done:
	$(PYTHON) -m venv .venv-peers/$*
	-.venv-peers/$*/bin/pip install --quiet --disable-pip-version-check "$(or $(PACKAGE_$*),$*)"
	@touch $@

cross-check: $(VENV)/.dev $(SDKS:%=.venv-sdks/%/.installed)  ## the vendors' own SDKs against the test server, beside our client
	$(BIN)/python -m tests.crosscheck

.venv-sdks/%/.installed:
	@$(PYTHON) -m venv .venv-sdks/$*
	@.venv-sdks/$*/bin/pip install --quiet --disable-pip-version-check $*
	@touch $@

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.cli: pyproject.toml $(VENV)/bin/python
	$(BIN)/pip install --quiet --disable-pip-version-check --editable ".[cli]"
	@touch $@

$(VENV)/.dev: pyproject.toml $(VENV)/bin/python
	$(BIN)/pip install --quiet --disable-pip-version-check --editable ".[dev]"
	@touch $@ $(VENV)/.cli

$(VENV)/.bench: pyproject.toml $(VENV)/bin/python
	$(BIN)/pip install --quiet --disable-pip-version-check --editable ".[cli,bench]"
	@touch $@

$(VENV)/.docs: pyproject.toml $(VENV)/bin/python
	$(BIN)/pip install --quiet --disable-pip-version-check --editable ".[docs]"
	@touch $@

clean:
	rm -rf $(VENV) .venv-node .venv-sdks .venv-peers .bench .mypy_cache .ruff_cache .hypothesis dist
