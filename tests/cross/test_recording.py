"""The scale of a recording, through the command line: ten minutes, of which every spike is simulated."""

import json

import pytest
from rich.console import Console
from typer.testing import CliRunner

from flows import steps
from flows.cli import Session, app
from qat.spikes.spikeset import SpikeSet

CLOCKS = 256


def spikeloom(*words):
    result = CliRunner().invoke(app, [str(word) for word in words], obj=Session(Console(width=200), steps))
    assert result.exit_code == 0, result.output


def check_every_spike(folder, record_property, duration_s, hidden, *more):
    """Train for a short while, and hold all spikes of all parts against the graph."""
    train = ("--duration-s", duration_s, "--hidden", hidden, "--epochs", 2, "--seeds", 0)
    spikeloom("train", *train, *more, "--out", folder)
    scale = ("--engine", "verilator", "--spikes", "all", "--random-inputs", 1000)
    spikeloom("sim", *scale, "--device", "up5k", "--cycles", CLOCKS, "--out", folder)
    (simulation,) = json.loads((folder / "report.json").read_text())["simulations"]
    record_property("spikes", simulation["n_spikes"])
    record_property("clocks", simulation["cycles"])
    record_property("mismatches", simulation["class_mismatches"] + simulation["layer_word_mismatches"])
    assert simulation["n_spikes"] == SpikeSet.load(folder / "spikes" / "spikes.npz").n_spikes > 8 * duration_s
    assert (simulation["class_mismatches"], simulation["layer_word_mismatches"]) == (0, 0)
    return simulation


@pytest.mark.slow
@pytest.mark.verify("simulated")
def test_every_spike_of_ten_minutes(tmp_path, record_property):
    """Every spike of a generated recording of ten minutes gives all layers' words and the class of the ONNX graph.

    Through the paper's network, 48 int8 -> 256 -> 256 -> 5, folded for UP5K at 256 clocks an inference.
    """
    simulation = check_every_spike(tmp_path / "run", record_property, 600, "256,256", "--units", 5)
    assert simulation["cycles"] > simulation["n_spikes"] * (CLOCKS - 1)
