# Every target builds the virtual environment on first use. `make help` lists them.
PYTHON ?= python3
PORT ?= 8501
DEMO ?= 1
DATA ?=
WORKERS ?= 2
SEEDS ?= 20
VENV := .venv
BIN := $(VENV)/bin
# Compiled files are kept: the tests start the application a hundred times.
unexport PYTHONDONTWRITEBYTECODE
ifneq ($(DATA),)
export REPORTING_DATA_DIR := $(abspath $(DATA))
endif
.DEFAULT_GOAL := help

.PHONY: help run test test-rest test-all test-times coverage test-moments check lint lock bench screenshots score vignettes safety-file browser clean

help: ## List the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-13s %s\n", $$1, $$2}' Makefile

$(VENV)/run.stamp: requirements.lock
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	touch $@

$(VENV)/test.stamp: $(VENV)/run.stamp requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	touch $@

run: $(VENV)/run.stamp ## Start the application: PORT=8501, DEMO=0 for an empty one, DATA=DIR for its data
	REPORTING_DEMO=$(DEMO) REPORTING_BASE_URL=$${REPORTING_BASE_URL:-http://localhost:$(PORT)} \
		$(BIN)/streamlit run app.py --server.port $(PORT)

browser: $(VENV)/test.stamp ## Install Chromium for the tests where there is none
	@$(BIN)/python -m tests.browser

test: $(VENV)/test.stamp browser ## Run the tests, browser and PostgreSQL included, without what takes long
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup -m "not thorough"

test-rest: $(VENV)/test.stamp browser ## Run what `make test` leaves out: every page in every look, long searches for a counterexample
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup -m thorough

test-all: test test-rest ## Run all tests

test-times: $(VENV)/test.stamp browser ## Run what `make test` runs, and print which files and tests take the processor's time
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup -m "not thorough" -p tests.times
	$(BIN)/python -m tests.times

coverage: $(VENV)/test.stamp ## Print which lines of the application the tests reach, without a browser
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup --ignore tests/e2e --cov --cov-report term:skip-covered

test-moments: $(VENV)/test.stamp browser ## Run the tests that depend on the calendar at moments that surprise calendars
	$(BIN)/python -m tests.moments -n $(WORKERS) --dist loadgroup

lock: $(VENV)/test.stamp ## Pin anew what requirements.txt and requirements-dev.txt bring along, with hashes
	$(BIN)/python -m uv pip compile --quiet --universal --generate-hashes --no-header --python-version 3.11 requirements.txt -o requirements.lock
	$(BIN)/python -m uv pip compile --quiet --universal --generate-hashes --no-header --python-version 3.11 requirements-dev.txt -o requirements-dev.lock

lint: $(VENV)/test.stamp ## Style, format and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

check: lint test-all ## Lint, types and tests

bench: $(VENV)/test.stamp browser ## Print the timings that the notes quote
	$(BIN)/python -m tests.benchmarks

screenshots: $(VENV)/test.stamp browser ## Draw every page in every state, and the pictures of the README anew
	$(BIN)/python -m tests.e2e.screenshots

score: $(VENV)/test.stamp ## Score the detector against clinics with known truth: SIM=DIR another simulator, SEEDS=20, FAST=1
	$(BIN)/python -m tools.simulation.score_run --seeds $(SEEDS) $(if $(SIM),--simulator $(SIM)) $(if $(FAST),--in-memory)

vignettes: $(VENV)/run.stamp ## Walk invented patients through the check-in: is the advice right?
	$(BIN)/python -m reporting vignettes tests/data/vignettes/vignettes.csv --facts tests/data/vignettes/facts.csv \
		--classes tests/data/vignettes/class_map.csv
	$(BIN)/python -m reporting vignettes tests/data/vignettes/own_vignettes.csv --facts tests/data/vignettes/facts.csv \
		--classes tests/data/vignettes/class_map.csv

safety-file: $(VENV)/run.stamp ## Run the invented patients and write the generated pages of docs/safety
	$(BIN)/python -m tools.safety_file --vignettes

clean: ## Remove the virtual environment and caches (never the data)
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis build
