"""The shared engine: one datapath for every layer, exact in any shape, and small."""

from dataclasses import replace

import numpy as np
import pytest
from amaranth.hdl import EnableInserter, Module, Signal
from amaranth.lib import wiring
from amaranth.sim import Simulator
from hypothesis import given, settings
from hypothesis import strategies as st

from hw.accelerator.accelerator import Accelerator
from hw.accelerator.top import PortStyle, Top
from hw.components.engine.engine import Engine
from hw.components.engine.weights import weight_banks
from hw.components.rom import MEMORIES, Storage
from hw.devices import BRAM18, EBR, device_named
from hw.errors import BadInput, DoesNotFit
from hw.estimate.engine import engine_resources
from hw.handover.template import instantiation
from hw.netlist import TOP_NAME, emit
from hw.network.types import BIPOLAR, IntegerFormat
from hw.network.vectors import random_inputs
from hw.schedule.engine import schedule_engine
from hw.schedule.types import Architecture, EngineFolding, Schedule
from hw.simulate.amaranth import simulate
from hw.simulate.mapped import MappedNetlist
from hw.simulate.netlist import run_netlist
from hw.simulate.streams import Pauses, run_stream
from hw.tools import nextpnr, yosys
from tests.hw.exact import assert_exact
from tests.hw.networks import INT8, engine_schedule, random_network

UP5K = device_named("up5k")
formats = st.sampled_from(
    [BIPOLAR, IntegerFormat(1, False), IntegerFormat(3, True), INT8, IntegerFormat(9, False), IntegerFormat(16, True)]
)


def target_network(seed=0):
    return random_network(np.random.default_rng(seed), n_inputs=48, hidden=(256, 256), n_units=5)


@pytest.mark.verify("drawn")
@settings(deadline=None, max_examples=25)
@given(
    seed=st.integers(0, 2**32 - 1),
    n_inputs=st.integers(1, 34),
    hidden=st.lists(st.integers(1, 34), max_size=2),
    n_units=st.integers(1, 6),
    input_format=formats,
    lanes=st.sampled_from([8, 16, 32]),
    count_storage=st.sampled_from(MEMORIES),
    pauses=st.sampled_from([Pauses(), Pauses(0.3, 0.3, seed=7, sink_waits=True)]),
)
def test_random_networks(seed, n_inputs, hidden, n_units, input_format, lanes, count_storage, pauses):
    """Shared engines of any lanes and storage run random networks exactly, with gaps and stalls."""
    network = random_network(np.random.default_rng(seed), n_inputs, tuple(hidden), n_units, input_format)
    accelerator = Accelerator(network, engine_schedule(network, lanes, count_storage))
    spikes = random_inputs(input_format, n_inputs, 3, seed)
    assert np.array_equal(accelerator.compute(spikes), network.classes(spikes))
    result = simulate(accelerator, spikes, pauses=pauses)
    assert_exact(network, spikes, result)
    if pauses == Pauses():
        assert set(result.cycles_between_results) == {accelerator.engine.cycles}
        assert result.latency_cycles == accelerator.latency_clocks


@settings(deadline=None, max_examples=10)
@given(seed=st.integers(0, 2**32 - 1), margin_port=st.booleans())
def test_an_answer_may_be_unsorted(seed, margin_port):
    network = replace(random_network(np.random.default_rng(seed)), margin=3)
    schedule = engine_schedule(network, margin_port=margin_port)
    spikes = random_inputs(INT8, network.n_inputs, 6, seed)
    assert_exact(network, spikes, simulate(Accelerator(network, schedule), spikes))


def test_all_that_can_be_taken_is_taken_while_scores_are_the_least_possible():
    """Every row against its weights: sums of zero, negative scores throughout, the first of equals wins."""
    network = random_network(np.random.default_rng(5), n_inputs=9, hidden=(), n_units=3, input_format=BIPOLAR)
    head = replace(network.head, weights=np.zeros((3, 9), bool), offsets=np.array([-7, -7, -9]))
    network = replace(network, head=head)
    spikes = np.ones((3, 9), dtype=np.int64)
    result = simulate(Accelerator(network, engine_schedule(network)), spikes)
    assert_exact(network, spikes, result)
    assert (result.classes == 0).all() and (result.best_scores < 0).all()


