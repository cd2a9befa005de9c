"""The scale of a recording, through the command line: ten minutes, of which every spike is simulated."""

import json

import pytest
from rich.console import Console
from typer.testing import CliRunner

from flows import steps
from flows.cli import app
from flows.commands.session import Session
from flows.steps import simulators
from qat.spikes.spikeset import SpikeSet


def spikeloom(*words):
    result = CliRunner().invoke(app, [str(word) for word in words], obj=Session(Console(width=200), steps))
    assert result.exit_code == 0, result.output


def check_every_spike(folder, duration_s, hidden, *simulator):
    """Train for a short while, and hold the spikes of all parts against the graph: what the report says of it."""
    train = ("--duration-s", duration_s, "--units", 5, "--hidden", hidden, "--epochs", 2, "--seeds", 0)
    spikeloom("train", *train, "--out", folder)
    spikeloom("sim", *simulator, "--spikes", "all", "--random-inputs", 1000, "--out", folder)
    (simulation,) = json.loads((folder / "report.json").read_text())["simulations"]
    assert simulation["n_spikes"] == SpikeSet.load(folder / "spikes" / "spikes.npz").n_spikes > 30 * duration_s
    return simulation


def record(record_property, simulation):
    """What was counted, whatever it is; then that nothing differs."""
    record_property("spikes", simulation["n_spikes"])
    record_property("clocks", simulation["cycles"])
    record_property("mismatches", simulation["class_mismatches"] + simulation["layer_word_mismatches"])
    assert (simulation["class_mismatches"], simulation["layer_word_mismatches"]) == (0, 0)


@pytest.mark.verify("simulated")
def test_every_spike_of_a_short_recording(tmp_path, record_property):
    """Every spike of a short recording gives all layers' words and the class of the ONNX graph, a small network."""
    run = tmp_path / "run"
    dump = ("--vcd-spikes", "50:51")
    record(record_property, check_every_spike(run, 2, "16,8", "--device", "hx1k", "--cycles", 64, *dump))
    times = [
        int(line[1:]) for line in (run / "simulate" / "waveforms.vcd").read_text().splitlines() if line[0] == "#"
    ]
    assert times[0] > 0


@pytest.mark.slow
@pytest.mark.verify("simulated")
def test_every_spike_of_ten_minutes(tmp_path, monkeypatch, record_property):
    """Every spike of a recording of ten minutes gives all layers' words and the class of the ONNX graph.

    Through the paper's network, 96 int8 -> 256 -> 256 -> 5, folded for UP5K at 256 clocks an inference.
    """
    monkeypatch.setattr(simulators, "CACHE", tmp_path / "cache")
    paper = ("--engine", "verilator", "--device", "up5k", "--cycles", 256)
    record(record_property, check_every_spike(tmp_path / "run", 600, "256,256", *paper))


@pytest.fixture(scope="module")
def papers_network(tmp_path_factory):
    """A recording, and the paper's network trained on it for a short while."""
    folder = tmp_path_factory.mktemp("trained")
    train = ("--duration-s", 20, "--units", 5, "--hidden", "256,256", "--epochs", 2, "--seeds", 0)
    spikeloom("train", *train, "--out", folder)
    return folder


@pytest.mark.slow
@pytest.mark.synth
@pytest.mark.verify("simulated")
@pytest.mark.parametrize("device", ["up5k", "lfe5u-25f", "xc7a35t"])
def test_recorded_spikes_through_the_mapped_netlist(papers_network, tmp_path, monkeypatch, record_property, device):
    """Recorded spikes through the mapped netlist of the paper's network, at 256 clocks: the ONNX graph's classes."""
    monkeypatch.setattr(simulators, "CACHE", tmp_path / "cache")
    netlist = ("--engine", "netlist", "--device", device, "--cycles", 256, "--spikes", 100, "--random-inputs", 1000)
    spikeloom("sim", *netlist, "--out", papers_network)
    (simulation,) = json.loads((papers_network / "report.json").read_text())["simulations"]
    record_property("spikes", simulation["n_spikes"])
    record_property("mismatches", simulation["class_mismatches"])
    assert (simulation["simulator"], simulation["n_spikes"]) == ("Verilator, mapped netlist", 100)
    # No layer of a mapped netlist can be seen.
    assert (simulation["class_mismatches"], simulation["layer_word_mismatches"]) == (0, None)
