"""Unrolled layers against the network's own layers: the plan in integers, and the circuit at any speed."""

from dataclasses import replace

import numpy as np
import pytest
from amaranth.back import rtlil
from hypothesis import given, settings
from hypothesis import strategies as st

from hw.accelerator.accelerator import Accelerator
from hw.components.rom import Storage
from hw.components.unrolled.argmax import ParallelArgMax
from hw.components.unrolled.counting import counter
from hw.components.unrolled.grouping import group_rows
from hw.components.unrolled.layer import UnrolledLayer
from hw.components.words import WordFormat
from hw.devices import device_named
from hw.errors import BadInput
from hw.estimate.accelerator import estimate
from hw.estimate.unrolled import unrolled_resources
from hw.netlist import emit
from hw.network.types import BIPOLAR, IntegerFormat, Network, ScoreLayer, ThresholdLayer, accumulator_bounds
from hw.network.vectors import random_inputs
from hw.schedule.unroll import unroll
from hw.simulate import compiled
from hw.simulate.amaranth import simulate
from hw.simulate.streams import Pauses, run_stream
from hw.tools.yosys import synthesise
from tests.hw.networks import random_network

XC7 = device_named("xc7a35t")

pauses = st.sampled_from([Pauses(), Pauses(0.4, 0.0, 1), Pauses(0.0, 0.4, 2), Pauses(0.3, 0.3, 3, sink_waits=True)])
inputs = st.sampled_from([BIPOLAR, IntegerFormat(1, False), IntegerFormat(3, False), IntegerFormat(8, True)])
outputs = st.sampled_from(
    [
        (BIPOLAR, -1, 1),
        (IntegerFormat(1, False), 0, 1),
        (IntegerFormat(2, True), -2, 3),
        (IntegerFormat(4, False), 0, 15),
    ]
)
seeds = st.integers(0, 2**32 - 1)
few = settings(deadline=None, max_examples=25)


def random_thresholds(rng, weights, element, output, lowest, steps):
    """Anywhere that is legal, constant rows included."""
    low, high = accumulator_bounds(weights, element)
    rising = rng.random(len(weights)) < 0.5
    least, most = np.where(rising, low, low - 1)[:, None], np.where(rising, high + 1, high)[:, None]
    thresholds = rng.integers(least, most + 1, (len(weights), steps))
    thresholds = np.where(rising[:, None], np.sort(thresholds), -np.sort(-thresholds))
    return ThresholdLayer("drawn", weights, thresholds, rising, output, lowest)


def random_layer(rng, rows, columns, element, output):
    weights = rng.random((rows, columns)) < rng.choice([0.0, 0.2, 0.5, 1.0], p=[0.1, 0.2, 0.6, 0.1])
    if output is None:
        return ScoreLayer("drawn", weights, rng.integers(-9, 10, rows), int(rng.integers(3)))
    return random_thresholds(rng, weights, element, *output)


def random_vectors(rng, element, n, length):
    if element.bipolar:
        return rng.choice([-1, 1], (n, length))
    return rng.integers(element.minimum, element.maximum + 1, (n, length))


@settings(deadline=None, max_examples=100)
@given(
    seeds,
    inputs,
    outputs | st.none(),
    st.integers(1, 9),
    st.integers(1, 40),
    st.sampled_from([4, 6]),
    st.integers(1, 5),
)
def test_the_plan_is_the_layer(seed, element, output, rows, columns, lut_inputs, together):
    rng = np.random.default_rng(seed)
    layer = random_layer(rng, rows, columns, element, output)
    unrolled = UnrolledLayer(layer, element, lut_inputs, rows_together=together)
    vectors = random_vectors(rng, element, 30, columns)
    assert np.array_equal(unrolled.compute(vectors), layer.compute(vectors))


@settings(deadline=None, max_examples=60)
@given(seeds, inputs, st.integers(1, 9), st.integers(1, 40), st.integers(1, 5))
def test_the_width_of_scores_is_that_of_the_planned_sums(seed, element, rows, columns, together):
    layer = random_layer(np.random.default_rng(seed), rows, columns, element, None)
    unrolled = UnrolledLayer(layer, element, rows_together=together)
    ends = [end for output in unrolled.plan.outputs for end in unrolled.plan.bounds[output]]
    score = unrolled.output_format.element
    assert score.minimum <= min(ends) and max(ends) <= score.maximum
    assert score.bits == 2 or min(ends) < score.minimum // 2 or max(ends) > score.maximum // 2


def test_a_large_network_is_estimated_without_a_plan(monkeypatch):
    def planned(layer):
        raise AssertionError(f"{layer.name} was planned")

    monkeypatch.setattr(UnrolledLayer, "plan", property(planned))
    network = large_network(IntegerFormat(8, True), 48)
    assert estimate(Accelerator(network, unroll(network, XC7)), XC7).total.luts > 10_000


