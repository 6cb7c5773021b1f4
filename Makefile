# One command each: every target makes its own environment first, and again when what it stands on has changed.
#   make PYTHON=/path/to/python   another Python than the first good one of python3, python3.13, 3.12, 3.11
#   make VENV=folder              another environment than .venv
#   make CONSTRAINTS=             the newest versions instead of the pinned ones (see newest, lowest, pins)
PYTHON ?=
VENV ?= .venv
CONSTRAINTS ?= requirements/constraints.txt
BIN := $(VENV)/bin
TESTS ?= tests
FUZZ ?= openai_chat openai_responses anthropic_messages gemini_generate cohere_chat ollama_chat bedrock_converse bedrock_invoke sse ndjson json_array eventstream lines
SECONDS ?= 60
SDKS := openai anthropic google-genai cohere ollama mistralai
PEERS := openai anthropic google-genai ollama litellm any-llm pydantic-ai langchain-openai
PACKAGE_any-llm := any-llm-sdk[openai,anthropic,gemini]
PACKAGE_pydantic-ai := pydantic-ai-slim[openai,anthropic,google]

# The Python to make environments with: one word, or the sentence that says why there is none, at which make ends.
found = $(shell PYTHON='$(PYTHON)' sh requirements/python.sh $(1))
python = $(call one,$(call found,$(1)))
one = $(if $(word 2,$(1)),$(error $(1)),$(1))

.PHONY: docs demo test deep crowd hostile kills ray lint types check newest lowest pins engines browser fuzz cross-check bench bench-peers dist wheels clean

demo: $(VENV)/.cli  ## the main job in ten seconds, over real HTTP on this machine: stream, tool, picture, break, retry
	@$(BIN)/python -m aikido_llm demo

# What is compiled is kept, also where the machine would not: the tests begin Python some hundreds of times.
test deep hostile kills crowd: export PYTHONDONTWRITEBYTECODE :=
test deep hostile kills crowd: export PYTHONPYCACHEPREFIX := $(abspath $(VENV))/pycache

test: $(VENV)/.dev  ## all tests (offline; engines that are not installed are skipped and say so)
	$(BIN)/python -m pytest -n auto --dist loadfile $(TESTS)

deep: $(VENV)/.dev  ## every sweep whole: recorded answers cut at every place, the fault matrix on every wire (the tests take a share)
	AIKIDO_DEEP=1 $(BIN)/python -m pytest -n auto --dist loadfile -m deep $(TESTS)

hostile: $(VENV)/.dev  ## servers that mean harm, each on every wire and road (ten minutes; the tests take a sample)
	$(BIN)/python -m tests.hostile

kills: $(VENV)/.dev  ## bulk runs that are killed at 200 random moments, at named ones, and among three (ten minutes; the tests take a sample)
	$(BIN)/python -m tests.bulk

ray:  ## a real Ray, in .venv-ray: actors (at named moments too), a node and a job are killed, a limit is shared over Redis (three minutes)
	@if sh requirements/install.sh $(call python) .venv-ray cluster $(CONSTRAINTS); then .venv-ray/bin/python -m pytest -s tests/cluster; \
	else echo "Ray cannot be installed here: its tests are skipped"; fi

crowd: $(VENV)/.dev  ## ten thousand calls before a host that counts, of two kinds: none refused (a minute; the tests take a sample)
	$(BIN)/python -m tests.middleware.limits.crowd

lint: $(VENV)/.dev
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .

types: $(VENV)/.dev
	$(BIN)/python -m mypy
	$(BIN)/python -m pyright --pythonpath $(BIN)/python

docs: $(VENV)/.docs  ## the documentation site, warnings as errors
	$(BIN)/python -m sphinx -q -W --keep-going -b html docs docs/_build/html
	@echo "open docs/_build/html/index.html"

check: test lint types docs  ## what .ci/run runs, but for the engines

newest:  ## tests, lint and types with the newest versions there are: what has drifted since the last `make pins`
	@rm -f .venv-newest/.dev
	$(MAKE) -k test lint types PYTHON=$(call python,newest) VENV=.venv-newest CONSTRAINTS=

