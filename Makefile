# The two commands to know: `make up` and `make test`. Everything is put into .venv of this checkout.
# As root, what Debian has to add is installed; as an ordinary user the system stays as it is.

VENV := .venv
PYTHON := $(VENV)/bin/python
NOP := $(VENV)/bin/nop
PIP_INSTALL = $$(command -v uv >/dev/null && echo uv pip install --python $(PYTHON) || \
	echo $(PYTHON) -m pip --disable-pip-version-check install) --quiet

.PHONY: up down test check bench sdl
.NOTPARALLEL:

# Stays in the foreground; `make up DETACH=1` returns when the platform answers.
up: $(VENV)/.installed
	@$(NOP) up $(if $(DETACH),--detach) $(ARGS)

down: $(VENV)/.installed
	@$(NOP) down $(ARGS)

# Bytecode first: else each of the hundreds of processes that the tests start compiles the platform anew.
test: $(VENV)/.installed-dev
	@deploy/install_chromium.sh
	@$(PYTHON) -c "from nop import packages; packages.provide(None, print)"
	@$(PYTHON) -m compileall -q -j 0 registry ingest graphql dashboards deploy
	PYTHONDONTWRITEBYTECODE= $(PYTHON) -m pytest -n 4 --dist worksteal $(ARGS)

check: $(VENV)/.installed-dev
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	$(NOP) sdl --check

bench: $(VENV)/.installed-dev
	$(PYTHON) tests/benchmarks/run.py $(ARGS)

sdl: $(VENV)/.installed
	$(NOP) sdl --write

# What runs the platform, then what tests it. Done again when pyproject.toml has changed.
$(VENV)/.installed: pyproject.toml | $(PYTHON)
	@echo "Installing the Python packages into $(VENV)"
	@$(PIP_INSTALL) --editable .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	@echo "Installing the tools for tests and checks into $(VENV)"
	@command -v uv >/dev/null || $(PIP_INSTALL) --upgrade "pip>=25.1" # knows --group
	@$(PIP_INSTALL) --group dev
	@touch $@

$(PYTHON):
	@deploy/make_venv.sh $(VENV)
