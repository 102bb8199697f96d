# Everything runs from a .venv that the first command makes. PYTHON=/path/to/python chooses the interpreter.
SUITABLE := import sys, venv; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for python in python3.13 python3.12 python3.11 python3.14 python3; do \
	$$python -c "$(SUITABLE); import ensurepip" >/dev/null 2>&1 && { echo $$python; break; }; done)
RUN := .venv/bin/python -m
MODULES = $(subst /,.,$(patsubst %/__init__,%,$(basename $(sort $(shell find spncore -name '*.py')))))
NPM := $(shell command -v npm)
LOCK := uv pip compile --quiet --universal --fork-strategy fewest --python-version 3.11 --upgrade --generate-hashes \
	--no-header --no-emit-index-url pyproject.toml --extra lab --extra cluster
SBOM := cyclonedx-bom==7.5.0

.PHONY: help run test check check-browser docs results benchmark faults soak container-test lock release base-digest clean
help:
	@echo "make run        the lab, open in the browser and training"
	@echo "make test       the tests, browser journeys included where Chromium is installed"
	@echo "make check      formatting, lint, types, import rules, the reference, then the tests"
	@echo "make check-browser  formatting, types and tests of the browser's half, where Node is at hand"
	@echo "make docs       build/docs: the reference of the engine, from its docstrings"
	@echo "make results    data/: the results that ship, made anew (the real data sets are needed; a quarter of an hour)"
	@echo "make benchmark  the tests that measure time, one after the other"
	@echo "make faults     docs/faults.md: what can go wrong, item by item, and what the tests of each found"
	@echo "make soak       a thousand sessions against a server, and what it holds then, as JSON (ten minutes)"
	@echo "make container-test  build the Dockerfile and run the image hardened (Debian, root, minutes)"
	@echo "make lock       pin the requirements anew, with hashes"
	@echo "make release    dist/: wheel, source archive, and the SBOM of the pinned requirements"
	@echo "make base-digest  the digest of the Dockerfile's base image, asked of its registry"
	@echo "make clean      remove .venv and caches; results/ stays"

run: .venv/.ready
	$(RUN) spnlab

test: .venv/.ready
	$(RUN) pytest -n auto

check: .venv/.ready
	$(RUN) ruff format --check .
	$(RUN) ruff check .
	$(RUN) mypy
	[ ! -x .venv/bin/hadolint ] || .venv/bin/hadolint Dockerfile  # pinned for Linux on x86-64
	.venv/bin/lint-imports --no-cache  # its cache outlives modules that come and go
	$(MAKE) docs
	$(MAKE) check-browser
	$(MAKE) test

ifdef NPM
check-browser: node_modules/.ready
	npm run --silent check:format
	npm run --silent check:types
	npm test --silent
else
check-browser:
	@echo "Node is not at hand, so the browser's half is not checked (on Debian or Ubuntu: apt-get install nodejs npm)" >&2
endif

docs: .venv/.ready  # warnings aside: a class shown in a second module does not see the types of its own
	rm -rf build/docs
	.venv/bin/python -W ignore -m pdoc --no-show-source --output-directory build/docs $(MODULES)

results: .venv/.ready
	for study in figure3 held_equal update2020 phase grid classes; do $(RUN) spncore study $$study --ship || exit 1; done

benchmark: .venv/.ready  # pytest's exit code 5 means that no such test exists yet
	$(RUN) pytest -m benchmark || [ $$? -eq 5 ]

faults: .venv/.ready
	$(RUN) pytest -n auto -m fault --faults=docs/faults.md

soak: .venv/.ready
	$(RUN) tests.faults.soak

container-test: .venv/.ready
	$(RUN) pytest -n 0 -s -m container tests/faults/test_i.py

lock: .venv/.ready
	$(RUN) $(LOCK) -o requirements.txt
	$(RUN) $(LOCK) requirements-dev.in -c requirements.txt -o requirements-dev.txt

release: .venv/.ready  # uv gives the SBOM's tool an environment of its own
	rm -rf dist
	$(RUN) uv build --quiet
	$(RUN) uv tool run --quiet --from $(SBOM) cyclonedx-py requirements --pyproject pyproject.toml --output-reproducible \
		--of JSON -o dist/sbom.cdx.json requirements.txt

base-digest:
	@sed -n 's/^ARG BASE=//p' Dockerfile | xargs docker buildx imagetools inspect --format '{{.Manifest.Digest}}'

clean:
	rm -rf .venv node_modules .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis build dist *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A .venv that is broken, or of an unsuitable Python, is made anew; a good one is kept and brought up to date.
.venv/.ready: requirements-dev.txt
	@if ! .venv/bin/python -c "$(SUITABLE)" >/dev/null 2>&1 || ! $(RUN) pip --version >/dev/null 2>&1; then \
		if [ -z "$(PYTHON)" ]; then \
			echo "No usable Python: 3.11 or newer with the venv and ensurepip modules is needed" \
				"(on Debian or Ubuntu: apt-get install python3-venv), or name one: make PYTHON=/path/to/python3.12" >&2; \
			exit 1; \
		fi; \
		echo "making .venv with $$($(PYTHON) --version)"; \
		$(PYTHON) -m venv --clear .venv; \
	fi
	$(RUN) pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

node_modules/.ready: package.json package-lock.json
	npm ci --no-audit --no-fund --loglevel=error
	@touch $@
