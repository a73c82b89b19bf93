# Every target sets up what it needs. `make` alone lists them.

VENV := .venv
BIN := $(VENV)/bin
# Hundreds of processes are started by the tests: without bytecode each takes seconds to compile what it loads.
unexport PYTHONDONTWRITEBYTECODE
SUM := $(firstword $(shell { sed '/^\[tool\./,$$d' pyproject.toml; cat requirements/*.txt; } 2>/dev/null | cksum))
TO_RUN := $(VENV)/.ready-to-run-$(SUM)
TO_DEVELOP := $(VENV)/.ready-to-develop-$(SUM)
CHECKS := check-style check-types check-imports check-architecture
SIDE_BY_SIDE := -j$(words $(CHECKS)) -k $(if $(filter output-sync,$(.FEATURES)),--output-sync=target)
PIN := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
	--custom-compile-command "make pin" --no-emit-index-url --no-emit-find-links

# Tests wait a good deal for servers: three files at a time, each with servers of their own, keep two cores busy. In the
# order in which they are collected, so that the short ones of tests/unit fill up the end.
SHARED_OUT := --numprocesses 3 --dist loadfile --no-loadscope-reorder

# Where versions may tell apart: all SQL against a real schema, and the life of an enquiry.
ON_POSTGRES := tests/integration/test_sql_is_true.py $(addprefix tests/integration/,kernel intake routing crm sla) \
	tests/journeys/test_web_form.py tests/journeys/test_whole_life.py
ON_PYTHON := tests/unit tests/journeys
NEWER := .venv-3.13
WITH_NEWER := $(NEWER)/.ready-$(SUM)
NEWER_PYTHON = $(shell for python in python3.13 "$${PYENV_ROOT:-$$HOME/.pyenv}"/versions/3.13*/bin/python3.13; do \
	"$$python" -c '' 2>/dev/null && echo "$$python" && break; done)

.DEFAULT_GOAL := help
.PHONY: help run test check versions on-newer-python faults bench proof pin $(CHECKS)
.DELETE_ON_ERROR:

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' Makefile

run: $(TO_RUN) ## start all four services on this machine, nothing else needed
	@exec $(BIN)/accesspoint up

test: $(TO_DEVELOP) ## run every test; says what was skipped and why
	@exec $(BIN)/python -m pytest -rs $(SHARED_OUT) $(ARGS)

check: $(TO_DEVELOP) ## style, types, import contracts, architecture: no database, seconds
	@$(MAKE) --no-print-directory $(SIDE_BY_SIDE) $(CHECKS)

versions: $(TO_DEVELOP) ## the tests on PostgreSQL 15 and on Python 3.13, where these are installed
	@ACCESSPOINT_TEST_POSTGRES=15 $(BIN)/python -m pytest -rs $(SHARED_OUT) -k "not rabbit" $(ON_POSTGRES)
	@$(if $(NEWER_PYTHON),$(MAKE) --no-print-directory on-newer-python,echo "Python 3.13 is not installed here: skipped.")

on-newer-python: $(WITH_NEWER)
	@$(NEWER)/bin/python -m pytest -rs $(SHARED_OUT) $(ON_PYTHON)

faults: $(TO_DEVELOP) ## kill everything while enquiries are under way, then count (ARGS="--seed 7")
	@exec $(BIN)/python -m tests.faults $(ARGS)

bench: $(TO_DEVELOP) ## measure rates, latencies and memory into var/bench.json
	@exec $(BIN)/python -m tests.bench $(ARGS)

proof: $(TO_DEVELOP) ## clone HEAD, run everything that was promised, write the figures to docs/proof/
	@exec $(BIN)/python -m tests.proof $(ARGS)

pin: $(BIN)/uv ## choose the versions again: requirements/*.txt from pyproject.toml (ARGS=--upgrade)
	@$(PIN) $(ARGS) --group tools --output-file requirements/tools.txt
	@$(PIN) $(ARGS) pyproject.toml --constraint requirements/tools.txt --output-file requirements/run.txt
	@$(PIN) $(ARGS) pyproject.toml --group tools --group dev --constraint requirements/tools.txt \
		--constraint requirements/run.txt --output-file requirements/dev.txt

check-style: $(TO_DEVELOP)
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet .

check-types: $(TO_DEVELOP)
	@$(BIN)/mypy --no-error-summary

check-imports: $(TO_DEVELOP)
	@$(BIN)/lint-imports --no-logo > $(VENV)/.imports 2>&1 || { cat $(VENV)/.imports; exit 1; }

check-architecture: $(TO_DEVELOP)
	@$(BIN)/python -m pytest -q tests/architecture

$(BIN)/uv:
	@for name in python3.13 python3.12 python3.11 python3 python; do \
		if "$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python=$$name; break; fi; \
	done; \
	[ -n "$$python" ] || { echo "Python 3.11 or newer is needed, and none was found."; exit 1; }; \
	"$$python" -m venv $(VENV) || { echo "$$python has no venv: install it (on Debian: python3-venv)."; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/tools.txt

# Adds and never removes: who only wants to run it must not take the tests' packages away.
$(TO_RUN): | $(BIN)/uv
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements/tools.txt \
		-r requirements/run.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@rm -f $(VENV)/.ready-*
	@touch $@

$(TO_DEVELOP): | $(BIN)/uv
	@$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes requirements/dev.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@rm -f $(VENV)/.ready-*
	@touch $(TO_RUN) $@

$(WITH_NEWER): $(TO_DEVELOP)
	@$(BIN)/uv venv --quiet --clear --python "$(NEWER_PYTHON)" $(NEWER)
	@$(BIN)/uv pip sync --quiet --python $(NEWER)/bin/python --require-hashes requirements/dev.txt
	@$(BIN)/uv pip install --quiet --python $(NEWER)/bin/python --no-deps --no-build-isolation --editable .
	@touch $@
