# make run | make test | make test-all | make lint        works with GNU make 3.81 (macOS) and later
#
# PYTHON picks the interpreter that .venv is made with:  make run PYTHON=python3.12

PYTHON ?= python3
VENV   := .venv
PY     := $(VENV)/bin/python
SHELL  := /bin/sh

# Where `make space` writes:  make space DEST=../my-space
DEST   ?= build/space

.PHONY: help run test test-all lint audit space clean

help:
	@echo "make run       start the lab on http://127.0.0.1:7860"
	@echo "make test      run the tests that every change needs"
	@echo "make test-all  run all tests"
	@echo "make lint      ruff and mypy"
	@echo "make audit     known vulnerabilities of what is installed"
	@echo "make space     write a folder ready to push to a Hugging Face Space (DEST=$(DEST))"
	@echo "make clean     delete $(VENV) and the caches of the tools"

run: $(VENV)/.run-installed
	$(PY) app.py

test: $(VENV)/.dev-installed
	PY=$(PY) tests/run.sh

test-all: $(VENV)/.dev-installed
	PY=$(PY) tests/run.sh --all

lint: $(VENV)/.dev-installed
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy .

audit: $(VENV)/.dev-installed
	PY=$(PY) .ci/audit

space:
	$(PYTHON) tools/make_space.py "$(DEST)"

clean:
	rm -rf $(VENV) build .pytest_cache .mypy_cache .ruff_cache .hypothesis .gradio

# The stamps are newer than the requirements they stand for: nothing is installed twice.
$(VENV)/.run-installed: requirements.txt $(VENV)/.made
	$(PY) -m pip install --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/.dev-installed: requirements-dev.txt requirements-milvus.txt requirements.txt $(VENV)/.made
	$(PY) -m pip install --disable-pip-version-check -r requirements-dev.txt
	@touch $(VENV)/.run-installed $@

# A .venv that works already is kept; one that an interrupted run left half made is replaced.
$(VENV)/.made:
	@python="$(PYTHON)"; \
	if $(PY) -c 'import pip, sys; sys.exit(sys.prefix == sys.base_prefix)' >/dev/null 2>&1; then \
	  python=$(PY); \
	fi; \
	if ! command -v "$$python" >/dev/null 2>&1; then \
	  echo "There is no '$$python' here. Sentence Lab needs Python 3.11, 3.12 or 3.13:" >&2; \
	  echo "install one, or name it, e.g.  make run PYTHON=python3.12" >&2; exit 1; \
	fi; \
	if ! "$$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))'; then \
	  echo "'$$python' is $$("$$python" --version 2>&1). Sentence Lab needs Python 3.11, 3.12 or 3.13." >&2; \
	  if [ "$$python" = "$(PY)" ]; then \
	    echo "Delete the folder $(VENV) first (make clean)." >&2; \
	  fi; \
	  echo "Name another one, e.g.  make run PYTHON=python3.12" >&2; exit 1; \
	fi; \
	if [ "$$python" != "$(PY)" ] && ! "$$python" -m venv --clear $(VENV); then \
	  rm -rf $(VENV); \
	  echo "'$$python' could not make a virtual environment." >&2; \
	  echo "On Debian and Ubuntu:  apt-get install python3-venv" >&2; exit 1; \
	fi
	@touch $@
