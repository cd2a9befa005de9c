"""Random networks in random foldings: the circuit gives the integer network's words, scores and classes."""

from dataclasses import replace

import numpy as np
import pytest
from amaranth.sim import Simulator
from hypothesis import given, settings
from hypothesis import strategies as st

from hw.accelerator.accelerator import Accelerator
from hw.accelerator.top import PortStyle, Top
from hw.components.rom import Storage
from hw.errors import BadInput
from hw.network.types import BIPOLAR, IntegerFormat
from hw.network.vectors import random_inputs
from hw.schedule.types import LayerFolding, Schedule
from hw.simulate.amaranth import simulate
from hw.simulate.streams import Pauses
from tests.hw.exact import assert_exact
from tests.hw.networks import engine_schedule, random_network, random_schedule, random_table

sizes = st.sampled_from([2, 3, 4, 6, 8])
ACTIVATIONS = [BIPOLAR, *(IntegerFormat(bits, False) for bits in (1, 2, 3, 4))]
ACTIVATIONS += [IntegerFormat(bits, True) for bits in (2, 3, 4)]


@pytest.mark.verify("drawn")
@settings(deadline=None, max_examples=50)
@given(
    seed=st.integers(0, 2**32 - 1),
    n_inputs=sizes,
    hidden=st.lists(sizes, max_size=3),
    n_units=st.integers(1, 5),
    input_format=st.sampled_from([BIPOLAR, IntegerFormat(4, False), IntegerFormat(8, True), IntegerFormat(16, True)]),
    activations=st.lists(st.sampled_from(ACTIVATIONS), min_size=1, max_size=3),
    table=st.none() | st.sampled_from([BIPOLAR, *ACTIVATIONS, IntegerFormat(9, True)]),
    pauses=st.sampled_from([Pauses(), Pauses(0.3, 0.3, seed=7, sink_waits=True)]),
)
def test_random_networks_in_random_foldings(
    seed, n_inputs, hidden, n_units, input_format, activations, table, pauses
):
    """Random networks in random foldings are exact, word by word of every layer, with gaps and stalls."""
    rng = np.random.default_rng(seed)
    front = table and random_table(rng, input_format, table)
    network = random_network(rng, n_inputs, tuple(hidden), n_units, input_format, tuple(activations), front)
    accelerator = Accelerator(network, random_schedule(rng, network))
    spikes = random_inputs(input_format, n_inputs, 8, seed)
    assert np.array_equal(accelerator.compute(spikes), network.classes(spikes))
    assert_exact(network, spikes, simulate(accelerator, spikes, pauses=pauses))


def test_latency_is_that_of_an_empty_pipeline():
    rng = np.random.default_rng(3)
    network = random_network(rng)
    accelerator = Accelerator(network, random_schedule(rng, network))
    spikes = random_inputs(network.input_format, network.n_inputs, 6, seed=0)
    alone = simulate(accelerator, spikes[:1])
    assert simulate(accelerator, spikes).latency_cycles == alone.latency_cycles
    assert alone.initiation_interval_cycles is None


def test_a_slow_folding_is_not_taken_for_a_stuck_one():
    """128 x 128 weights, one a clock: more clocks between two words than a circuit that hangs is given."""
    rng = np.random.default_rng(6)
    network = random_network(rng, 1, (128, 128), n_units=2)
    folds = [
        LayerFolding(layer.name, layer.rows, layer.columns, 1, 1, 1, Storage.BLOCK, Storage.BLOCK)
        for layer in network.layers
    ]
    spikes = random_inputs(network.input_format, 1, 1, seed=0)
    accelerator = Accelerator(network, Schedule(network.digest, "up5k", tuple(folds)))
    assert_exact(network, spikes, simulate(accelerator, spikes))


@settings(deadline=None, max_examples=20)
@given(
    seed=st.integers(0, 2**32 - 1), cut=st.integers(1, 200), style=st.sampled_from(PortStyle), shared=st.booleans()
)
def test_a_reset_at_any_moment_leaves_nothing_behind(seed, cut, style, shared):
    rng = np.random.default_rng(seed)
    network = random_network(rng)
    schedule = engine_schedule(network) if shared else random_schedule(rng, network)
    spikes = random_inputs(network.input_format, network.n_inputs, 4, seed)
    assert_nothing_is_left_by_a_reset(Accelerator(network, schedule), spikes, cut, style)