@pytest.mark.verify("drawn")
@settings(deadline=None, max_examples=40)
@given(seeds, inputs, outputs | st.none(), st.integers(1, 6), st.integers(1, 20), st.integers(1, 9), pauses)
def test_the_circuit_is_the_layer(seed, element, output, rows, columns, levels_per_stage, pause):
    """Unrolled layers of any shape and depth of stages give the layer's outputs, with gaps and stalls."""
    rng = np.random.default_rng(seed)
    layer = random_layer(rng, rows, columns, element, output)
    unrolled = UnrolledLayer(layer, element, int(rng.choice([4, 6])), levels_per_stage)
    vectors = random_vectors(rng, element, 12, columns)
    words = [word for (word,) in unrolled.input_format.pack(vectors)]
    run = run_stream(unrolled.circuit(), words, len(words), pauses=pause)
    assert np.array_equal(unrolled.output_format.unpack(run.words), layer.compute(vectors))


@pytest.mark.parametrize("levels_per_stage", range(1, 12))
def test_a_vector_every_clock_after_as_many_as_stated(levels_per_stage):
    rng = np.random.default_rng(1)
    layer = random_layer(rng, 5, 64, BIPOLAR, (BIPOLAR, -1, 1))
    unrolled = UnrolledLayer(layer, BIPOLAR, levels_per_stage=levels_per_stage)
    vectors = random_vectors(rng, BIPOLAR, 20, 64)
    run = run_stream(unrolled.circuit(), [word for (word,) in unrolled.input_format.pack(vectors)], 20)
    assert np.array_equal(unrolled.output_format.unpack(run.words), layer.compute(vectors))
    assert run.cycles_out == [clock + unrolled.stages for clock in run.cycles_in]
    assert set(np.diff(run.cycles_out).tolist()) == {1}
    assert unrolled.stages == -(-unrolled.plan.depth // levels_per_stage)


def test_rows_of_one_sign_and_constant_rows():
    weights = np.array([[True] * 6, [False] * 6, [True, False] * 3, [True, False] * 3])
    thresholds = np.array([[2], [6], [7], [-6]])  # the third is never passed, the last always
    layer = ThresholdLayer("corner", weights, thresholds, np.array([True, False, True, True]))
    vectors = np.array([[1] * 6, [-1] * 6, [1, -1] * 3, [1, 1, 1, 1, -1, -1]])
    result = UnrolledLayer(layer, BIPOLAR).compute(vectors)
    assert result.tolist() == [[1, 1, -1, 1], [-1, 1, -1, 1], [-1, 1, -1, 1], [1, 1, -1, 1]]


def test_the_same_layer_gives_the_same_plan():
    layer = random_layer(np.random.default_rng(2), 8, 30, BIPOLAR, (BIPOLAR, -1, 1))
    assert UnrolledLayer(layer, BIPOLAR).plan == UnrolledLayer(layer, BIPOLAR).plan


def test_together_rows_need_fewer_columns():
    weights = np.random.default_rng(3).random((12, 64)) < 0.5
    groups = group_rows(weights, 3)
    assert sorted(row for group in groups for row in group.rows) == list(range(12))
    for group in groups:
        for place, (row, inverted) in enumerate(zip(group.rows, group.inverted, strict=True)):
            assert np.array_equal(group.patterns >> place & 1, weights[row] ^ inverted)
    assert np.count_nonzero(groups[0].patterns == 0) > 64 // 8


def test_twelve_bits_are_counted_in_six_lookup_tables():
    assert (counter(12, 6).luts, counter(12, 6).depth) == (6, 2)
    assert counter(3, 4).luts == 2


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"lut_inputs": 5}, "layer drawn: lookup tables of 5 inputs"),
        ({"levels_per_stage": 0}, "layer drawn: 0 levels a stage"),
        ({"rows_together": 0}, "layer drawn: 0 rows together"),
    ],
)
def test_impossible_numbers_are_refused(wrong, message):
    layer = random_layer(np.random.default_rng(0), 2, 3, BIPOLAR, None)
    with pytest.raises(ValueError, match=message):
        UnrolledLayer(layer, BIPOLAR, **wrong)


@few
@given(seeds, st.sampled_from([BIPOLAR, IntegerFormat(4, True)]), st.integers(1, 6), st.integers(1, 4), pauses)
def test_a_network_of_unrolled_layers(seed, input_format, n_units, levels_per_stage, pause):
    network = random_network(np.random.default_rng(seed), 7, (9, 5), n_units, input_format)
    accelerator = Accelerator(network, unroll(network, XC7, levels_per_stage))
    spikes = random_inputs(input_format, 7, 12, seed)
    result = simulate(accelerator, spikes, pauses=pause)
    assert all(np.array_equal(*pair) for pair in zip(result.words, network.words(spikes), strict=True))
    assert np.array_equal(result.scores, network.scores(spikes))
    assert np.array_equal(result.classes, network.classes(spikes))
    assert np.array_equal(result.best_scores, network.scores(spikes).max(axis=1))


