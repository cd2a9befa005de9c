"""Weights written at run time, and weight sets that each spike chooses: no inference ever sees two of them."""

import zlib
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from hw.accelerator.accelerator import Accelerator
from hw.accelerator.load import load_frame
from hw.accelerator.top import PortStyle
from hw.components.loader import WeightLoader
from hw.components.rom import Storage
from hw.devices import device_named
from hw.errors import BadInput
from hw.estimate.accelerator import estimate
from hw.handover.template import instantiation
from hw.netlist import emit
from hw.network.types import BIPOLAR, IntegerFormat
from hw.network.vectors import random_inputs
from hw.schedule.designs import designs_of
from hw.schedule.fold import choose
from hw.schedule.shapes import ALL_LAYERS, Fixed
from hw.schedule.target import Target
from hw.schedule.types import Schedule
from hw.simulate.amaranth import simulate
from hw.simulate.mapped import MappedNetlist
from hw.simulate.netlist import run_netlist
from hw.simulate.streams import Pauses
from hw.tools import yosys
from tests.hw.networks import random_network, random_schedule, retrained, unrolled
from tests.hw.traffic import Bench, assert_answers_are_of_their_time, expected, frames_of

NO_SHRINKING = (Phase.explicit, Phase.generate)  # which takes longer than to read the seed
UINT2 = IntegerFormat(2, signed=False)


def drawn(seed, weight_sets, loadable, activations=(BIPOLAR,), device="xc7a35t"):
    """An accelerator of a small network, a network for every set."""
    rng = np.random.default_rng(seed)
    network = random_network(rng, 4, (4, 6), 3, IntegerFormat(3, True), activations)
    others = tuple(retrained(rng, network, (True,) * 3) for _ in range(weight_sets - 1))
    schedule = random_schedule(rng, network, device, unrolled_share=0)
    folds = tuple(replace(fold, loadable=load) for fold, load in zip(schedule.layers, loadable, strict=True))
    return Accelerator(network, replace(schedule, layers=folds, weight_sets=weight_sets), others), rng


pauses = st.sampled_from([Pauses(), Pauses(gap=0.3), Pauses(stall=0.4), Pauses(0.3, 0.3), Pauses(stall=0.9)])
layers_loaded = st.lists(st.booleans(), min_size=3, max_size=3)
formats = st.sampled_from([(BIPOLAR,), (UINT2, BIPOLAR), (IntegerFormat(2, True),)])
seeds = st.integers(0, 2**32 - 1)


@pytest.mark.verify("drawn")
@settings(deadline=None, phases=NO_SHRINKING, max_examples=15)
@given(seeds, st.integers(2, 4), formats, pauses)
def test_every_spike_chooses_its_weight_set(seed, weight_sets, activations, pause):
    """Every spike is answered by the weight set that it chose, with gaps and stalls."""
    accelerator, _ = drawn(seed, weight_sets, (False,) * 3, activations)
    bench = Bench(accelerator, seed, pause)
    bench.run(bench.traffic(more=12))
    assert_answers_are_of_their_time(bench, [accelerator.pipeline.networks])


KINDS = ["good", "good", "corrupt", "no such set", "other design", "cut"]


@pytest.mark.verify("drawn")
@settings(deadline=None, phases=NO_SHRINKING, max_examples=25)
@given(
    seeds,
    st.integers(1, 3),
    layers_loaded.filter(any),
    formats,
    st.lists(st.sampled_from(KINDS), min_size=1, max_size=4),
    pauses,
)
def test_no_inference_sees_two_sets_of_weights(seed, weight_sets, loadable, activations, kinds, pause):
    """While frames good and bad are loaded, every answer is the whole of one network, and that of its time."""
    accelerator, rng = drawn(seed, weight_sets, loadable, activations)
    frames, states = frames_of(rng, accelerator, [*kinds, "good"])
    bench = Bench(accelerator, seed, pause)
    bench.run(bench.traffic(frames))
    assert (bench.count, bench.good) == (len(states) - 1, 1)
    assert_answers_are_of_their_time(bench, states)
    last = bench.spikes.taken[-1]
    assert last.offered_at == len(states) - 1