class StoppedClock(wiring.Component):
    """An engine whose clock stands while it is idle."""

    def __init__(self, engine):
        self.engine = engine.circuit()
        self.stopped = Signal()
        super().__init__(wiring.Signature(self.engine.signature.members))

    def elaborate(self, platform):
        m = Module()
        m.submodules.engine = EnableInserter(~self.engine.idle)(self.engine)
        wiring.connect(m, wiring.flipped(self), self.engine)
        return m


@settings(deadline=None, max_examples=10)
@given(seed=st.integers(0, 2**32 - 1))
def test_the_clock_may_stop_while_idle(seed):
    network = random_network(np.random.default_rng(seed))
    engine, spikes = Engine(network), random_inputs(INT8, network.n_inputs, 3, seed)
    words = [word for spike in engine.input_format.pack(spikes) for word in spike]
    runs = [
        run_stream(circuit, words, 3, source="spikes", sink="units", pauses=Pauses(0.8, 0.2, seed=1), hold_after=6)
        for circuit in (engine.circuit(), StoppedClock(engine))
    ]
    assert runs[0].words == runs[1].words
    assert runs[0].cycles_out == runs[1].cycles_out


@pytest.mark.parametrize("style", list(PortStyle))
def test_the_netlists_clock_may_stop_while_its_port_says_idle(style):
    """Spikes with long pauses, in each of which the clock comes to stand."""
    network = random_network(np.random.default_rng(1))
    accelerator = Accelerator(network, engine_schedule(network))
    top, spikes = Top(accelerator, style), random_inputs(INT8, network.n_inputs, 3, seed=0)
    ports, results, standing = top.ports, [], []
    spike, unit = ([getattr(top, name) for name in names] for names in (ports.spike_stream, ports.unit_stream))
    assert ".idle(idle)" in instantiation(emit(accelerator, style), accelerator)

    async def clock(ctx):
        standing.append(ctx.get(top.idle))
        for level in (1, 0):
            ctx.set(getattr(top, ports.clock), level and not standing[-1])
            await ctx.delay(1e-6)

    async def testbench(ctx):
        ctx.set(getattr(top, ports.reset), 1 - ports.reset_active)
        ctx.set(unit[2], 1)
        for words in accelerator.input_format.pack(spikes):
            left = list(words)
            for _ in range(2 * accelerator.engine.cycles):
                ctx.set(spike[1], bool(left))
                ctx.set(spike[0], left[0] if left else 0)
                if ctx.get(unit[1]):
                    results.append(ctx.get(unit[0]))
                if left and ctx.get(spike[2]):
                    left.pop(0)
                await clock(ctx)
            assert standing[-1]

    simulator = Simulator(top)
    simulator.add_testbench(testbench)
    simulator.run()
    winners = zip(network.classes(spikes), network.scores(spikes).max(axis=1), strict=True)
    assert results == [ports.join_result(int(unit), int(score)) for unit, score in winners]


@pytest.mark.parametrize("lanes", [pytest.param(8, marks=pytest.mark.synth), 16])
def test_the_mapped_netlist_is_exact_and_has_the_block_memories_estimated(tmp_path, lanes):
    network = random_network(np.random.default_rng(lanes), n_inputs=12, hidden=(20, 40), n_units=3)
    accelerator = Accelerator(network, engine_schedule(network, lanes))
    netlist, spikes = emit(accelerator), random_inputs(INT8, 12, 6, seed=1)
    (tmp_path / "top.il").write_text(netlist.rtlil)
    counts = yosys.synthesise("top.il", netlist.top, UP5K, tmp_path, "mapped.json")
    assert counts.block_rams == engine_resources(accelerator.engine, UP5K).block_rams
    run = run_netlist(MappedNetlist.read(tmp_path / "mapped.json", netlist.top), netlist.ports, accelerator, spikes)
    assert np.array_equal(run.classes, network.classes(spikes))
    assert np.array_equal(run.best_scores, network.scores(spikes).max(axis=1))
    assert run.toggles.clocks == run.inferences * accelerator.engine.cycles


