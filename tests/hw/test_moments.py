"""Resets and a stopped clock at random moments, in compiled simulation: what follows is right each time."""

from functools import partial

import numpy as np
import pytest
from amaranth.hdl import Signal

from hw.components import matvec, replay
from hw.simulate.streams import Pauses
from hw.simulate.verilator.run import Kind
from tests.hw.disturbances import DESIGNS, compiled, moments, paper, pipeline, traffic

GAPS_AND_STALLS = Pauses(gap=0.3, stall=0.4, seed=5, sink_waits=True)
STOPS = (Kind.STOP_LOW, Kind.STOP_HIGH)


def reset_at_random(design, n, pauses, seed=1):
    """Wrong results among all, and how many of the resets were followed by a result before the next one.

    At full speed every reset is, if it leaves the time: the design must not hang until another reset frees it.
    """
    events = moments(np.random.default_rng(seed), [Kind.RESET], n, design.begins, 3 * design.latency)
    # After each reset the design takes in as many spikes again as it holds.
    held = 2 + 2 * len(design.network.layers) + design.latency // design.interval
    came = traffic(design, events[-1].clock // design.interval + n * held, events, pauses)
    assert came.clocks[-1] > events[-1].clock, "the spikes ran out before the last reset"
    clocks = [event.clock for event in events]
    answered = np.isin(np.arange(1, n + 1), np.searchsorted(clocks, came.clocks, side="right"))
    leaves_time = np.diff(clocks) > 2 * design.latency
    assert leaves_time.any() and (pauses != Pauses() or answered[:-1][leaves_time].all())
    return int((~came.right).sum()), int(answered.sum())


def stopped_at_random(design, n, pauses, seed=1):
    """Wrong results; and whether all came, in order and in the very clocks in which they come without a stop."""
    events = moments(np.random.default_rng(seed), STOPS, n, design.begins, 2 * design.latency)
    n_spikes = events[-1].clock // design.interval + 99
    came, undisturbed = (traffic(design, n_spikes, chosen, pauses) for chosen in (events, ()))
    assert came.clocks[-1] > events[-1].clock, "the spikes ran out before the last stop"
    assert np.array_equal(came.spikes, np.arange(n_spikes))
    # A stop draws random inputs, so that gaps and stalls are others behind it.
    assert pauses != Pauses() or np.array_equal(came.clocks, undisturbed.clocks)
    return int((~came.right).sum())


@pytest.mark.verify("injected")
def test_reset_and_stopped_clock_at_random_moments(cache, record_property):
    """After a reset, or a stopped clock with moving inputs, at any of 250 moments the next inference is right."""
    design = compiled(pipeline, 2, cache)
    wrong, answered = reset_at_random(design, 200, Pauses())
    wrong_after_stops = stopped_at_random(design, 150, Pauses())
    record_property("resets", answered)
    record_property("clock_stops", 150)
    record_property("wrong", wrong + wrong_after_stops)
    assert wrong == wrong_after_stops == 0 and answered >= 100


@pytest.mark.slow
@pytest.mark.verify("injected")
@pytest.mark.parametrize("kind", DESIGNS)
def test_reset_at_a_thousand_moments(cache, kind, record_property):
    """Reset at more than 1,000 random moments, at full speed and with stalls: the following inference is right."""
    design = compiled(kind, 2, cache)
    came = [reset_at_random(design, 3000, pauses) for pauses in (Pauses(), GAPS_AND_STALLS)]
    record_property("resets", sum(answered for _, answered in came))
    record_property("wrong", sum(wrong for wrong, _ in came))
    assert all(wrong == 0 and answered > 1000 for wrong, answered in came)


@pytest.mark.slow
@pytest.mark.verify("injected")
@pytest.mark.parametrize("kind", DESIGNS)
def test_clock_stopped_at_a_thousand_moments(cache, kind, record_property):
    """Clock stopped, low or high, at 1,000 random moments while all inputs move: no result differs, or its clock."""
    design = compiled(kind, 2, cache)
    wrong = [stopped_at_random(design, 1000, pauses) for pauses in (Pauses(), GAPS_AND_STALLS)]
    record_property("clock_stops", 1000 * len(wrong))
    record_property("wrong", sum(wrong))
    assert wrong == [0, 0]


@pytest.mark.slow
@pytest.mark.verify("injected")
def test_the_papers_network_at_a_thousand_moments(cache, record_property):
    """The paper's network on UP5K: right after a reset and a stopped clock at 1,000 random moments each."""
    design = compiled(paper, 0, cache)
    wrong, answered = reset_at_random(design, 1600, Pauses())
    wrong_after_stops = stopped_at_random(design, 1000, Pauses())
    record_property("resets", answered)
    record_property("clock_stops", 1000)
    record_property("wrong", wrong + wrong_after_stops)
    assert wrong == wrong_after_stops == 0 and answered >= 1000


@pytest.mark.slow
@pytest.mark.verify("injected")
@pytest.mark.parametrize("module", [matvec, replay], ids=lambda module: module.__name__.rpartition(".")[2])
def test_registers_that_no_reset_reaches_are_noticed(cache, monkeypatch, module, record_property):
    """A design whose counters no reset reaches gives wrong results after one, and is caught."""
    never_reset = partial(Signal, reset_less=True)
    never_reset.like = Signal.like
    monkeypatch.setattr(module, "Signal", never_reset)
    wrong, _ = reset_at_random(compiled(pipeline, 2, cache), 300, Pauses())
    record_property("mutants", 1)
    record_property("mutants_caught", int(wrong > 0))
    assert wrong > 0
