"""The clocks that a schedule states are those that a simulation counts."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hw.accelerator.accelerator import Accelerator
from hw.components.rom import Storage
from hw.network.types import BIPOLAR, IntegerFormat
from hw.network.vectors import random_inputs
from hw.schedule.timing import with_banks
from hw.schedule.types import LayerFolding, Schedule
from hw.simulate.amaranth import simulate
from tests.hw.networks import INT8, deepened, engine_schedule, random_network, random_schedule, random_table

UINT2 = IntegerFormat(2, signed=False)
sizes = st.sampled_from([1, 2, 3, 4, 6, 8, 12])


def assert_exact(network, schedule, seed):
    spikes = random_inputs(network.input_format, network.n_inputs, 10, seed)
    accelerator = Accelerator(network, schedule)
    result = simulate(accelerator, spikes)
    counted = (result.latency_cycles, result.initiation_interval_cycles)
    assert counted == (accelerator.latency_clocks, schedule.initiation_interval)


@settings(deadline=None, max_examples=30)
@given(
    seed=st.integers(0, 2**32 - 1),
    n_inputs=sizes,
    hidden=st.lists(sizes, max_size=3).map(tuple),
    n_units=st.integers(1, 6),
    activations=st.lists(st.sampled_from([BIPOLAR, UINT2]), min_size=1, max_size=2).map(tuple),
    has_table=st.booleans(),
    is_deep=st.booleans(),
)
def test_latency_and_initiation_interval_are_exact(seed, n_inputs, hidden, n_units, activations, has_table, is_deep):
    rng = np.random.default_rng(seed)
    front = random_table(rng, INT8, UINT2) if has_table else None
    network = random_network(rng, n_inputs, hidden, n_units, activations=activations, front=front)
    schedule = random_schedule(rng, network)
    assert_exact(network, deepened(schedule) if is_deep else schedule, seed)


def folding(name, rows, columns, pe, simd):
    return LayerFolding(name, rows, columns, pe, simd, 1, Storage.LOGIC, Storage.LOGIC)


@pytest.mark.parametrize(("pe", "banks"), [(4, 2), (2, 1)])
def test_a_layer_that_waits_for_its_converter_takes_words_meanwhile(pe, banks):
    """Four results every second clock, to a converter that gives one a clock: one bank would refuse words."""
    network = random_network(np.random.default_rng(0), 8, (2, 8), 3)
    layers = with_banks(
        [folding("hidden0", 2, 8, 1, 1), folding("hidden1", 8, 2, pe, 1), folding("scores", 3, 8, 3, 1)]
    )
    schedule = Schedule(network.digest, "up5k", layers)
    assert layers[1].banks == banks
    assert_exact(network, schedule, 0)


@pytest.mark.parametrize("unrolled", [(0,), (1,), (2,), (0, 1, 2)])
def test_unrolled_layers_among_folded_ones(unrolled):
    network = random_network(np.random.default_rng(0), 6, (8, 4), 3)
    constant = Storage.CONSTANT
    folds = [
        LayerFolding(layer.name, layer.rows, layer.columns, layer.rows, layer.columns, 1, constant, constant)
        if index in unrolled
        else folding(layer.name, layer.rows, layer.columns, 1, 2)
        for index, layer in enumerate(network.layers)
    ]
    assert_exact(network, Schedule(network.digest, "up5k", with_banks(folds)), 0)


@pytest.mark.parametrize(("lanes", "storage"), [(8, Storage.BLOCK), (16, Storage.LOGIC)])
def test_engines(lanes, storage):
    network = random_network(np.random.default_rng(0), 12, (20, 4), 3)
    assert_exact(network, engine_schedule(network, lanes, storage), 0)
