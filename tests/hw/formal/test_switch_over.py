"""Weights that are written while spikes flow: no inference mixes two sets, whatever frames and stalls come."""

from dataclasses import replace

import numpy as np
import pytest

from hw.components.rom import Storage
from hw.network.types import BIPOLAR, Network, ScoreLayer
from hw.schedule.types import LayerFolding, Schedule
from tests.hw.formal.claims import Claim, prove_all, tie
from tests.hw.formal.harness import TOP, rtlil_of
from tests.hw.formal.switchover import AnyPipeline, SwitchOver

WRONG = {
    "frames go on while an inference uses the spare bank": ("weights.loader", "busy", 0),
    "it is not noted when banks change places": ("weights.in_flight", "mark", 0),
    "every checksum is right": ("weights.loader", "match_detected", 1),
    "no frame is ever taken": ("weights.loader", "busy", 1),
    "no checksum is right": ("weights.loader", "match_detected", 0),
    "inferences note no bank": ("weights.in_flight", "tag", 0),
    "notes are never done with": ("weights.in_flight", "finished", 0),
    "the layer takes always the first bank": ("layer0", "bank", 0),
    "frames go always to the second bank": ("layer0", "writes__bank", 1),
}


def claim(inputs: int, units: int, weight_sets: int = 1, depth: int | None = None) -> Claim:
    """A score layer that takes a weight a clock, so that an inference reads for as long as it can."""
    rng = np.random.default_rng(0)
    layer = ScoreLayer("scores", rng.random((units, inputs)) < 0.5, np.zeros(units, np.int64), 0)
    network = Network(BIPOLAR, (), layer, tuple(f"unit {u}" for u in range(units)))
    fold = LayerFolding("scores", units, inputs, 1, 1, 1, Storage.LOGIC, Storage.LOGIC, loadable=True)
    schedule = Schedule(network.digest, "xc7a35t", (fold,), weight_sets=weight_sets)
    text = rtlil_of(SwitchOver(AnyPipeline(schedule, (network,) * weight_sets)))
    broken = {change: tie(text, f"{TOP}.circuit.{module}", *tied) for change, (module, *tied) in WRONG.items()}
    return Claim(f"{inputs} inputs, {units} units, {weight_sets} sets", text, broken, depth)


@pytest.mark.verify("proven")
def test_weights_of_one_column(tmp_path, record_property):
    """A network of one weight takes each result from one frame, at any time, whatever frames and stalls there are."""
    whole = claim(1, 1)
    some = {change: whole.broken[change] for change in list(WRONG)[:1]}
    prove_all([replace(whole, broken=some)], tmp_path, record_property)


@pytest.mark.formal
@pytest.mark.verify("proven")
def test_weights_change_between_inferences_only(tmp_path, record_property):
    """No result mixes two sets of weights, at any time, whatever frames, gaps, stalls and resets there are."""
    prove_all([claim(2, 1), claim(1, 1, weight_sets=2), claim(2, 1, weight_sets=2)], tmp_path, record_property)


@pytest.mark.formal
@pytest.mark.verify("proven")
def test_weights_of_two_rows(tmp_path, record_property):
    """A network of 2 inputs and 2 units mixes no two sets of weights in its first 22 clocks, whatever comes."""
    record_property("depth_clocks", 22)
    whole = claim(2, 2, depth=22)
    # This one takes longer to show.
    soon = {change: text for change, text in whole.broken.items() if change != "frames go always to the second bank"}
    prove_all([replace(whole, broken=soon)], tmp_path, record_property)
