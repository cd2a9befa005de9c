"""Compiled simulation: the same words, results and clocks as Amaranth's simulator, from the Verilog."""

import shutil
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from hw.accelerator.accelerator import Accelerator
from hw.components.rom import Storage
from hw.errors import BadInput
from hw.network.types import BIPOLAR, IntegerFormat
from hw.network.vectors import random_inputs
from hw.simulate import amaranth, compiled
from hw.simulate.streams import Pauses
from hw.simulate.verilator.program import optimisation
from tests.hw.exact import assert_exact
from tests.hw.networks import engine_schedule, random_network, random_schedule

FORMATS = [IntegerFormat(8, True), IntegerFormat(5, False), BIPOLAR, IntegerFormat(16, True)]


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("verilated")


def accelerator_of(seed, input_format):
    rng = np.random.default_rng(seed)
    network = random_network(rng, n_inputs=12, hidden=(24, 36), n_units=3, input_format=input_format)
    return Accelerator(network, random_schedule(rng, network))


def assert_same(ours, theirs):
    for one, other in zip((*ours.words, ours.scores), (*theirs.words, theirs.scores), strict=True):
        assert np.array_equal(one, other)
    assert np.array_equal(ours.classes, theirs.classes)
    assert np.array_equal(ours.best_scores, theirs.best_scores)
    assert np.array_equal(ours.cycles_between_results, theirs.cycles_between_results)
    assert (ours.latency_cycles, ours.cycles) == (theirs.latency_cycles, theirs.cycles)


@pytest.mark.verify("simulated")
@pytest.mark.parametrize(
    ("seed", "input_format"),
    [(0, FORMATS[0]), *(pytest.param(i, f, marks=pytest.mark.slow) for i, f in enumerate(FORMATS[1:] * 3, start=1))],
)
def test_both_engines_agree_to_the_clock(cache, record_property, seed, input_format):
    """Compiled simulation and Amaranth's simulator give the same words, scores, classes and clocks."""
    accelerator = accelerator_of(seed, input_format)
    spikes = random_inputs(input_format, accelerator.network.n_inputs, 30, seed)
    result = compiled.simulate(accelerator, spikes, cache=cache)
    record_property("spikes", len(spikes))
    record_property("clocks", result.cycles)
    assert_same(result, amaranth.simulate(accelerator, spikes))


def loadable(rng, network):
    """A folded pipeline, its first layer loadable, with three weight sets."""
    schedule = random_schedule(rng, network, "xc7a35t", unrolled_share=0)
    first, *rest = schedule.layers
    return replace(schedule, layers=(replace(first, loadable=True), *rest), weight_sets=3)


@pytest.mark.slow
@pytest.mark.parametrize(
    "schedule",
    [
        lambda rng, network: engine_schedule(network, lanes=8, count_storage=Storage.LOGIC, margin_port=True),
        lambda rng, network: engine_schedule(network, lanes=32),
        lambda rng, network: random_schedule(rng, network, unrolled_share=1.0),
        loadable,
    ],
    ids=["engine of 8 lanes", "engine of 32 lanes", "unrolled", "loadable"],
)
def test_both_engines_agree_on_every_kind_of_design(cache, schedule):
    rng = np.random.default_rng(7)
    network = random_network(rng, n_inputs=7, hidden=(11, 9), n_units=3, input_format=IntegerFormat(16, True))
    accelerator = Accelerator(replace(network, margin=5), schedule(rng, replace(network, margin=5)))
    spikes = random_inputs(network.input_format, network.n_inputs, 40, seed=7)
    result = compiled.simulate(accelerator, spikes, cache=cache)
    assert_same(result, amaranth.simulate(accelerator, spikes))
    assert np.array_equal(result.classes, accelerator.network.classes(spikes))
    assert result.latency_cycles <= accelerator.latency_clocks + accelerator.schedule.weights_change


@pytest.mark.parametrize("pauses", [Pauses(0.4, 0.3, seed=1), Pauses(0.1, 0.8, seed=2, sink_waits=True)])
def test_gaps_and_stalls_change_clocks_only(cache, pauses):
    accelerator = accelerator_of(0, FORMATS[0])
    spikes = random_inputs(FORMATS[0], 12, 300, seed=3)
    paused = compiled.simulate(accelerator, spikes, cache=cache, pauses=pauses)
    straight = compiled.simulate(accelerator, spikes, cache=cache)
    assert_exact(accelerator.network, spikes, paused)
    assert paused.cycles > straight.cycles
    again = compiled.simulate(accelerator, spikes, cache=cache, pauses=pauses)
    assert np.array_equal(again.ends, paused.ends)


