# Each target makes the environment that it needs, in .venv; nothing needs to be installed or activated first.
# `make` alone lists the targets.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# As many workers as there are cores; one that has run out of tests takes some of another's.
PYTEST := $(BIN)/python -m pytest -n auto --dist worksteal
PINS := .ci/requirements.txt .ci/constraints.txt .ci/flask.txt tests/requirements.txt
READY := $(VENV)/.ready
ECOSYSTEM := .venv-ecosystem
FOREIGN := .venv-foreign

# Another flask_cors on this machine must not be the one under test.
unexport PYTHONPATH PYTHONHOME
export PYTHONNOUSERSITE := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# pyright would ask the network whether it is the newest.
export PYRIGHT_PYTHON_IGNORE_WARNINGS := 1

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run playground test examples-test transcripts docs browser-test laws fuzz mutants cache-test load-test \
  bench lint types check test-all test-ecosystem test-servers dist clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

run: $(READY)  ## serve the simple example on http://127.0.0.1:5000/
	@echo "In another terminal:  $(BIN)/http GET http://127.0.0.1:5000/api/v1/users/ Origin:https://page.example"
	@echo "or:                   curl -i http://127.0.0.1:5000/api/v1/users/ -H 'Origin: https://page.example'"
	$(BIN)/python examples/simple_example.py

playground: $(READY)  ## see a real browser block a call, see why, fix it, see it allow
	$(BIN)/python examples/playground

test: $(READY)  ## run every test that needs no browser, with 100 % branch coverage
	$(PYTEST) --cov=flask_cors

examples-test: $(READY)  ## compare every transcript in the examples and the manual with a real call
	$(PYTEST) tests/test_examples.py tests/test_transcripts.py tests/test_documents.py

transcripts: $(READY)  ## rewrite every transcript, and draw the picture of README, from real calls
	$(BIN)/python -m tests.transcripts
	PYTHONPATH=.:docs/_ext $(BIN)/python -m conversation.standalone

docs: $(READY)  ## build the manual into docs/_build/html
	$(BIN)/sphinx-build -n -W --keep-going -b html docs docs/_build/html
	@echo "Open docs/_build/html/index.html"

browser-test: $(READY)  ## make calls with a real Chromium, and Firefox where installed; try the manual with axe
	@command -v chromium >/dev/null && command -v chromedriver >/dev/null || { \
	  echo "make browser-test needs Chromium and its driver; on Debian: apt-get install chromium chromium-driver" >&2; \
	  exit 1; }
	$(BIN)/python -m pytest tests/browser

laws: $(READY)  ## try 10,000 examples for each law; LAWS=100000 for more
	LAWS=$${LAWS:-10000} $(PYTEST) $$(grep -l '^from hypothesis' tests/test_*.py)

fuzz: $(READY)  ## send it arbitrary bytes for a minute; FUZZ=3600 for an hour
	@if $(BIN)/python -c 'import atheris'; then \
	  $(BIN)/python -m pytest tests/fuzz && $(BIN)/python -m tests.fuzz $${FUZZ:-60}; \
	else \
	  echo "NOT FUZZED: atheris is made for Linux on x86-64 alone, and for Python 3.11 to 3.13" >&2; test -z "$$CI"; \
	fi

# It may be interrupted, and goes on where it was; without mutants/ it begins anew, and modules that are named are tried
# again. Afterwards `mutmut results` lists the survivors, and `mutmut show` shows one.
mutants: $(READY)  ## mutate the package, and print how many mutants the tests notice; MODULES="policy origins"
	$(BIN)/mutmut run $(MODULES:%='flask_cors.%.*')
	@$(BIN)/mutmut results --all true | awk -F '[.:] *' '$$NF != "not checked" { \
	  tried[$$2]++; tried["all"]++; if ($$NF ~ /killed|timeout/) { noticed[$$2]++; noticed["all"]++ } } \
	  END { for (name in tried) printf "%-14s %4d of %4d: %5.1f %%\n", \
	    name, noticed[name], tried[name], 100 * noticed[name] / tried[name] | "sort" }'

