# All commands of the project. Each target needs only Python 3.11+ and make, and sets up the rest in .venv, from pinned
# and hashed packages. Each step of the set-up that succeeded leaves a stamp file, so the next run continues a set-up that
# was interrupted, and a finished set-up works offline.

.DEFAULT_GOAL := help
SHELL := /bin/sh
.DELETE_ON_ERROR:

VENV := .venv
TRANSLATIONS := src/xoxzo/cloudpy/common/locale/ja/LC_MESSAGES/xoxzo
PUBLISHED := .venv-published
DOCS := .venv-docs
SHOPS := .venv-shops
# What an environment is filled with; `make check-core` takes other versions.
DEMO := requirements/demo.txt
DEV := requirements/dev.txt
PY := $(VENV)/bin/python

# `make test WORKERS=4`, `make test ARGS="-k sms"`
WORKERS ?= auto
ARGS ?=
SECONDS ?= 300
PORT ?= 8000

# Required branch coverage in percent: of the client and all below it, and of the packages above it.
COVERED_CLIENT := 100
COVERED_REST := 99
ABOVE := */simulator/*,*/cli/*,*/callbacks/*,*/campaigns/*,*/integrations/*,*/testing/*

# An account's credentials, or a proxy, must change nothing about a demo, a test or a check: they are taken out of
# the environment there. Installing keeps the proxy, which it may need. XOXZO_TESTS_* steer the tests themselves.
FOREIGN := $(filter-out XOXZO_TESTS_%,$(filter XOXZO_% %_PROXY %_proxy,$(.VARIABLES))) PYTHONPATH PYTHONHOME
CLEAN := env $(foreach name,$(FOREIGN),-u $(name))
INSTALL := env -u PYTHONPATH -u PYTHONHOME
PIP = $(INSTALL) $(@D)/bin/python -m pip --disable-pip-version-check --no-input install --quiet --require-virtualenv
# Both banners are about MkDocs 2, which requirements/docs.in excludes.
MKDOCS := NO_MKDOCS_2_WARNING=true DISABLE_MKDOCS_2_WARNING=true $(DOCS)/bin/python -m mkdocs

.PHONY: help demo test check check-pythons check-core check-django lint docs-check coverage bench soak fuzz fuzz-callbacks fuzz-responses lock docs site format clean FORCE

help: ## Print this list
	@echo "make TARGET, where TARGET is one of"
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1\t\2/p' Makefile | expand -t 14

demo: $(VENV)/.stamp-project $(TRANSLATIONS).mo ## Send, ring and answer on the simulator: no account, nothing leaves this machine
	@$(CLEAN) $(VENV)/bin/xoxzo demo

test: $(VENV)/.stamp-dev $(PUBLISHED)/.stamp $(SHOPS)/.stamp $(TRANSLATIONS).mo ## Run the tests; ARGS="-k name" chooses among them
	@$(CLEAN) $(PY) -m pytest -n $(WORKERS) --dist worksteal $(ARGS)

check: lint docs-check coverage ## Everything that CI checks: format, lint, types, layers, generated files, docs, coverage

lint: $(VENV)/.stamp-dev ## Format, lint, types, layers and generated files only
	$(PY) -m ruff format --check
	$(PY) -m ruff check
	$(PY) -m mypy -p xoxzo.cloudpy
	$(PY) -m mypy scripts
	$(CLEAN) $(VENV)/bin/lint-imports
	$(CLEAN) $(PY) scripts/unasync.py --check
	$(CLEAN) $(PY) scripts/openapi.py --check
	$(CLEAN) $(PY) scripts/endpoints.py --check
	$(CLEAN) $(PY) scripts/commands.py --check
	$(CLEAN) $(PY) scripts/server_behaviours.py --check
	$(CLEAN) $(PY) scripts/translations.py --check

# The Pythons to look for: by name, behind which may be a shim that does not run, and among those that pyenv has built.
PYTHONS ?= 3.11 3.12 3.13
# The tests of the client and of all below it, but for models in FastAPI, which would bring newer versions along.
CORE := $(addprefix tests/,classic client common models operations phone text transports test_errors.py test_protocols.py) \
	--ignore=tests/models/test_models.py

define on_each_python
	@ran=; for version in $(PYTHONS); do \
		found=; for python in python$$version "$${PYENV_ROOT:-$$HOME/.pyenv}"/versions/$$version.*/bin/python; do \
			if $(INSTALL) "$$python" -c "import sys; sys.exit('%d.%d' % sys.version_info[:2] != '$$version')" >/dev/null 2>&1; \
			then found="$$python"; break; fi; \
		done; \
		if [ -z "$$found" ]; then echo "Python $$version was not found."; continue; fi; \
		echo "The tests on Python $$version:"; \
		$(MAKE) --no-print-directory PYTHON="$$found" $(1) test || exit 1; \
		ran="$$ran $$version"; \
	done; \
	if [ -n "$$ran" ]; then echo "The tests passed on Python$$ran."; else echo "No test has run." >&2; exit $(2); fi
