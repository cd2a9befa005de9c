"""Whatever graph, however built: the gateware equals the ONNX reference, every layer's words included."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hw.accelerator.accelerator import Accelerator
from hw.network.check import answers_of
from hw.network.lower import lower
from hw.network.reference import Reference
from hw.network.types import Network
from hw.network.vectors import random_inputs
from hw.schedule.types import Schedule
from hw.simulate.amaranth import simulate
from hw.simulate.streams import Pauses
from tests.hw.graphs import random_graphs, write
from tests.hw.networks import engine_schedule, random_schedule

N_SPIKES = 4
PAUSES = (Pauses(), Pauses(0.4, 0.4, seed=1), Pauses(0.5, 0.0, seed=2, sink_waits=True))


def takes_engine(network: Network) -> bool:
    return network.front is None and all(layer.output.bipolar for layer in network.hidden)


def any_schedule(rng: np.random.Generator, network: Network) -> Schedule:
    """One graph in four on the engine, if it takes that; else each layer folded in memories, or unrolled."""
    if takes_engine(network) and rng.random() < 0.25:
        return engine_schedule(network, lanes=int(rng.choice([8, 16])), margin_port=bool(rng.random() < 0.5))
    return random_schedule(rng, network)


def assert_gateware_equals_reference(path, seed: int, pauses: Pauses) -> None:
    rng = np.random.default_rng(seed)
    network = lower(path, margin=0)
    if rng.random() < 0.5:
        low, high = network.score_bounds
        network = lower(path, margin=int(rng.integers(0, high - low + 1)))
    x = random_inputs(network.input_format, network.n_inputs, N_SPIKES, seed)
    expected = Reference.open(path).run(x)
    result = simulate(Accelerator(network, any_schedule(rng, network)), x, pauses=pauses)
    assert np.array_equal(result.classes, answers_of(network, expected, x))
    for ours, theirs in zip(result.words, expected.words, strict=True):
        assert np.array_equal(ours, theirs)
    if not network.head.rescaled:
        assert np.array_equal(result.scores, expected.scores)


@pytest.mark.verify("drawn")
@settings(max_examples=50, deadline=None)
@given(model=random_graphs(max_inputs=8, max_rows=6), seed=st.integers(0, 2**32 - 1), pauses=st.sampled_from(PAUSES))
def test_random_graphs_as_gateware(tmp_path_factory, model, seed, pauses):
    """Gateware of random graphs gives the words, scores and classes of the ONNX reference."""
    path = write(model, tmp_path_factory.mktemp("graph") / "network.onnx")
    assert_gateware_equals_reference(path, seed, pauses)


@pytest.mark.verify("drawn")
@pytest.mark.slow
@settings(max_examples=1000, deadline=None)
@given(model=random_graphs(), seed=st.integers(0, 2**32 - 1), pauses=st.sampled_from(PAUSES))
def test_a_thousand_random_graphs_as_gateware(tmp_path_factory, model, seed, pauses):
    """Gateware of a thousand random graphs gives the words, scores and classes of the ONNX reference."""
    path = write(model, tmp_path_factory.mktemp("graph") / "network.onnx")
    assert_gateware_equals_reference(path, seed, pauses)