lowest:  ## tests and types with the oldest Python and the lowest versions that pyproject.toml allows
	@mkdir -p build
	@$(call python,oldest) requirements/constraints.py lowest >build/lowest.txt
	$(MAKE) -k test types PYTHON=$(call python,oldest) VENV=.venv-lowest CONSTRAINTS=build/lowest.txt

pins:  ## the newest versions that every Python here can install become the pinned ones (a minute or two)
	@$(call python,oldest) requirements/constraints.py pinned $(call found,all)

dist: $(VENV)/.dev  ## wheel and sdist in dist/: the same bytes from the same commit
	rm -rf dist
	SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) $(BIN)/python -m hatchling build -d dist

wheels: dist  ## the same bytes twice; wheel and sdist, each extra, in empty environments of every Python that is here (minutes)
	@rm -rf build/dist && mkdir -p build && mv dist build/dist
	@$(MAKE) -s dist
	@for file in dist/*; do cmp "$$file" "build/$$file" || exit 1; done; echo "built twice: the same bytes"; sha256sum dist/*
	@$(BIN)/python requirements/wheels.py dist $(call found,all)

engines: $(VENV)/.dev $(VENV)/.engines  ## real engines and emulators for the end-to-end tests
	@if command -v npm >/dev/null; then echo ".venv-node: npm install"; mkdir -p .venv-node && cp tests/engines/package.json .venv-node/ && \
	  npm install --prefix .venv-node --no-package-lock --no-audit --no-fund --loglevel=error; \
	else echo "npm is not here: the tests against aimock and of what reads the bridges will be skipped"; fi

browser: $(VENV)/.dev  ## the chat page of docs/examples in a real browser, through every bridge (a minute; pictures in build/browser)
	@if command -v npm >/dev/null; then mkdir -p .venv-browser && cp tests/browser/package.json .venv-browser/ && \
	  npm install --prefix .venv-browser --no-package-lock --no-audit --no-fund --loglevel=error; fi
	$(BIN)/python -m tests.browser

fuzz: $(VENV)/.dev $(VENV)/.fuzz  ## each decoder and framer, guided by coverage, for so many SECONDS (or: FUZZ=ndjson)
	@for name in $(FUZZ); do echo "== $$name"; $(BIN)/python -m tests.fuzz $$name --seconds $(SECONDS) || exit 1; done

bench: $(VENV)/.bench  ## what it costs, against hand-written floors (a few minutes)
	$(BIN)/python -m benchmarks --json .bench/results.json

bench-peers: $(VENV)/.bench $(PEERS:%=.venv-peers/%/.done)  ## the same beside other libraries, each in an environment of its own
	$(BIN)/python -m benchmarks --peers --json docs/benchmarks/results.json --plots docs/benchmarks
	@if [ -x .venv-ray/bin/python ]; then .venv-ray/bin/python -m benchmarks.cluster docs/benchmarks/bulk.json \
	  && $(BIN)/python -m benchmarks.cluster docs/benchmarks/bulk.json docs/benchmarks/bulk.svg; \
	else echo "bulk.ray is not measured: Ray is not installed here (make ray)"; fi
	$(BIN)/python docs/generate_benchmarks.py

.venv-peers/%/.done:
	$(call python) -m venv .venv-peers/$*
	-.venv-peers/$*/bin/pip install --quiet --disable-pip-version-check "$(or $(PACKAGE_$*),$*)"
	@touch $@

cross-check: $(VENV)/.dev $(SDKS:%=.venv-sdks/%/.installed)  ## the vendors' own SDKs against the test server, beside our client
	$(BIN)/python -m tests.crosscheck

.venv-sdks/%/.installed:
	@$(call python) -m venv .venv-sdks/$*
	@.venv-sdks/$*/bin/pip install --quiet --disable-pip-version-check $*
	@touch $@

$(VENV)/.cli $(VENV)/.dev $(VENV)/.bench $(VENV)/.docs $(VENV)/.engines $(VENV)/.fuzz: always
	@sh requirements/install.sh $(call python) $(VENV) $(@:$(VENV)/.%=%) $(CONSTRAINTS)

.PHONY: always
always:

clean:
	rm -rf $(VENV) .venv-newest .venv-newer .venv-lowest .venv-ray .venv-node .venv-browser .venv-sdks .venv-peers .bench .mypy_cache .ruff_cache .hypothesis build dist
