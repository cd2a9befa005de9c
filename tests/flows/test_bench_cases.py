"""The benchmark's designs are those that it states."""

import numpy as np
import pytest

from flows.bench.cases import CASES
from hw.network.vectors import random_inputs
from hw.simulate.amaranth import simulate

SMALL = [case for case in CASES if case.name != "xc7-unrolled"]
"""What Amaranth's simulator runs in seconds; the benchmark itself simulates all of them, compiled."""


@pytest.mark.parametrize("design", SMALL, ids=lambda design: design.name)
def test_a_design_computes_its_network(design):
    accelerator = design.accelerator(seed=1)
    network = accelerator.network
    spikes = random_inputs(network.input_format, network.n_inputs, 50, seed=2)
    assert np.array_equal(accelerator.compute(spikes), network.classes(spikes))
    assert design.accelerator(seed=1).network.digest == network.digest != design.accelerator(seed=2).network.digest


@pytest.mark.slow
@pytest.mark.parametrize("design", SMALL, ids=lambda design: design.name)
def test_a_design_is_exact_and_as_fast_as_stated(design):
    accelerator = design.accelerator(seed=1)
    network = accelerator.network
    spikes = random_inputs(network.input_format, network.n_inputs, 6, seed=2)
    result = simulate(accelerator, spikes)
    for ours, theirs in zip(result.words, network.words(spikes), strict=True):
        assert np.array_equal(ours, theirs)
    assert np.array_equal(result.scores, network.scores(spikes))
    assert np.array_equal(result.classes, network.classes(spikes))
    assert result.initiation_interval_cycles == accelerator.schedule.initiation_interval
