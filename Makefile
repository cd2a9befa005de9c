# Everyday commands; `make` alone lists them. Each is a thin call of `spikeloom`, which has more to choose from.
#
#   make train RECORDING=my_recording.nwb OUT=runs/mine
#   make hw MODEL=foreign.onnx DEVICE=up5k
#   make bitstream BOARD=icebreaker
#
# PIP_ARGS goes to pip, for an index or a choice of wheels of your own.

PYTHON ?= python3
PIP_ARGS ?=
RECORDING ?=
MODEL ?=
DEVICE ?=
BOARD ?=
OUT ?=
DATA ?=
ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
FINN_VENV := .venv-finn
DA4ML_VENV := .venv-da4ml
SPIKELOOM := $(BIN)/spikeloom

recording = $(if $(RECORDING),--recording '$(RECORDING)')
model = $(if $(MODEL),--model '$(MODEL)')
device = $(if $(DEVICE),--device '$(DEVICE)')
board = $(if $(BOARD),--board '$(BOARD)')
out = $(if $(OUT),--out '$(OUT)')
data = $(if $(DATA),--data '$(DATA)')

.DEFAULT_GOAL := help
.PHONY: help install demo train hw sim bitstream program power report study study-quick test test-slow test-synth test-formal verify bench-gateware bench-da4ml calibrate check-finn-base lint format clean

help: ## List the commands
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 18

install: $(VENV)/.installed ## Make the virtual environment and warm the tools

demo: install ## Everything once, without any data: recording to verified gateware (DEVICE=, OUT=)
	$(SPIKELOOM) demo $(device) $(out) $(ARGS)

train: install ## Recording to QONNX file (RECORDING=, OUT=)
	$(SPIKELOOM) train $(recording) $(out) $(ARGS)

hw: install ## QONNX file to Verilog and resources (MODEL=, DEVICE=, OUT=)
	$(SPIKELOOM) hw $(model) $(device) $(out) $(ARGS)

sim: install ## Spikes through the simulated gateware, every layer compared (MODEL=, DEVICE=, OUT=)
	$(SPIKELOOM) sim $(model) $(device) $(out) $(ARGS)

bitstream: install ## Recording or QONNX file to a bitstream (BOARD=icebreaker, MODEL=, OUT=)
	$(SPIKELOOM) bitstream $(board) $(model) $(out) $(ARGS)

program: install ## Tell the command that loads the bitstream, or run it (OUT=, ARGS=--run)
	$(SPIKELOOM) program $(out) $(ARGS)

power: install ## Lowest power that keeps up with spikes (OUT=, ARGS=--rate 50 --channels 16)
	$(SPIKELOOM) power $(out) $(ARGS)

report: install ## Show a run's report and write it anew (OUT=)
	$(SPIKELOOM) report $(out) $(ARGS)

study: install ## The paper's study: every table, curve and claim, forty minutes (DATA=, a folder of recordings; OUT=)
	$(SPIKELOOM) study $(data) $(out) $(ARGS)

study-quick: install ## A taste of it in minutes
	$(SPIKELOOM) study --quick $(data) $(out) $(ARGS)

test: $(VENV)/.installed-test ## The default tests, on both cores
	$(BIN)/python -m pytest -n auto $(ARGS)

test-slow: $(VENV)/.installed-test ## Longer random checks
	$(BIN)/python -m pytest -n auto -m slow $(ARGS)

test-synth: $(VENV)/.installed-test ## Checks that run synthesis
	$(BIN)/python -m pytest -n auto -m synth $(ARGS)

test-formal: $(VENV)/.installed-test ## Proofs: stream contracts, arithmetic, weight switch-over, mapped netlists
	$(BIN)/python -m pytest -n auto -m formal $(ARGS)

verify: $(VENV)/.installed-test ## Proofs, recordings, faults and damaged files, with a report in OUT (build/verify); goes on where it was
	$(BIN)/python -m pytest -n auto --dist worksteal -p tests.campaign.plugin -m verify \
	    --campaign='$(or $(OUT),build/verify)' $(ARGS)

bench-gateware: $(VENV)/.installed ## Measure the benchmark's designs beside their goals and others (ARGS=--only NAME)
	$(BIN)/python -m flows.bench.gateware $(ARGS)

bench-da4ml: $(VENV)/.installed $(DA4ML_VENV)/.installed ## The unrolled layer beside da4ml on the same weights: 20 minutes
	$(BIN)/python -m flows.bench.gateware --only xc7-layer --da4ml $(DA4ML_VENV)/bin/python $(ARGS)

calibrate: $(VENV)/.installed ## Measure what is not of today, fit and judge the models of resources, clock and power (40 minutes from nothing)
	$(BIN)/python -m flows.calibrate $(ARGS)
	$(BIN)/python -m flows.calibrate.power

check-finn-base: $(VENV)/.installed-test $(FINN_VENV)/.installed ## finn-base's functions on networks written as FINN-style graphs (MODEL=)
	rm -rf build/finn-base
	$(BIN)/python -m tests.finn_base.write build/finn-base $(MODEL)
	$(FINN_VENV)/bin/python tests/finn_base/check.py build/finn-base

lint: $(VENV)/.installed-lint ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.installed-lint ## Let ruff lay out the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean: ## Remove the virtual environment and what tools have cached; run folders stay
	rm -rf $(VENV) $(FINN_VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis build *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; ok = (3, 11) <= sys.version_info[:2] < (3, 14); \
	    sys.exit(None if ok else "Python 3.11 to 3.13 is needed, this is %d.%d: make PYTHON=python3.11" % sys.version_info[:2])'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: $(VENV)/bin/python pyproject.toml pins.txt
	$(BIN)/python -m pip install --disable-pip-version-check $(PIP_ARGS) -c pins.txt -e '.[qat,hw]'
	@echo "Warming the tools: the first start of the synthesis tool on a machine takes about a minute."
	$(SPIKELOOM) warm
	@touch $@

$(VENV)/.installed-test: $(VENV)/.installed
	$(BIN)/python -m pip install --disable-pip-version-check $(PIP_ARGS) -c pins.txt -e '.[qat,hw,test]'
	@touch $@

# finn-base has an environment of its own: it is built there, by a setuptools older than 81.
$(FINN_VENV)/.installed: $(VENV)/bin/python pins.txt
	$(BIN)/python -m venv $(FINN_VENV)
	$(FINN_VENV)/bin/python -m pip install --disable-pip-version-check $(PIP_ARGS) -c pins.txt setuptools wheel
	$(FINN_VENV)/bin/python -m pip install --disable-pip-version-check $(PIP_ARGS) -c pins.txt --no-build-isolation \
	    finn-base==0.0.3 onnx onnxruntime toposort
	@touch $@

# da4ml is a rival, not a dependency; its numpy is another.
$(DA4ML_VENV)/.installed: $(VENV)/bin/python
	$(BIN)/python -m venv $(DA4ML_VENV)
	$(DA4ML_VENV)/bin/python -m pip install --disable-pip-version-check $(PIP_ARGS) da4ml==0.6.0
	@touch $@

$(VENV)/.installed-lint: $(VENV)/.installed
	$(BIN)/python -m pip install --disable-pip-version-check $(PIP_ARGS) -c pins.txt -e '.[qat,hw,lint]'
	@touch $@