def test_a_reset_where_an_engine_turns_to_the_next_layer_leaves_nothing_behind():
    """The step that is fetched in the clock of the reset is the one that would turn."""
    network = random_network(np.random.default_rng(2))
    accelerator = Accelerator(network, engine_schedule(network))
    spikes = random_inputs(network.input_format, network.n_inputs, 2, seed=0)
    engine = accelerator.engine
    lengths = [n * len(steps) for n, steps in zip(engine.rows, engine.program, strict=True)]
    for end in np.cumsum(lengths):
        for cut in range(end - 3, end):
            assert_nothing_is_left_by_a_reset(accelerator, spikes, cut, PortStyle.PLAIN)


def assert_nothing_is_left_by_a_reset(accelerator, spikes, cut, style):
    """Reset for one clock after `cut` clocks; then all spikes anew, whose results must be right."""
    top = Top(accelerator, style)
    ports = top.ports
    words = [word for spike in accelerator.input_format.pack(spikes) for word in spike]
    spike, unit = ([getattr(top, name) for name in names] for names in (ports.spike_stream, ports.unit_stream))
    results: list[int] = []

    async def run(ctx, clocks):
        """Offers all words without a pause; collects results from a sink that always takes."""
        sent = 0
        ctx.set(getattr(top, ports.reset), 1 - ports.reset_active)
        ctx.set(unit[2], 1)
        for _ in range(clocks):
            ctx.set(spike[1], sent < len(words))
            ctx.set(spike[0], words[sent] if sent < len(words) else 0)
            if ctx.get(unit[1]):
                results.append(ctx.get(unit[0]))
            sent += ctx.get(spike[2]) and sent < len(words)
            await clock(ctx)

    async def clock(ctx):
        for level in (1, 0):
            ctx.set(getattr(top, ports.clock), level)
            await ctx.delay(1e-6)

    async def testbench(ctx):
        await run(ctx, cut)
        ctx.set(getattr(top, ports.reset), ports.reset_active)
        await clock(ctx)
        results.clear()
        await run(ctx, 250 * len(spikes))

    simulator = Simulator(top)
    simulator.add_testbench(testbench)
    simulator.run()
    network = accelerator.network
    winners = zip(network.classes(spikes), network.scores(spikes), strict=True)
    assert results == [ports.join_result(int(c), int(row[c])) for c, row in winners]


def test_a_schedule_of_another_network_is_refused():
    rng = np.random.default_rng(0)
    one, other = random_network(rng), random_network(rng)
    with pytest.raises(BadInput, match="another network"):
        Accelerator(one, random_schedule(rng, other))


def test_a_schedule_is_read_back_as_it_was_written():
    rng = np.random.default_rng(0)
    schedule = random_schedule(rng, random_network(rng))
    assert Schedule.from_json(schedule.to_json()) == schedule
    with pytest.raises(BadInput, match="not the JSON of a schedule"):
        Schedule.from_json("[]")


def test_a_wrong_weight_is_seen_in_the_layer_words():
    """The comparison that the other tests rest on does notice one wrong bit."""
    rng = np.random.default_rng(11)
    network = random_network(rng)
    weights = network.hidden[0].weights.copy()
    weights[0] = ~weights[0]
    layer = replace(network.hidden[0], weights=weights, thresholds=np.zeros_like(network.hidden[0].thresholds))
    changed = replace(network, hidden=(layer, *network.hidden[1:]))
    spikes = random_inputs(network.input_format, network.n_inputs, 20, seed=0)
    accelerator = Accelerator(changed, random_schedule(rng, changed))
    result = simulate(accelerator, spikes)
    assert not np.array_equal(result.words[0], network.words(spikes)[0])


def test_a_layer_unrolled_whole_has_more_weights_than_one_memory_is_wide():
    network = random_network(np.random.default_rng(1), n_inputs=8, hidden=(96, 160), n_units=2)
    folds = [
        LayerFolding(layer.name, *layer.weights.shape, *layer.weights.shape, 1, Storage.LOGIC, Storage.LOGIC)
        for layer in network.layers
    ]
    accelerator = Accelerator(network, Schedule(network.digest, "up5k", tuple(folds)))
    assert len(accelerator.pipeline.units[1].weight_roms) == 2
    spikes = random_inputs(network.input_format, network.n_inputs, 4, seed=0)
    assert_exact(network, spikes, simulate(accelerator, spikes))
