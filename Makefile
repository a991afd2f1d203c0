# Each target is one line to read; the first use makes .venv.
PYTHON ?= python3
BIN := .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: install up down test test-fast lint types lock demo clean

install: .venv/installed ## make .venv with exactly the versions of constraints.txt

.venv/installed: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	test -x $(BIN)/uv || $(BIN)/python -m pip install -q -c constraints.txt uv
	$(BIN)/uv pip install -q --system-certs -p $(BIN)/python --compile-bytecode -c constraints.txt --group dev -e .
	touch $@

up: install ## run everything on this machine until Ctrl-C
	adflight up

down: install ## end a stack that was started elsewhere
	adflight down

demo: install ## play the whole story on a throwaway stack
	adflight demo

test: install ## the whole suite, offline
	pytest -n 2 --dist loadfile --no-loadscope-reorder

test-fast: install ## the inner loop: everything that needs no running stack
	pytest -n 2 -m "not stack"

lint: install ## style
	ruff check . && ruff format --check .

types: install ## strict types
	basedpyright

lock: install ## newest versions into constraints.txt
	$(BIN)/uv pip compile -q --universal --upgrade --group dev pyproject.toml --no-emit-index-url --no-emit-find-links --no-header --no-annotate -o constraints.txt

clean: ## remove what was built
	rm -rf .venv .pytest_cache .ruff_cache .hypothesis build *.egg-info