cache-test: $(ECOSYSTEM)/.ready  ## put nginx before the app, as a shared cache and with planted faults; REQUESTS=60000 for long
	@PATH="$$PATH:/usr/sbin" command -v nginx >/dev/null || { \
	  echo "make cache-test needs nginx; on Debian: apt-get install nginx" >&2; exit 1; }
	$(ECOSYSTEM)/bin/python -m pytest -rP tests/caches

load-test: $(ECOSYSTEM)/.ready  ## make many requests at once, and check every response; REQUESTS=200000 for long
	@command -v wrk >/dev/null || { echo "make load-test needs wrk; on Debian: apt-get install wrk" >&2; exit 1; }
	$(ECOSYSTEM)/bin/python -m pytest -rP tests/load

bench: $(READY) $(FOREIGN)/.ready  ## measure a request beside the same by hand and Flask-Cors 6.0.5; TURNS=21 for longer
	$(BIN)/python -m tests.bench

lint: $(READY)  ## check style, formatting and words
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell docs examples flask_cors *.rst

types: $(READY)  ## check types, and that the public ones are complete
	$(BIN)/mypy
	$(BIN)/pyright
	@# pyright brings stubs for another Flask-Cors; PYTHONPATH makes it look at this one.
	PYTHONPATH='$(CURDIR)' $(BIN)/pyright --ignoreexternal --verifytypes flask_cors

check: lint types fuzz test docs  ## style, types, a minute of fuzzing, tests, manual: what CI runs

# Interpreters under pyenv are found too, whichever of them is in use now.
test-all: $(READY)  ## run the tests on Python 3.11 to 3.13 and on the oldest Flask, where installed
	PATH="$$PATH:$$(printf '%s:' "$${PYENV_ROOT:-$$HOME/.pyenv}"/versions/*/bin)" $(BIN)/tox run

test-ecosystem: $(ECOSYSTEM)/.ready  ## try the extension with others: logins, REST, sockets, databases
	$(ECOSYSTEM)/bin/python -m pytest tests/ecosystem

test-servers: $(ECOSYSTEM)/.ready  ## replay the transcripts on gunicorn, waitress and uWSGI, and let a session store fail
	@command -v redis-server >/dev/null || { \
	  echo "make test-servers needs Redis; on Debian: apt-get install redis-server" >&2; exit 1; }
	$(ECOSYSTEM)/bin/python -m pytest tests/servers

dist: $(READY)  ## build the wheel and the sdist into dist/
	rm -rf dist
	$(BIN)/python -m build --no-isolation
	$(BIN)/twine check --strict dist/*

clean:  ## remove everything that the other targets made
	rm -rf $(VENV) $(ECOSYSTEM) $(FOREIGN) .tox build dist docs/_build *.egg-info .coverage .coverage.*
	rm -rf mutants .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find flask_cors tests docs examples -name __pycache__ -prune -exec rm -rf {} +

# The tools, made anew when a pin changes, so that the environment never holds a version that is not written down.
$(VENV)/.tools: $(PINS)
	$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Python 3.11 or newer is needed: make PYTHON=...")'
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet -r .ci/requirements.txt -c .ci/constraints.txt -c .ci/flask.txt
	@touch $@

# Other people's packages have an environment of their own, so that they decide nothing in the first one.
$(ECOSYSTEM)/.ready: $(PINS) tests/ecosystem/requirements.txt tests/ecosystem/constraints.txt tests/servers/requirements.txt
	$(PYTHON) -m venv --clear $(ECOSYSTEM)
	$(ECOSYSTEM)/bin/python -m pip install --quiet -r tests/requirements.txt -r tests/ecosystem/requirements.txt \
	  -r tests/servers/requirements.txt -c .ci/constraints.txt -c .ci/flask.txt
	@touch $@

# Another release has the same import name: it is only measured, where this one cannot be seen.
$(FOREIGN)/.ready: tests/bench/requirements.txt .ci/flask.txt
	$(PYTHON) -m venv --clear $(FOREIGN)
	$(FOREIGN)/bin/python -m pip install --quiet -r tests/bench/requirements.txt -c .ci/flask.txt
	@touch $@

# The checkout itself, so that what is tested is what is edited.
$(READY): $(VENV)/.tools pyproject.toml setup.py flask_cors/__init__.py
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --config-settings editable_mode=compat -e .
	$(BIN)/python -m pip check
	@touch $@
