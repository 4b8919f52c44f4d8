# Two commands: make run, make test.
PYTHON ?= python3
BIN := .venv/bin
# Tests run in two processes; those of one file share its servers and browser. In their order, the last files are quick.
WORKERS ?= 2
SPREAD := -n $(WORKERS) --dist loadfile --no-loadscope-reorder

.PHONY: run test test-slow torture lint evaluate screenshots bench lock licences sbom audit clean

run: .venv/installed
	@$(BIN)/dateline serve --fetch

test: .venv/installed-dev .venv/chromium
	@$(BIN)/ruff check . && $(BIN)/ruff format --check -q . && $(BIN)/mypy && $(BIN)/pytest $(SPREAD)

test-slow: .venv/installed-dev .venv/chromium
	@$(BIN)/pytest $(SPREAD) -m slow

# Long runs against accidents and attacks; RUN="kills steps --n 500 --seed 1" makes some, and continues them.
torture: .venv/installed-dev
	@PYTHONPATH=tests $(BIN)/python -m torture $(RUN) && $(BIN)/python docs/reliability.py

evaluate: .venv/installed
	@$(BIN)/dateline evaluate corpus/gold.jsonl --out rag/evaluation/results/baseline.json

screenshots: .venv/installed-dev
	@$(BIN)/python docs/screenshots.py

# PEERS=/path/to/python measures langchain, llama-index, haystack and txtai of another environment, too.
bench: .venv/installed-dev
	@$(BIN)/python -m benchmarks.speed $(if $(PEERS),--peers $(PEERS))

# lock and licences after any change of requirements.txt; tools/supply.py says what each does.
lock licences sbom audit: .venv/installed-dev
	@$(BIN)/python tools/supply.py $@

.venv/installed: requirements.txt
	@$(PYTHON) tools/install.py .venv
	@touch $@

.venv/installed-dev: .venv/installed requirements-dev.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

# The page's tests need a browser; where none can be installed they are skipped and say so.
.venv/chromium: .venv/installed
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null \
		|| { [ "$$(id -u)" = 0 ] && apt-get update -q >/dev/null && apt-get install -y -q chromium >/dev/null; } \
		|| echo "No Chromium here: the tests of the page will be skipped."
	@touch $@

clean:
	rm -rf .venv
