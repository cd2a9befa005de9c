"""A step that finds a difference names it in one line and leaves a case; `spikeloom replay` runs that again."""

import json
from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console
from typer.testing import CliRunner

from flows import steps
from flows.casefile import case_text, read_case, write_case
from flows.cli import app
from flows.commands.session import Session
from flows.errors import BadInput
from hw.accelerator.accelerator import Accelerator
from hw.network import lower
from hw.network.vectors import random_inputs
from hw.simulate import amaranth, streams
from tests.cross.test_thread import one_line
from tests.hw import defects
from tests.hw.graphs import random_graph, write

N_SPIKES = 6


def spikeloom(*words):
    # Wide, so that no message is broken into lines.
    return CliRunner().invoke(app, [str(word) for word in words], obj=Session(Console(width=300), steps))


def plant(patch, defect):
    """Every circuit that is made from here on has the defect."""
    sound = Accelerator.circuit

    def circuit(self):
        made = sound(self)
        defect(made)
        return made

    patch.setattr(Accelerator, "circuit", circuit)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    graph = random_graph(np.random.default_rng(1), 6, (12, 8), 3, "INT8", "gemm")
    return write(graph, tmp_path_factory.mktemp("models") / "foreign.onnx")


def weight_that_shows(model):
    """Row and column of a weight of the second layer on which an output for the spikes of `failed_run` depends."""
    network = lower.lower(model)
    spikes = random_inputs(network.input_format, network.n_inputs, N_SPIKES, seed=0)
    layer, x = network.hidden[1], network.words(spikes)[0]
    for at in np.ndindex(layer.weights.shape):
        changed = replace(layer, weights=defects.flipped(layer.weights, at))
        if (changed.compute(x) != layer.compute(x)).any():
            return at
    raise AssertionError("no weight matters")


def failed_run(model, folder, *options):
    """The message of a run that found a difference, and the case that it left."""
    result = spikeloom(
        "sim", "--model", model, "--random-inputs", 500, "--spikes", N_SPIKES, *options, "--out", folder
    )
    (case,) = folder.glob("difference_*.json")
    assert result.exit_code == 1
    assert str(case) in result.output.splitlines()[-1]
    return result.output.splitlines()[-1], case


