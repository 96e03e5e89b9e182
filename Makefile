# Everything starts here. `make demo` and `make test` need only Python >= 3.11
# and make: they set up a virtual environment of their own.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
TYPES := $(VENV)-types

.PHONY: help demo test conformance spark browser fuzz soak lint types bench bench-captures compare clean

help:
	@echo "make demo         compile the shipped rules, match the samples, print the alerts"
	@echo "make test         run the tests, but for those of make spark"
	@echo "make conformance  run the tests that read recorded cases (RULEC_CONFORMANCE=folder)"
	@echo "make spark        run the tests with Spark, Dask and Arrow (and Java, if it is here)"
	@echo "make browser      run the tests of the playground's page, if Chromium is here"
	@echo "make fuzz         run the property tests at length (COUNT=100000)"
	@echo "make soak         put the server under load and into trouble, for some minutes"
	@echo "make lint types   ruff; mypy strict on the installed package"
	@echo "make bench        run the benchmarks"
	@echo "make bench-captures  measure reading and matching captures (ARGS='--rules FILE')"
	@echo "make compare      compare with decoders and other engines (ARGS='--rounds 5')"

$(VENV)/rulec: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("rulec needs Python 3.11 or newer: make PYTHON=python3.12 ..." if sys.version_info < (3, 11) else 0)'
	@echo "Setting up $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/dev: $(VENV)/rulec
	@echo "Adding the tools for development ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --group dev
	@touch $@

demo: $(VENV)/rulec
	$(BIN)/rulec build rules/ -o compiled.py
	$(BIN)/rulec run -r compiled.py docs/samples/audit.jsonl docs/samples/attack.scap

test: $(VENV)/dev
	$(BIN)/python -m pytest -m "not spark"

conformance: $(VENV)/dev
	$(BIN)/python -m pytest -m conformance

$(VENV)/engines: $(VENV)/dev
	@echo "Adding Spark, Dask and Arrow ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[spark]' --group engines
	@touch $@

spark: $(VENV)/engines
	$(BIN)/python -m pytest -m spark

$(VENV)/browser: $(VENV)/dev
	@echo "Adding what drives a browser ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --group browser
	@touch $@

browser: $(VENV)/browser
	$(BIN)/python -m pytest -m browser -rs

COUNT ?= 100000
fuzz: $(VENV)/dev
	RULEC_FUZZ=$(COUNT) $(BIN)/python -m pytest -m fuzz -s --timeout 0

soak: $(VENV)/dev
	PYTHONPATH=benchmarks $(BIN)/python -m soak $(ARGS)

lint: $(VENV)/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

# Types are checked as a user of the package sees them: installed, not editable.
types: $(VENV)/dev
	@rm -rf build
	@$(PYTHON) -m venv $(TYPES)
	@$(TYPES)/bin/python -m pip install --quiet --disable-pip-version-check '.[server,lsp]' mypy types-PyYAML
	cd $(TYPES) && bin/mypy --config-file ../pyproject.toml -p rulec

bench: $(VENV)/dev
	$(BIN)/python -m pytest benchmarks --benchmark-only

bench-captures: $(VENV)/rulec
	$(BIN)/python benchmarks/capture.py $(ARGS)

$(VENV)/peers: $(VENV)/rulec
	@echo "Adding the engines to compare with ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[bench]"
	@touch $@

compare: $(VENV)/peers
	$(BIN)/python benchmarks/compare.py $(ARGS)

clean:
	rm -rf .venv .venv-* build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache compiled.py