def test_an_unrolled_network_takes_an_inference_every_clock():
    network = random_network(np.random.default_rng(4), 7, (9, 5), 3)
    accelerator = Accelerator(network, unroll(network, XC7))
    result = simulate(accelerator, random_inputs(network.input_format, 7, 12, seed=0))
    assert set(result.cycles_between_results.tolist()) == {1} == {accelerator.schedule.initiation_interval}
    assert (
        result.latency_cycles == sum(unit.stages for unit in accelerator.pipeline.units) + accelerator.argmax.stages
    )


@pytest.mark.parametrize("change", [{"pe": 1}, {"bias_storage": Storage.LOGIC}, {"weight_storage": Storage.BLOCK}])
def test_constants_need_a_whole_layer_at_once(change):
    network = random_network(np.random.default_rng(4), 4, (4,), 2)
    schedule = unroll(network, XC7)
    wrong = replace(schedule, layers=(replace(schedule.layers[0], **change), schedule.layers[1]))
    with pytest.raises(BadInput, match="layer hidden0: constants need PE 4, SIMD 4 and both storages"):
        Accelerator(network, wrong)


@pytest.mark.synth
@pytest.mark.parametrize(("rows", "luts_a_weight"), [(32, 0.28), pytest.param(256, 0.24, marks=pytest.mark.slow)])
def test_lookup_tables_of_a_layer(tmp_path, rows, luts_a_weight):
    """256 columns; the sum of them all, which rows share, weighs more on an eighth of the rows."""
    rng = np.random.default_rng(0)
    weights = rng.random((256, 256))[:rows] < 0.5
    thresholds = 2 * np.rint(rng.normal(0, 8, (rows, 1))).astype(np.int64)
    unit = UnrolledLayer(ThresholdLayer("random", weights, thresholds, rng.random(rows) < 0.5), BIPOLAR)
    (tmp_path / "layer.il").write_text(rtlil.convert(unit.circuit(), name="layer", emit_src=False))
    counted = synthesise("layer.il", "layer", XC7, tmp_path, "mapped.json")
    assert counted.luts <= luts_a_weight * weights.size
    assert abs(unrolled_resources(unit, XC7).luts / counted.luts - 1) < 0.1


def large_network(input_format, n_inputs):
    """256, 256 and 5 rows of random weights, with thresholds where the sums mostly lie."""
    rng = np.random.default_rng(0)
    layers, columns, values = [], n_inputs, input_format
    for index in range(2):
        weights, rising = rng.random((256, columns)) < 0.5, rng.random(256) < 0.5
        spread = np.sqrt(columns) * values.maximum / (1 if values.bipolar else np.sqrt(3))
        thresholds = np.rint(rng.normal(0, spread, (256, 1))).astype(np.int64)
        layers.append(ThresholdLayer(f"hidden{index}", weights, thresholds, rising))
        columns, values = 256, BIPOLAR
    head = ScoreLayer("scores", rng.random((5, 256)) < 0.5, rng.integers(-40, 41, 5), 0)
    return Network(input_format, tuple(layers), head, tuple("abcde"))


@pytest.mark.slow
@pytest.mark.parametrize(("input_format", "n_inputs"), [(BIPOLAR, 64), (IntegerFormat(8, True), 48)])
def test_a_thousand_inferences_of_a_large_network(tmp_path, input_format, n_inputs):
    network = large_network(input_format, n_inputs)
    accelerator = Accelerator(network, unroll(network, XC7))
    spikes = random_inputs(input_format, n_inputs, 1000, seed=1)
    result = compiled.simulate(accelerator, spikes, cache=tmp_path)
    assert all(np.array_equal(*pair) for pair in zip(result.words, network.words(spikes), strict=True))
    assert np.array_equal(result.scores, network.scores(spikes))
    assert np.array_equal(result.classes, network.classes(spikes))
    assert set(result.cycles_between_results.tolist()) == {1}


@pytest.mark.slow
@pytest.mark.synth
def test_lookup_tables_of_a_large_network(tmp_path):
    network = large_network(BIPOLAR, 64)
    accelerator = Accelerator(network, unroll(network, XC7))
    netlist = emit(accelerator)
    (tmp_path / "sorter.il").write_text(netlist.rtlil)
    counted = synthesise("sorter.il", netlist.top, XC7, tmp_path, "mapped.json")
    assert counted.luts <= 30_000
    assert abs(estimate(accelerator, XC7).total.luts / counted.luts - 1) < 0.1


@pytest.mark.verify("drawn")
@few
@given(seeds, st.integers(1, 9), st.integers(2, 6), pauses)
def test_parallel_winner(seed, classes, bits, pause):
    """The winner of scores that come at once is the lowest index of the greatest, with gaps and stalls."""
    score = IntegerFormat(bits, signed=True)
    spec = ParallelArgMax(classes, score)
    rng = np.random.default_rng(seed)
    scores = rng.integers(score.minimum, score.maximum + 1, (15, classes))
    words = [word for (word,) in WordFormat(score, classes).pack(scores)]
    results = [spec.result_layout.from_bits(w) for w in run_stream(spec.circuit(), words, 15, pauses=pause).words]
    assert [result.unit for result in results] == spec.compute(scores).tolist()
    assert [result.score for result in results] == scores.max(axis=1).tolist()