@pytest.fixture(scope="module")
def gateware_case(model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("run") / "out"
    with pytest.MonkeyPatch.context() as patch:
        plant(patch, defects.wrong_weight(1, *weight_that_shows(model)))
        return failed_run(model, folder, "--cycles", 32)


def test_the_step_names_the_spike_the_layer_the_neuron_and_both_accumulators(gateware_case, model):
    message, case = gateware_case
    content = json.loads(case.read_text())
    expected, seen = content["difference"]["expected"], content["difference"]["seen"]
    (threshold,), neuron = expected["constants"], weight_that_shows(model)[0]
    assert abs(expected["accumulator"] - seen["accumulator"]) == 2
    spike, layer = content["first_spike"], content["difference"]["layer"]
    assert (
        f"spike {spike}, layer {layer}, neuron {neuron}: expected {expected['output']} (accumulator "
        f"{expected['accumulator']}, threshold {threshold}), seen {seen['output']} (accumulator "
        f"{seen['accumulator']}, threshold {threshold}); 1 of 8 neurons differ there; the spike alone shows it"
    ) in message.replace("falling ", "")
    assert len(content["spikes"]) == 1


@pytest.mark.slow
def test_the_same_difference_found_again_leaves_the_same_case(gateware_case, model, monkeypatch):
    message, case = gateware_case
    before = case.read_bytes()
    plant(monkeypatch, defects.wrong_weight(1, *weight_that_shows(model)))
    assert failed_run(model, case.parent, "--cycles", 32) == (message, case)
    assert case.read_bytes() == before


@pytest.mark.parametrize("engine", ["amaranth", pytest.param("verilator", marks=pytest.mark.slow)])
def test_a_case_differs_until_the_defect_is_mended(gateware_case, model, monkeypatch, tmp_path, engine):
    _, case = gateware_case
    with monkeypatch.context() as patch:
        plant(patch, defects.wrong_weight(1, *weight_that_shows(model)))
        result = spikeloom("replay", case, "--engine", engine, "--vcd", tmp_path / "waves.vcd")
        assert result.exit_code == 1
        assert "differs, as when it was written" in result.output
        heads, expected, seen = result.output.splitlines()[-3:]
        assert heads.split()[:3] == ["Spike", "Layer", "Neuron"]
        assert heads.split()[3:5] == ["Output", "Accumulator"]
        neuron = str(weight_that_shows(model)[0])
        assert expected.split()[2:4] == [neuron, "expected"]
        assert seen.split()[2:4] == [neuron, "seen"]
        assert (tmp_path / "waves.vcd").read_text().startswith("$")
        assert "is there already" in spikeloom("replay", case, "--vcd", tmp_path / "waves.vcd").output
    mended = spikeloom("replay", case, "--engine", engine)
    assert (mended.exit_code, "equal now" in mended.output) == (0, True)


def test_another_difference_than_the_written_one_is_told_as_another(gateware_case, monkeypatch):
    _, case = gateware_case
    plant(monkeypatch, defects.wrong_constant(2, 0, 1))
    result = spikeloom("replay", case)
    assert result.exit_code == 1
    assert "differs, but otherwise when it was written: spike 0, layer" in result.output


def test_a_circuit_that_gives_no_answers_differs_too(gateware_case, monkeypatch):
    _, case = gateware_case

    def mute(*_, **__):
        raise streams.StreamError("clock 7: nothing moves")

    monkeypatch.setattr("hw.simulate.amaranth.simulate", mute)
    result = spikeloom("replay", case)
    assert result.exit_code == 1
    assert "no answers came out: clock 7: nothing moves" in result.output


def test_a_simulation_that_comes_to_no_end_is_one_line(model, tmp_path, monkeypatch):
    def mute(*_, **__):
        raise streams.StreamError("clock 7: 0 of 6 words came out, and nothing moves")

    monkeypatch.setattr("hw.simulate.amaranth.simulate", mute)
    result = spikeloom("sim", "--model", model, "--random-inputs", 50, "--spikes", 6, "--out", tmp_path / "run")
    assert one_line(result) == "error: clock 7: 0 of 6 words came out, and nothing moves"


def spoilt_by_the_next_spike(simulate):
    """A simulator in which a spike that goes in before the last one's result is out changes that result."""

    def simulated(*arguments, **options):
        seen = simulate(*arguments, **options)
        spoilt = np.append(seen.starts[1:] < seen.ends[:-1], False)
        return replace(seen, best_scores=seen.best_scores + spoilt)

    return simulated


def test_what_a_later_spike_spoils_is_shown_again_with_that_spike(model, monkeypatch, tmp_path):
    simulate = "hw.simulate.amaranth.simulate"
    monkeypatch.setattr(simulate, spoilt_by_the_next_spike(amaranth.simulate))
    message, case = failed_run(model, tmp_path / "out", "--cycles", 32)
    assert "spike 1, winner: " in message
    assert "3 spikes show it" in message  # the first one goes alone
    assert spikeloom("replay", case).exit_code == 1


@pytest.fixture(scope="module")
def lowering_case(model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("run") / "out"
    with pytest.MonkeyPatch.context() as patch:
        lower_wrongly(patch)
        return failed_run(model, folder)


def lower_wrongly(patch):
    """Lowering turns one weight of the second layer round."""
    sound = lower.threshold_layer

    def threshold_layer(graph, stage, gives, reader):
        layer = sound(graph, stage, gives, reader)
        if layer.rows != 8:
            return layer
        return replace(layer, weights=defects.flipped(layer.weights, (3, 5)))

    patch.setattr(lower, "threshold_layer", threshold_layer)


def test_the_check_of_the_network_names_the_graphs_own_accumulator(lowering_case, monkeypatch):
    message, case = lowering_case
    difference = json.loads(case.read_text())["difference"]
    assert "error: the integer network differs from the ONNX reference: spike" in message
    assert difference["neuron"] == 3
    assert difference["expected"]["constants"] is None
    assert abs(difference["expected"]["accumulator"] - difference["seen"]["accumulator"]) == 2
    mended = spikeloom("replay", case)
    assert (mended.exit_code, "equal now" in mended.output) == (0, True)
    assert_one_line(spikeloom("replay", case, "--engine", "amaranth"), "leave --engine and --vcd out")
    lower_wrongly(monkeypatch)
    assert spikeloom("replay", case).exit_code == 1


def test_a_case_is_read_as_it_was_written(gateware_case, lowering_case, tmp_path):
    for _, path in (gateware_case, lowering_case):
        stored = read_case(path)
        text = case_text(stored.case, stored.engine)
        assert text == path.read_text()
        with pytest.raises(BadInput, match="is there already"):
            write_case(text, path)
        write_case(text, tmp_path / path.name)
        assert [file.name for file in tmp_path.iterdir() if file.name.startswith(".")] == []


def without(name):
    return lambda content: content.pop(name)


def with_value(value, *names):
    def change(content):
        for name in names[:-1]:
            content = content[name]
        content[names[-1]] = value

    return change


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (with_value("other", "program"), "is no case of spikeloom"),
        (with_value(2, "schema"), "has schema 2; this spikeloom reads schema 1"),
        (with_value("unheard of", "kind"), "case.kind is 'unheard of'"),
        (without("pauses"), "missing fields ['pauses']"),
        (with_value("vcs", "engine"), "case.engine is 'vcs'"),
        (with_value([], "spikes"), "0 spikes"),
        (with_value([[1], [1, 2]], "spikes"), "one length is wanted"),
        (with_value([[10**30]], "spikes"), "beyond 32 bits"),
        (with_value([[1, 2, 3]], "spikes"), "expected shape [n, 6]"),
        (with_value([[128] * 6], "spikes"), "is not in the format INT8"),
        (with_value(2.0, "pauses", "gap"), "a gap of 2.0 is no probability"),
        (with_value(-1, "pauses", "seed"), "the seed -1 is negative"),
        (with_value("0" * 64, "schedule", "network_digest"), "made for another network"),
        (with_value([[]], "network", "hidden", 0, "thresholds"), "thresholds of layer 'gemm_1': expected"),
        (with_value(None, "network", "hidden"), "not the JSON of a network"),
        (with_value(None, "difference", "expected"), "case.difference"),
    ],
)
def test_a_malformed_case_is_refused_in_one_line(gateware_case, tmp_path, change, told):
    content = json.loads(gateware_case[1].read_text())
    change(content)
    path = tmp_path / "case.json"
    path.write_text(json.dumps(content))
    assert_one_line(spikeloom("replay", path), told)


@pytest.mark.parametrize("text", ["", "{", "[]", "[" * 100_000, '"spikeloom"', "\x00"])
def test_what_is_no_case_is_refused_in_one_line(tmp_path, text):
    (tmp_path / "case.json").write_text(text)
    assert_one_line(spikeloom("replay", tmp_path / "case.json"), "is no case of spikeloom")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (with_value("%", "model"), "not in base 64"),
        (with_value("", "model"), "model"),
        (with_value("AAAA", "model"), "model"),
        (with_value([[1, 2, 3]], "spikes"), "[n, 6]"),
        (with_value([[1000] * 6], "spikes"), "INT8"),
        (with_value(-1, "margin"), "margin"),
    ],
)
def test_a_malformed_case_of_a_graph_is_refused_in_one_line(lowering_case, tmp_path, change, told):
    content = json.loads(lowering_case[1].read_text())
    change(content)
    (tmp_path / "case.json").write_text(json.dumps(content))
    assert_one_line(spikeloom("replay", tmp_path / "case.json"), told)


def assert_one_line(result, told):
    assert result.exit_code == 1
    (line,) = result.output.splitlines()
    assert line.startswith("error: ")
    assert told in line
