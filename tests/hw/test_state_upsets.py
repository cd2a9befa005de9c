"""Flip-flops that flip at random moments: how many answers are wrong, and what brings them right again."""

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pytest

from hw.simulate.verilator.run import Event, Kind
from tests.hw.disturbances import compiled, engine, loadable, pipeline, pipeline_of_two_bits, traffic, unrolled


class Fate(StrEnum):
    """What became of an upset."""

    MASKED = "masked"  # no answer was wrong
    PASSED = "passed"  # some were, then all were right again
    UNTIL_RESET = "until_reset"  # answers stayed wrong, or failed to come, until a reset
    BEYOND_RESET = "beyond_reset"  # and behind it too


@dataclass(frozen=True)
class Upset:
    """A flipped bit of a register, and how many answers were wrong before the reset."""

    register: str
    fate: Fate
    wrong: int


@dataclass(frozen=True)
class Plan:
    """Clocks that one upset takes: the flow is steady, a bit flips, some inferences are watched, a reset follows."""

    steady: int
    watched: int

    @classmethod
    def of(cls, design):
        return cls(2 * design.latency + 4 * design.interval, 2 * design.latency + 8 * design.interval)


def upsets(design, n, seed=1):
    """What became of upsets of random bits of the registers at random moments."""
    rng, plan = np.random.default_rng(seed), Plan.of(design)
    names = [register.name for register in design.bench.registers for _ in range(register.bits)]
    drawn = [(int(rng.integers(len(names))), int(rng.integers(design.latency + design.interval))) for _ in range(n)]
    found = []
    while len(found) < n:  # what outlasts a reset spoils the rest of a run, which is done anew
        found += [Upset(names[bit], *seen) for bit, seen in run_some(design, plan, drawn[len(found) :])]
    return found


def run_some(design, plan, drawn):
    """Upsets one after another, up to the first that outlasts its reset."""
    events, clock = [], design.begins
    for bit, delay in drawn:
        clock += plan.steady + delay
        events.append(Event(Kind.UPSET, clock, bit))
        clock += plan.watched
        events.append(Event(Kind.RESET, clock))
    held = 2 + 2 * len(design.network.layers) + design.latency // design.interval
    n_spikes = (clock + plan.steady + plan.watched) // design.interval + 2 * (len(drawn) + 1) * held
    came = traffic(design, n_spikes, events)
    for index, (bit, _) in enumerate(drawn):
        upset, reset = events[2 * index : 2 * index + 2]
        yield bit, fate(came, upset.clock, reset.clock, plan, design)
        if not steady(came, reset.clock, reset.clock + plan.steady):
            return


def fate(came, upset, reset, plan, design):
    """What became of an upset, and its wrong answers."""
    wrong = int((~came.right[between(came, upset, reset)]).sum())
    if not steady(came, reset, reset + plan.steady):
        return Fate.BEYOND_RESET, wrong
    if not steady(came, reset - 4 * design.interval, reset, least=3):
        return Fate.UNTIL_RESET, wrong
    return (Fate.PASSED if wrong else Fate.MASKED), wrong


def steady(came, first, end, least=1):
    """Whether results came between two clocks, all of them right."""
    right = came.right[between(came, first, end)]
    return len(right) >= least and bool(right.all())


def between(came, first, end):
    return slice(*np.searchsorted(came.clocks, [first, end]))


def noted(record_property, found):
    """Writes down how many upsets had each fate."""
    fates = Counter(upset.fate for upset in found)
    record_property("upsets", len(found))
    for one in Fate:
        record_property(one.value, fates[one])
    wrong = [upset.wrong for upset in found if upset.fate is Fate.PASSED]
    record_property("most_wrong_answers_before_right_again", max(wrong, default=0))
    assert fates[Fate.MASKED] and fates[Fate.PASSED]
    return [upset.register for upset in found if upset.fate is Fate.BEYOND_RESET]


@pytest.mark.verify("injected")
def test_state_upsets_are_undone_by_a_reset(cache, record_property):
    """A flip-flop flipped at a random moment: answers are right again by themselves or from a reset on."""
    assert not noted(record_property, upsets(compiled(pipeline, 2, cache), 200))


@pytest.mark.slow
@pytest.mark.verify("injected")
@pytest.mark.parametrize("kind", [pipeline, pipeline_of_two_bits, unrolled])
def test_state_upsets_of_every_pipeline_are_undone_by_a_reset(cache, kind, record_property):
    """1,000 flip-flops flipped: right again by themselves or from a reset on, pipelines of every kind."""
    assert not noted(record_property, upsets(compiled(kind, 2, cache), 1000, seed=3))


@pytest.mark.slow
@pytest.mark.verify("injected")
def test_what_outlasts_a_reset_in_an_engine_is_what_its_counters_wrote(cache, record_property):
    """1,000 flip-flops flipped in an engine: only those of its row and phase, by which it writes, outlast a reset."""
    outlasting = noted(record_property, upsets(compiled(engine, 2, cache), 1000, seed=3))
    record_property("registers_outlasting_a_reset", ", ".join(sorted(set(outlasting))))
    assert all(register.startswith(("\\accelerator.row", "\\accelerator.phase")) for register in outlasting)
    assert len(outlasting) < 20


@pytest.mark.slow
@pytest.mark.verify("injected")
def test_what_outlasts_a_reset_of_loadable_weights_is_the_choice_of_banks(cache, record_property):
    """1,000 flip-flops flipped, loadable weights: only what chooses and writes the banks outlasts a reset."""
    outlasting = noted(record_property, upsets(compiled(loadable, 2, cache), 1000, seed=3))
    record_property("registers_outlasting_a_reset", ", ".join(sorted(set(outlasting))))
    assert all(register.startswith("\\accelerator.weights.loader.") for register in outlasting)