def test_many_spikes_take_no_second_compile(cache):
    accelerator = accelerator_of(0, FORMATS[0])
    compiled.simulate(accelerator, random_inputs(FORMATS[0], 12, 2, seed=0), cache=cache)
    programs = {path: path.stat().st_mtime_ns for path in cache.glob("*/Vbench")}
    assert programs
    spikes = random_inputs(FORMATS[0], 12, 2000, seed=1)
    told = []
    result = compiled.simulate(accelerator, spikes, cache=cache, progress=told.append)
    assert np.array_equal(result.classes, accelerator.network.classes(spikes))
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert {path: path.stat().st_mtime_ns for path in cache.glob("*/Vbench")} == programs


def test_other_thresholds_are_seen_in_the_layer_words(cache):
    accelerator = accelerator_of(0, FORMATS[0])
    first, *later = accelerator.network.hidden
    other = replace(first, thresholds=np.zeros_like(first.thresholds))
    network = replace(accelerator.network, hidden=(other, *later))
    spikes = random_inputs(FORMATS[0], 12, 20, seed=2)
    result = compiled.simulate(accelerator, spikes, cache=cache)
    assert not np.array_equal(result.words[0], network.words(spikes)[0])


def test_a_large_design_is_compiled_without_optimising():
    assert optimisation(2_000) == "-O2"
    assert optimisation(20_000) == "-O0"


def test_without_a_compiler_there_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda tool: None)
    accelerator = accelerator_of(1, FORMATS[0])
    spikes = random_inputs(FORMATS[0], 12, 2, seed=0)
    with pytest.raises(BadInput, match=r"needs g\+\+, make, perl, which this machine lacks: .* --engine amaranth"):
        compiled.simulate(accelerator, spikes, cache=tmp_path)


def states_of(path):
    """The value of every signal after each time of a waveform file."""
    values, states = {}, {}
    for moment in path.read_text().partition("$enddefinitions")[2].split("\n#")[1:]:
        time, *changes = moment.splitlines()
        for line in (line for line in changes if line and not line.startswith("$")):
            bit = line[0] in "01"
            values[line[1:] if bit else line.split()[1]] = line[0] if bit else line.split()[0]
        states[int(time)] = dict(values)
    return states


def check_stretch(simulate, accelerator, spikes, folder, units_of_a_clock):
    """A stretch shows what the whole shows, from about the first spike's start to the last one's end."""
    whole, part = folder / "whole.vcd", folder / "part.vcd"
    result = simulate(accelerator, spikes, vcd=whole)
    simulate(accelerator, spikes, vcd=part, vcd_spikes=range(2, 4))
    all_states, states = states_of(whole), states_of(part)
    assert all(all_states[time] == state for time, state in states.items())
    clocks = (max(states) - min(states)) // units_of_a_clock
    assert 0 <= clocks - (result.ends[3] - result.starts[2]) <= accelerator.schedule.initiation_interval
    assert "spike" in whole.read_text()


@pytest.mark.slow
def test_compiled_waveforms_of_a_stretch(tmp_path, cache):
    spikes = random_inputs(FORMATS[0], 12, 6, seed=0)
    check_stretch(partial(compiled.simulate, cache=cache), accelerator_of(0, FORMATS[0]), spikes, tmp_path, 2)


def test_waveforms_of_a_stretch_in_amaranths_simulator(tmp_path):
    spikes = random_inputs(FORMATS[0], 12, 6, seed=0)
    check_stretch(amaranth.simulate, accelerator_of(0, FORMATS[0]), spikes, tmp_path, 10**9)  # femtoseconds


@pytest.mark.parametrize("stretch", [range(3, 3), range(2, 7), range(-1, 2)])
def test_waveforms_of_spikes_that_there_are_not(tmp_path, stretch):
    accelerator, spikes = accelerator_of(0, FORMATS[0]), random_inputs(FORMATS[0], 12, 6, seed=0)
    with pytest.raises(BadInput, match=r"waveforms of the spikes from .* up to .*: expected a stretch within 0 to 6"):
        amaranth.simulate(accelerator, spikes, vcd=tmp_path / "waves.vcd", vcd_spikes=stretch)