endef

check-pythons: ## Run the tests on each Python of PYTHONS="3.11 3.12 3.13" that is found; ARGS as for `make test`
	$(call on_each_python,VENV=.venv-$$version,1)

check-core: ## The same for the client and what is below it, then with the lowest versions of all dependencies
	$(call on_each_python,VENV=.venv-core-$$version DEMO=requirements/core.txt DEV=requirements/core.txt ARGS="$(CORE)",0)
	@echo "The tests with the lowest versions of all dependencies:"
	@$(MAKE) --no-print-directory VENV=.venv-lowest DEMO=requirements/lowest.txt DEV=requirements/lowest.txt ARGS="$(CORE)" test

check-django: $(SHOPS)/.stamp $(TRANSLATIONS).mo ## The tests of the Django integration with Django 6, if Python 3.12 or later is found
	@if ! $(SHOPS)/bin/python -c 'import sys; sys.exit(sys.version_info < (3, 12))'; then \
		echo "Python 3.12 or later was not found, so Django 6 was not tried."; \
	else \
		$(SHOPS)/bin/python -c 'import django, sys; print("Django", django.__version__, "on Python", sys.version.split()[0])'; \
		$(CLEAN) PYTHONPATH=src $(SHOPS)/bin/python -m pytest -n $(WORKERS) --dist worksteal -p no:django -p no:asyncio \
			-p no:socket -p xoxzo.cloudpy.testing.plugin tests/integrations/django -k "not mariadb" $(ARGS); \
	fi

docs-check: $(DOCS)/.stamp ## Build the documentation strictly, and throw it away
	@site=$$(mktemp -d) && trap 'rm -rf "$$site"' EXIT && $(MKDOCS) build --quiet --strict --site-dir "$$site"

coverage: $(VENV)/.stamp-dev $(PUBLISHED)/.stamp $(SHOPS)/.stamp $(TRANSLATIONS).mo ## Run the tests and require the coverage
	@rm -f .coverage .coverage.*
	$(CLEAN) XOXZO_TESTS_ALL_SEEDS=1 $(PY) -m coverage run -m pytest -n $(WORKERS) --dist worksteal $(ARGS)
	@$(PY) -m coverage combine --quiet
	@echo "The client and all below it, at least $(COVERED_CLIENT) %:"
	@$(PY) -m coverage report --omit='$(ABOVE)' --fail-under=$(COVERED_CLIENT)
	@echo "The packages above it, at least $(COVERED_REST) %:"
	@$(PY) -m coverage report --include='$(ABOVE)' --fail-under=$(COVERED_REST)

bench: $(VENV)/.stamp-dev ## Measure, and print ratios taken in one run
	@$(CLEAN) $(PY) -m bench

soak: $(VENV)/.stamp-dev ## All faults against all calls, 1,000,000 sends, 100,000 campaigns, 200 kills, Celery workers; ARGS="--kills 20"
	@$(CLEAN) $(PY) -m bench.soak $(ARGS)

fuzz: fuzz-responses ## Fuzz the client's reader of responses, then the simulator; SECONDS=60 ARGS="--seconds 60"
	@$(CLEAN) $(PY) scripts/fuzz.py --seconds 150 $(ARGS)
	@$(CLEAN) $(PY) scripts/fuzz_sockets.py --seconds 150 $(ARGS)