@settings(deadline=None, phases=NO_SHRINKING, max_examples=15)
@given(seeds, st.integers(1, 2), st.integers(1, 400), pauses)
def test_a_reset_in_the_middle_of_a_load_leaves_the_weights(seed, weight_sets, clock, pause):
    accelerator, rng = drawn(seed, weight_sets, (True, False, True))
    frames, states = frames_of(rng, accelerator, ["good"] * 3)
    bench = Bench(accelerator, seed, pause)
    bench.run(bench.traffic(frames, clocks=clock), bench.reset(), bench.traffic(more=40))
    # The reset may fall on the very clock in which banks change places.
    possible = states[bench.judged : bench.judged + 2]
    assert any(
        all(
            np.array_equal(answer, expected(state[spike.weight_set], spike.values))
            for spike, answer in zip(bench.spikes.taken, bench.answers.rows(), strict=True)
        )
        for state in possible
    )
    assert bench.count == 0


def test_an_unrolled_layer_beside_loadable_ones():
    accelerator, rng = drawn(9, 1, (False, True, True))
    schedule = _with_first(accelerator.schedule, unrolled(accelerator.schedule.layers[0]))
    accelerator = Accelerator(accelerator.network, schedule)
    frames, states = frames_of(rng, accelerator, ["good"])
    bench = Bench(accelerator, 0, Pauses(0.2, 0.2))
    bench.run(bench.traffic(frames))
    assert_answers_are_of_their_time(bench, states)


def test_a_frame_is_judged_by_its_status():
    accelerator, rng = drawn(7, 2, (True, True, True))
    for kind in KINDS[1:-1]:
        frames, _ = frames_of(rng, accelerator, [kind])
        bench = Bench(accelerator, 0, Pauses())
        bench.run(bench.traffic(frames))
        assert (bench.count, bench.good) == (1, int(kind == "good"))


@settings(deadline=None, phases=NO_SHRINKING, max_examples=10)
@given(seeds, st.integers(1, 2), layers_loaded)
def test_changing_weights_cost_no_throughput(seed, weight_sets, loadable):
    rng = np.random.default_rng(seed)
    network = random_network(rng, 8, (8, 12), 3)
    schedule = random_schedule(rng, network, "xc7a35t", unrolled_share=0)
    folds = tuple(replace(fold, loadable=load) for fold, load in zip(schedule.layers, loadable, strict=True))
    schedule = replace(schedule, layers=folds, weight_sets=weight_sets)
    result = simulate(Accelerator(network, schedule), random_inputs(network.input_format, 8, 16, seed))
    assert result.initiation_interval_cycles <= schedule.initiation_interval


def test_the_model_of_the_loader_takes_only_whole_right_frames():
    spec = WeightLoader(((2, 1), (1, 3)), weight_sets=2, start=5)
    contents = [[1, 255], [0x030201]]
    frame = spec.frame(1, contents)
    assert frame[:6] == bytes([1, 1, 255, 1, 2, 3]) and len(frame) == spec.frame_bytes == 10
    assert frame[6:] == zlib.crc32(frame[:6], 5).to_bytes(4, "little")
    assert spec.compute(frame) == (1, contents)
    assert spec.compute(spec.frame(2, contents)) is None
    assert spec.compute(frame[:-1]) is None
    assert spec.compute(replace(spec, start=6).frame(1, contents)) is None


