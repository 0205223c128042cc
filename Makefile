# Everything a developer or operator runs. `make` alone lists it.
PYTHON ?= python3
RUN = .venv/bin/python
STAGE ?= prod
# the lock file has everything: nothing is to be resolved, and compiling on all cores what is used halves the wait
INSTALL = $(RUN) -m pip install --quiet --disable-pip-version-check --no-deps
SELDOM = /(sympy|networkx|cfnlint|mypy|mypyc|mpmath|pip|pygments|holidays)/
LOCK = uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url

# what Python and pytest compiled is kept, whatever the shell says: else every run reads all tests anew for ten seconds
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup test faults e2e check bench replies demo up down deploy lock

help: ## this list
	@grep -E '^[a-z0-9]+:.*##' Makefile | sed -E 's/:[^#]*## /\t/' | expand -t 10

setup: .venv/installed ## .venv from the lock file

.venv/installed: requirements-dev.lock
	$(PYTHON) -m venv .venv
	$(INSTALL) --no-compile --require-hashes -r requirements-dev.lock
	$(INSTALL) --no-build-isolation --editable .
	$(RUN) -m compileall -q -j 0 -x '$(SELDOM)' .venv/lib
	touch $@

test: setup ## unit, contract and journey tests, in memory
	$(RUN) -m pytest -n auto --dist worksteal

faults: setup ## faults at every outside call, single and in pairs; no promise may break
	$(RUN) -m pytest -n auto -m campaign tests/test_faults.py tests/rounds/test_faults.py tests/phone/test_interrupted.py

e2e: setup ## the journey on the local stack
	$(RUN) -m pytest -m e2e tests/e2e

check: setup ## what CI checks besides: format, lint, types, template, docs
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy
	$(RUN) -m infra.docs --check
	$(RUN) -m pytest -m lint tests/infra

bench: setup ## how fast it is, as ratios
	$(RUN) -m infra.bench

replies: setup ## how well agents' words are told from quotes and signatures
	$(RUN) -m infra.replies

demo: setup ## the main job from start to end on this machine, in under two minutes
	$(RUN) -m infra demo

up: setup ## the same, left running to be tried by hand (Ctrl-C or `make down` stops it)
	$(RUN) -m infra up --stay

down: setup ## stop what `up` started
	$(RUN) -m infra down

deploy: setup ## to AWS: make deploy STAGE=prod
	$(RUN) -m infra deploy --stage $(STAGE)

lock: ## write the lock files again, after a change of requirements*.txt (needs uv)
	$(LOCK) requirements.txt -o requirements.lock
	$(LOCK) requirements-press.txt -o requirements-press.lock
	$(LOCK) requirements-local.txt -o requirements-local.lock
	$(LOCK) requirements-dev.txt -o requirements-dev.lock