fuzz-responses: $(VENV)/.stamp-fuzz ## Fuzz the client's reader of responses for five minutes; SECONDS=60
	@mkdir -p build
	@$(CLEAN) $(PY) scripts/fuzz_responses.py -max_total_time=$(SECONDS) -artifact_prefix=build/

fuzz-callbacks: $(VENV)/.stamp-fuzz ## Try the reading of callbacks for five minutes; SECONDS=60
	@mkdir -p build
	@$(CLEAN) $(PY) scripts/fuzz_callbacks.py -max_total_time=$(SECONDS) -artifact_prefix=build/

docs: $(DOCS)/.stamp ## Show the documentation in a browser, also while it is written; PORT=8000
	@$(MKDOCS) serve --quiet --livereload --dev-addr 127.0.0.1:$(PORT)

site: $(DOCS)/.stamp ## Build the documentation into site/, for a web server or to open site/index.html
	@$(MKDOCS) build --quiet --strict --site-dir site

format: $(VENV)/.stamp-dev ## Format the code and mend what can be mended
	@$(PY) -m ruff format
	@$(PY) -m ruff check --fix

# Pins stay as they are unless what is asked for has changed; `make lock UPGRADE=--upgrade` moves them all.
UPGRADE ?=
UV := .venv-lock/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-emit-find-links --custom-compile-command 'make lock' $(UPGRADE)

IN_IMAGE := callbacks campaigns celery postgresql simulator uvloop

CORE_EXTRAS := --extra callbacks --extra cli --extra otel --extra phone --extra simulator --extra uvloop

SHOP_EXTRAS := --extra callbacks --extra celery --extra django --extra phone --extra postgresql --extra pytest

lock: .venv-lock/.stamp ## Pin requirements/*.txt anew
	$(UV) --all-extras -o requirements/dev.txt requirements/dev.in pyproject.toml
	$(UV) --extra simulator -c requirements/dev.txt -o requirements/demo.txt requirements/demo.in pyproject.toml
	$(UV) $(CORE_EXTRAS) -c requirements/dev.txt -o requirements/core.txt requirements/core.in pyproject.toml
	$(UV) $(CORE_EXTRAS) --resolution lowest-direct -o requirements/lowest.txt requirements/core.in pyproject.toml
	$(UV) $(foreach extra,$(IN_IMAGE),--extra $(extra)) -c requirements/dev.txt -o requirements/image.txt requirements/image.in pyproject.toml
	$(UV) -o requirements/mariadb.txt requirements/mariadb.in
	$(UV) $(SHOP_EXTRAS) -c requirements/dev.txt -o requirements/shops.txt requirements/shops.in pyproject.toml
	$(UV) -c requirements/dev.txt -o requirements/docs.txt requirements/docs.in
	$(UV) -o requirements/fuzz.txt requirements/fuzz.in
	$(UV) -o requirements/published.txt requirements/published.in
	$(UV) -o requirements/published-build.txt requirements/published-build.in
	$(UV) -o requirements/lock.txt requirements/lock.in

clean: ## Remove the environments and everything that was generated
	rm -rf .venv .venv-* .coverage .coverage.* .hypothesis .import_linter_cache .mypy_cache
	rm -rf .pytest_cache .ruff_cache build dist site
	rm -f $(TRANSLATIONS).mo
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --- Set-up ---------------------------------------------------------------------------------------------------

# An environment whose interpreter is gone, or that was copied here from another tree (its scripts would start the
# other one's), is no environment: what its stamp says then counts for nothing.
sound = $(shell test "$$(cat $(1)/.stamp-venv 2>/dev/null)" = "$(CURDIR)" && $(1)/bin/python -c 'print("yes")' 2>/dev/null)

