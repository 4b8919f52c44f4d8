# Two commands: make run, make test.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: run test lint evaluate screenshots clean

run: .venv/installed
	@$(BIN)/python app.py

test: .venv/installed-dev
	@$(BIN)/ruff check . && $(BIN)/ruff format --check -q . && $(BIN)/mypy && $(BIN)/pytest

evaluate: .venv/installed
	@$(BIN)/python -m rag.evaluation corpus/gold.jsonl --out rag/evaluation/results/baseline.json

screenshots: .venv/installed-dev
	@$(BIN)/python docs/screenshots.py

.venv/installed: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Dateline needs Python 3.11 or newer; run: make PYTHON=/path/to/python3.11 run")'
	@echo "Installing Dateline into .venv; building llama-cpp-python takes about ten minutes, once."
	@$(PYTHON) -m venv .venv
	@$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

.venv/installed-dev: .venv/installed requirements-dev.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

clean:
	rm -rf .venv
