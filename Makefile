# Needs Python 3.11 or newer, pip and make. `make demo` and `make test` set up what they need.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# pip of the environment; where the system splits `ensurepip` off, its own pip fills the environment
PIP = $$( $(BIN)/python -m pip --version >/dev/null 2>&1 \
	&& echo "$(BIN)/python -m pip" || echo "$(PYTHON) -m pip --python $(BIN)/python" )
INSTALL = --disable-pip-version-check -qq install
RUNTIME := $(VENV)/.runtime-installed
DEV := $(VENV)/.dev-installed
DOCS := $(VENV)/.docs-installed
PEERS := $(VENV)/.peers-installed

.PHONY: help demo setup test test-all docs docs-examples bench bench-gate lock clean
.DEFAULT_GOAL := help

help:
	@echo "make demo      install what is needed, check the bundled case, write demo-out/"
	@echo "make test      style, types, floors and the quick tests"
	@echo "make test-all  the same with the slow tests, and 10,000 random Cases per law"
	@echo "make setup     everything for development in .venv"
	@echo "make docs      the documentation site, in site/; works without a network"
	@echo "make docs-examples  run the examples of the documentation and renew their output"
	@echo "make bench     timings against peers, as ratios; installs the peers"
	@echo "make bench-gate  kernels against their plain twins and the recorded ratios"
	@echo "make lock      renew the five requirements*.lock (needs uv)"
	@echo "make clean     remove what these commands made, .venv included"
	@echo "Another Python: make demo PYTHON=python3.12"

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Seawall needs Python 3.11 or newer; $(PYTHON) is not. Try: make PYTHON=python3.11 ..." >&2; \
		exit 1; }
	@echo "Making $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV) >/dev/null 2>&1 || $(PYTHON) -m venv --clear --without-pip $(VENV)

# The two locks agree on every version, so the order in which they are installed does not matter.
$(RUNTIME): requirements.lock pyproject.toml | $(BIN)/python
	@echo "Installing Seawall into $(VENV) (under a minute)"
	@pip="$(PIP)"; \
		$$pip $(INSTALL) --require-hashes -r requirements.lock && \
		$$pip $(INSTALL) --no-deps --no-build-isolation -e .
	@touch $@

$(DEV): requirements-dev.lock pyproject.toml | $(BIN)/python
	@echo "Installing Seawall and its development tools into $(VENV) (about a minute)"
	@pip="$(PIP)"; \
		$$pip $(INSTALL) --require-hashes -r requirements-dev.lock && \
		$$pip $(INSTALL) --no-deps --no-build-isolation -e .
	@touch $(RUNTIME) $@

$(PEERS): requirements-peers.lock pyproject.toml | $(BIN)/python
	@echo "Installing Seawall, its development tools and the peers into $(VENV) (some minutes)"
	@pip="$(PIP)"; \
		$$pip $(INSTALL) --require-hashes -r requirements-peers.lock && \
		$$pip $(INSTALL) --no-deps --no-build-isolation -e .
	@touch $(RUNTIME) $(DEV) $@

$(DOCS): requirements-docs.lock pyproject.toml | $(RUNTIME)
	@echo "Installing what builds the documentation"
	@pip="$(PIP)"; $$pip $(INSTALL) --require-hashes -r requirements-docs.lock
	@touch $@

setup: $(DEV)
	@echo "Ready: . $(BIN)/activate"

# Exit code 2 of `seawall check` is an answer (a limit is breached), not a failure of the demo.
demo: $(RUNTIME)
	@mkdir -p demo-out
	@$(BIN)/seawall check --json demo-out/check.json --html demo-out/check.html; code=$$?; \
		if [ $$code -ne 0 ] && [ $$code -ne 2 ]; then exit $$code; fi; \
		echo "Written: demo-out/check.json and demo-out/check.html (exit code of the check: $$code)"

test: $(DEV)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -q -n auto -m "not slow" --benchmark-skip

test-all: $(DEV)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	SEAWALL_LAW_RUNS=10000 $(BIN)/pytest -q -n auto --benchmark-skip

docs: $(DOCS)
	$(BIN)/python -m docsbuild

docs-examples: $(DEV)
	$(BIN)/python -m docsbuild.renew

bench: $(PEERS)
	$(BIN)/python benchmarks/run.py

bench-gate: $(DEV)
	$(BIN)/python benchmarks/run.py --gate

# One version for every Python and platform, all files' hashes, and no address in the file.
COMPILE = uv pip compile --quiet --universal --fork-strategy fewest --python-version 3.11 \
	--generate-hashes --no-header --no-annotate pyproject.toml
lock:
	$(COMPILE) --group build -o requirements.lock
	$(COMPILE) --group dev -c requirements.lock -o requirements-dev.lock
	$(COMPILE) --group build --extra cluster -c requirements-dev.lock -o requirements-cluster.lock
	$(COMPILE) --group peers -c requirements-dev.lock -o requirements-peers.lock
	$(COMPILE) --group docs -c requirements-dev.lock -o requirements-docs.lock
	@! grep -n '/' requirements.lock requirements-dev.lock requirements-cluster.lock \
		requirements-peers.lock requirements-docs.lock

clean:
	rm -rf $(VENV) demo-out site build dist .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis \
		.import_linter_cache .benchmarks
	find src tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