# The first Python that runs and is new enough: a pyenv shim may be found and still fail.
define make_venv
	@found=; for python in $(PYTHON) python3.13 python3.12 python3.11 python3; do \
		if $(INSTALL) "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then found="$$python"; break; fi; \
	done; \
	if [ -z "$$found" ]; then \
		echo "No Python 3.11 or later was found. Install one, or name it: make PYTHON=/path/to/python3" >&2; exit 1; \
	fi; \
	if ! $(INSTALL) "$$found" -c 'import ensurepip, venv' >/dev/null 2>&1; then \
		echo "$$found cannot make virtual environments. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; \
	fi; \
	echo "Making $(@D) with $$($(INSTALL) "$$found" --version)"; \
	$(INSTALL) "$$found" -m venv --clear $(@D)
endef

ifneq ($(call sound,$(VENV)),yes)
$(VENV)/.stamp-venv: FORCE
endif
ifneq ($(call sound,$(PUBLISHED)),yes)
$(PUBLISHED)/.stamp-venv: FORCE
endif
ifneq ($(call sound,$(DOCS)),yes)
$(DOCS)/.stamp-venv: FORCE
endif
ifneq ($(call sound,$(SHOPS)),yes)
$(SHOPS)/.stamp-venv: FORCE
endif
# Django 6 needs Python 3.12, which may be there as one that pyenv has built.
$(SHOPS)/.stamp-venv: PYTHON := $(or $(PYTHON),$(firstword $(foreach version,3.13 3.12,\
	$(wildcard $(or $(PYENV_ROOT),$(HOME)/.pyenv)/versions/$(version).*/bin/python))))

$(VENV)/.stamp-venv $(PUBLISHED)/.stamp-venv $(DOCS)/.stamp-venv $(SHOPS)/.stamp-venv .venv-lock/.stamp-venv:
	$(make_venv)
	@echo "$(CURDIR)" >$@

$(VENV)/.stamp-demo: $(DEMO) $(VENV)/.stamp-venv
	@echo "Installing what the demo needs"
	@$(PIP) --require-hashes -r $<
	@touch $@

# The pinned build back end is there by now, so neither a build environment nor an index is needed.
$(VENV)/.stamp-project: pyproject.toml $(VENV)/.stamp-venv | $(VENV)/.stamp-demo
	@$(PIP) --no-index --no-deps --no-build-isolation -e .
	@touch $@

# The install above compiles them; this is for translations that change afterwards.
$(TRANSLATIONS).mo: $(TRANSLATIONS).po | $(VENV)/.stamp-project
	@$(PY) scripts/translations.py --compile

$(VENV)/.stamp-dev: $(DEV) $(VENV)/.stamp-venv | $(VENV)/.stamp-project
	@echo "Installing what tests and checks need"
	@$(PIP) --require-hashes -r $<
	@if [ "$(DEV)" = requirements/dev.txt ] && command -v mariadb_config >/dev/null; then \
		echo "Building Django's driver for MariaDB"; \
		{ $(PIP) --require-hashes -r requirements/published-build.txt && \
		$(PIP) --require-hashes --no-build-isolation -r requirements/mariadb.txt; } || \
		echo "It could not be built: the tests with MariaDB are skipped."; \
	fi
	@touch $@

$(VENV)/.stamp-fuzz: requirements/fuzz.txt $(VENV)/.stamp-venv | $(VENV)/.stamp-dev
	@$(PIP) --require-hashes -r $<
	@touch $@

# The package as published has our own name: it lives apart, and the tests compare the two.
$(PUBLISHED)/.stamp: requirements/published.txt requirements/published-build.txt $(PUBLISHED)/.stamp-venv
	@echo "Installing the published package, to compare with"
	@$(PIP) --require-hashes -r requirements/published-build.txt
	@$(PIP) --require-hashes --no-build-isolation -r requirements/published.txt
	@touch $@

$(DOCS)/.stamp: requirements/docs.txt $(DOCS)/.stamp-venv
	@echo "Installing what the documentation needs"
	@$(PIP) --require-hashes -r $<
	@touch $@

# The tests add this library as a wheel.
$(SHOPS)/.stamp: requirements/shops.txt $(SHOPS)/.stamp-venv
	@echo "Installing what the example shops and pytest plugins need"
	@$(PIP) --require-hashes -r $<
	@touch $@

.venv-lock/.stamp: requirements/lock.txt .venv-lock/.stamp-venv
	@$(PIP) --require-hashes -r $<
	@touch $@
