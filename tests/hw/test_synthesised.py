"""Mapped netlists of all three families, compiled: spikes and weights in and results out through their ports."""

from dataclasses import replace

import numpy as np
import pytest

from hw.accelerator.accelerator import Accelerator
from hw.accelerator.load import load_frame
from hw.components.rom import Storage
from hw.devices import device_named
from hw.errors import BadInput
from hw.network.types import IntegerFormat
from hw.network.vectors import random_inputs
from hw.schedule.fold import fold
from hw.simulate import amaranth, synthesised
from hw.simulate.streams import Pauses
from tests.hw.networks import engine_schedule, random_network, random_schedule

DEVICES = ["up5k", "lfe5u-25f", "xc7a35t"]


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("compiled")


def in_block_memories(network, device):
    """Folded, every weight and row constant in a block memory."""
    schedule = fold(network, device_named(device), 32)
    block = {"weight_storage": Storage.BLOCK, "bias_storage": Storage.BLOCK}
    return replace(schedule, layers=tuple(replace(layer, **block) for layer in schedule.layers))


def mismatches(network, spikes, answers):
    scores = network.scores(spikes)
    return int((answers.classes != network.classes(spikes)).sum() + (answers.best_scores != scores.max(axis=1)).sum())


@pytest.mark.verify("simulated")
def test_a_small_mapped_netlist_with_block_memories(cache, record_property):
    """A small network on ECP5's cells: every answer of the mapped netlist, and its clock, is the design's."""
    network = random_network(np.random.default_rng(0), n_inputs=4, hidden=(4,), input_format=IntegerFormat(4, True))
    accelerator = Accelerator(network, in_block_memories(network, "lfe5u-25f"))
    spikes = random_inputs(network.input_format, network.n_inputs, 50, seed=1)
    answers = synthesised.simulate(accelerator, spikes, cache=cache)
    record_property("spikes", len(spikes))
    record_property("mismatches", wrong := mismatches(network, spikes, answers))
    assert wrong == 0
    design = amaranth.simulate(accelerator, spikes)
    assert answers.latency_cycles == design.latency_cycles
    assert np.array_equal(answers.cycles_between_results, design.cycles_between_results)


def engine(network, device):
    return engine_schedule(network, lanes=8, device=device)


def unrolled(network, device):
    return random_schedule(np.random.default_rng(1), network, device, unrolled_share=1.0)


def loadable(network, device):
    schedule = in_block_memories(network, device)
    return replace(schedule, layers=tuple(replace(layer, loadable=True) for layer in schedule.layers))


def hold(accelerator, cache, record_property, n=100, pauses=Pauses()):
    """Random spikes through the mapped netlist, and where weights can be loaded, those of another network first."""
    network, frame = accelerator.network, b""
    if any(layer.loadable for layer in accelerator.schedule.layers):
        network = other_weights(network)
        frame = load_frame(accelerator, network)
    spikes = random_inputs(network.input_format, network.n_inputs, n, seed=2)
    answers = synthesised.simulate(accelerator, spikes, cache=cache, frame=frame, pauses=pauses)
    record_property("spikes", n)
    record_property("mismatches", wrong := mismatches(network, spikes, answers))
    assert wrong == 0


def other_weights(network):
    """A network of the same shapes with other weights."""
    sizes = {"n_inputs": network.n_inputs, "hidden": tuple(layer.rows for layer in network.hidden)}
    rng = np.random.default_rng(9)
    other = random_network(rng, **sizes, n_units=network.head.rows, input_format=network.input_format)
    return replace(other, head=replace(other.head, fraction_bits=network.head.fraction_bits))


@pytest.mark.slow
@pytest.mark.synth
@pytest.mark.verify("simulated")
@pytest.mark.parametrize(
    ("schedule", "device"),
    [*((kind, device) for kind in (engine, loadable) for device in DEVICES), (unrolled, "xc7a35t")],
)
def test_other_kinds_of_design_on_every_family(cache, record_property, schedule, device):
    """Mapped netlists of a small network answer as it does: one engine, unrolled, weights that were loaded."""
    rng = np.random.default_rng(0)
    network = random_network(rng, n_inputs=8, hidden=(12, 8), input_format=IntegerFormat(5, True))
    hold(Accelerator(network, schedule(network, device)), cache, record_property, pauses=Pauses(0.2, 0.2))


def test_cells_are_numbered_in_the_verilog_that_is_compiled():
    """Synthesis makes names so long that Verilator cannot dump waveforms of their cells; nets keep theirs."""
    cell = {
        "hide_name": 0,
        "type": "SB_LUT4",
        "parameters": {},
        "attributes": {},
        "port_directions": {"I0": "input", "O": "output"},
        "connections": {"I0": [2], "O": [3]},
    }
    ports = {"a": {"direction": "input", "bits": [2]}, "y": {"direction": "output", "bits": [3]}}
    module = {"ports": ports, "cells": {"y_SB_LUT4_O" * 20: cell}, "netnames": {}}
    text = synthesised.verilog_of("top", module)
    assert "cell0" in text
    assert "y_SB_LUT4_O" not in text
    assert ".I0(a)" in text


def test_a_missing_compiler_is_told_before_synthesis(monkeypatch, tmp_path):
    network = random_network(np.random.default_rng(0), n_inputs=4, hidden=(4,), input_format=IntegerFormat(4, True))
    accelerator = Accelerator(network, in_block_memories(network, "up5k"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BadInput, match="needs g\\+\\+, make, perl, which this machine lacks"):
        synthesised.simulate(accelerator, np.zeros((1, 4), np.int64), cache=tmp_path)
    assert not list(tmp_path.iterdir())