def test_networks_that_a_frame_cannot_hold_are_refused_in_one_line():
    accelerator, rng = drawn(3, 2, (True, False, True))
    network = accelerator.network
    wide = replace(network, head=replace(network.head, offsets=np.array([10**6, 0, 0])))
    finer = replace(network, head=replace(network.head, fraction_bits=network.head.fraction_bits + 1))
    for weight_set, other, message in (
        (2, network, "weight set 2: the design has sets 0 to 1"),
        (0, random_network(rng, 4, (4,), 3, network.input_format), "2 layers, the circuit 3"),
        (0, random_network(rng, 4, (4, 8), 3, network.input_format), "8 x 4 weights"),
        (0, random_network(rng, 4, (4, 6), 3), "takes INT8, the circuit INT3"),
        (0, retrained(rng, network, (False, True, False)), "hidden1 of the network differs .* not loadable"),
        (0, wide, "row constants from .*; the memory holds"),
        (0, finer, "fraction bits; in the circuit"),
        (0, replace(network, margin=1), "margin is 1, the circuit's 0"),
    ):
        with pytest.raises(BadInput, match=message) as refusal:
            load_frame(accelerator, other, weight_set)
        assert "\n" not in str(refusal.value)
    fixed, _ = drawn(3, 1, (False,) * 3)
    with pytest.raises(BadInput, match="no loadable layer"):
        load_frame(fixed, fixed.network)


def test_impossible_schedules_are_refused():
    accelerator, _ = drawn(3, 2, (True, False, True))
    network, schedule = accelerator.network, accelerator.schedule
    first = schedule.layers[0]
    for changed, message in (
        (replace(schedule, weight_sets=0), "0 weight sets"),
        (replace(schedule, weight_sets=257), "257 weight sets"),
        (_with_first(schedule, unrolled(first)), "constants do not change"),
        (
            replace(_with_first(schedule, replace(first, weight_storage=Storage.LOGIC)), device="up5k"),
            "up5k can write only block RAM",
        ),
    ):
        with pytest.raises(BadInput, match=message):
            changed.check(network)
    with pytest.raises(BadInput, match="3 networks for 2 weight sets"):
        Accelerator(network, schedule, (network, network))
    assert Schedule.from_json(schedule.to_json()) == schedule


def test_weight_sets_share_the_circuits_margin_unless_it_is_an_input():
    accelerator, _ = drawn(3, 2, (False,) * 3)
    network, schedule = accelerator.network, accelerator.schedule
    others = (replace(network, margin=2),)
    with pytest.raises(BadInput, match="margin is 2, the circuit's 0"):
        Accelerator(network, schedule, others)
    Accelerator(network, replace(schedule, margin_port=True), others)


def _with_first(schedule, fold):
    return replace(schedule, layers=(fold, *schedule.layers[1:]))


@pytest.mark.parametrize("style", list(PortStyle))
def test_ports_only_where_they_are_needed(style):
    loading, _ = drawn(5, 2, (True, True, True))
    fixed, _ = drawn(5, 1, (False,) * 3)
    ports = ["weight_set", "load_data", "load_first", "load_valid", "load_ready", "load_count", "load_good"]
    for port in ports:
        netlist = emit(loading, style)
        assert f" \\{port}\n" in netlist.rtlil
        assert f".{port}({port})" in instantiation(netlist, loading)
        assert port not in emit(fixed, style).rtlil + instantiation(emit(fixed, style), fixed)


@pytest.mark.synth
def test_written_memories_are_block_rams_as_estimated(tmp_path):
    """And without a bypass around each, which would take the mapped netlist's words from elsewhere."""
    network = random_network(np.random.default_rng(3), 12, (16, 16), 3)
    device = device_named("up5k")
    fixed = Fixed(loadable=ALL_LAYERS, weight_sets=2)
    accelerator = Accelerator(network, choose(designs_of(network, device, fixed=fixed), Target(48)).schedule)
    netlist = emit(accelerator)
    (tmp_path / "top.il").write_text(netlist.rtlil)
    counts = yosys.synthesise("top.il", netlist.top, device, tmp_path, "mapped.json")
    assert counts.block_rams == estimate(accelerator, device).total.block_rams
    layers = yosys.count_by_part(tmp_path / "mapped.json", netlist.top, device)
    assert counts.luts < 1.3 * estimate(accelerator, device).total.luts, layers
    spikes = random_inputs(network.input_format, 12, 20, seed=0)
    mapped = MappedNetlist.read(tmp_path / "mapped.json", netlist.top)
    assert np.array_equal(run_netlist(mapped, netlist.ports, accelerator, spikes).classes, network.classes(spikes))
