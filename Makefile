# What people do with this project. `make run` and `make test` work on a fresh clone: Python 3.11 or newer, make, git.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
DEV    := $(VENV)/.installed-dev

# Four workers for two cores: some tests wait most of the time, and whole files to each.
SUITE := $(BIN)/pytest -n 4 --dist loadfile --no-loadscope-reorder

# Per cent of the branches and lines of bot and cogs that the tests must reach.
COVERED := 90

# The tests start the bot some sixty times, each a second sooner where Python may keep what it has compiled.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help install install-dev run demo test check coverage constraints words diagram lexicons signs clean

help:  ## show these lines
	@sed -n 's/^\([a-z-]*\):.*## /  make \1: /p' Makefile

install: $(STAMP)  ## prepare .venv with the pinned dependencies

install-dev: $(DEV)  ## the same, with what the tests and checks need

run: $(STAMP) config.toml  ## run the bot; at first only in this terminal
	@$(BIN)/handrail run

demo: $(STAMP)  ## try everything: several people in one terminal, and a clock that you move
	@$(BIN)/handrail demo

test: $(DEV)  ## the whole test suite, servers included
	$(SUITE)

check: $(DEV)  ## style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

coverage: $(DEV)  ## the whole test suite once more, half as slow again, and what of the code it has not reached
	$(SUITE) --cov --cov-report=
	$(BIN)/coverage report --fail-under=$(COVERED)

constraints: $(DEV)  ## renew the pinned versions in constraints.txt
	$(BIN)/uv pip compile --universal --no-header --no-annotate --upgrade --python-version 3.11 \
	    --all-extras pyproject.toml --output-file constraints.txt

words: $(STAMP)  ## renew the catalogues in bot/locale from the code
	$(BIN)/python -m bot.locale

diagram: $(STAMP)  ## draw the picture in docs/escalation.md again, from the code
	$(BIN)/python -m bot.operations.escalation_diagram

lexicons: $(STAMP)  ## renew what is kept beside each lexicon, after a change of its rules
	$(BIN)/python -m bot.operations.kept_lexicons

signs: $(DEV)  ## learn the weights of the ear's signs again, after a change of bench/messages
	$(BIN)/python -m bench.signs --renew

clean:  ## remove what make has made; config.toml, the database and its key stay
	rm -rf $(VENV) build *.egg-info .coverage .mypy_cache .pytest_cache .ruff_cache .hypothesis

config.toml:
	@cp config.example.toml config.toml
	@echo "config.toml was made: a copy of config.example.toml, for you to change."

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	    echo "Handrail needs Python 3.11 or newer, and $(PYTHON) is not one." \
	         "Install it, or name it: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { \
	    echo "Python's venv module is missing (on Debian and Ubuntu: apt install python3-venv)." >&2; \
	    rm -rf $(VENV); exit 1; }

$(STAMP): pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "Installing into $(VENV): a minute or two the first time."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e . -c constraints.txt
	@touch $@

$(DEV): $(STAMP)
	@echo "Installing what the tests need into $(VENV): some minutes the first time."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]' -c constraints.txt
	@touch $@