@pytest.mark.parametrize("block_ram", [EBR, BRAM18])
@pytest.mark.parametrize(("n_words", "lanes"), [(1, 16), (848, 16), (4944, 16), (5000, 8), (2049, 32), (1100, 16)])
def test_banks_hold_every_word_in_as_few_blocks_as_there_are_bits(n_words, lanes, block_ram):
    words = [word % 251 for word in range(n_words)]
    banks = weight_banks(words, lanes, block_ram)
    assert [word for bank in banks for word in bank.rows] == words
    blocks = sum(block_ram.count(len(bank.rows), lanes) for bank in banks)
    assert blocks <= block_ram.count(n_words, lanes)


def test_the_target_takes_three_banks_and_twelve_thousand_clocks_at_the_most():
    engine = Engine(target_network())
    assert [len(rom.rows) for rom in engine.weight_roms] == [2048, 2048, 848]
    assert engine_resources(engine, UP5K).block_rams == 30
    assert engine.cycles <= 12_000


def test_the_narrowest_engine_that_is_fast_enough_is_chosen():
    network = random_network(np.random.default_rng(1), n_inputs=48, hidden=(64,), n_units=4)
    cycles = {lanes: Engine(network, lanes).cycles for lanes in (8, 16, 32)}
    for lanes, clocks in cycles.items():
        schedule = schedule_engine(network, UP5K, clocks)
        assert (schedule.engine.lanes, schedule.initiation_interval) == (lanes, clocks)
        assert Schedule.from_json(schedule.to_json()) == schedule
    with pytest.raises(DoesNotFit, match=f"{cycles[32]} can"):
        schedule_engine(network, UP5K, cycles[32] - 1)
    with pytest.raises(DoesNotFit, match="hx1k has 16"):
        schedule_engine(target_network(), device_named("hx1k"), 12_000)


def test_what_the_engine_does_not_take_is_refused_in_one_line():
    network = random_network(np.random.default_rng(0), n_inputs=4, hidden=(6,), n_units=2)
    two_bits = replace(
        network.hidden[0],
        thresholds=np.repeat(network.hidden[0].thresholds, 3, axis=1),
        output=IntegerFormat(2, False),
        lowest=0,
    )
    with pytest.raises(BadInput, match="hidden0: outputs of UINT2; the engine gives BIPOLAR only"):
        Engine(replace(network, hidden=(two_bits,)))
    with pytest.raises(ValueError, match="power of two from 8, not 12"):
        Engine(network, lanes=12)
    with pytest.raises(BadInput, match="other clocks than its engine takes"):
        Accelerator(network, replace(engine_schedule(network), engine=EngineFolding(16, Storage.BLOCK, 1)))
    with pytest.raises(BadInput, match="an engine's folding belongs to an engine"):
        replace(engine_schedule(network), architecture=Architecture.PIPELINE)


@pytest.mark.synth
@pytest.mark.parametrize("seed", [0, 1])
def test_the_papers_network_at_a_thousand_spikes_a_second_in_300_lookup_tables(tmp_path, seed):
    network = target_network(seed)
    accelerator = Accelerator(network, schedule_engine(network, UP5K, 12_000))
    netlist, spikes = emit(accelerator), random_inputs(INT8, 48, 3, seed)
    (tmp_path / "top.il").write_text(netlist.rtlil)
    counts = yosys.synthesise("top.il", TOP_NAME, UP5K, tmp_path, "mapped.json")
    assert counts.luts <= 170
    assert counts.block_rams == engine_resources(accelerator.engine, UP5K).block_rams <= 30
    for placed in (1, 2):
        placement = nextpnr.place_and_route("mapped.json", UP5K, tmp_path, seed=placed, target_mhz=30)
        assert placement.slowest_mhz >= 30
    run = run_netlist(MappedNetlist.read(tmp_path / "mapped.json", TOP_NAME), netlist.ports, accelerator, spikes)
    assert np.array_equal(run.classes, network.classes(spikes))
    assert np.array_equal(run.best_scores, network.scores(spikes).max(axis=1))
