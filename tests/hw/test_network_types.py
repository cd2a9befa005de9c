"""The network of integers as a value: frozen, checked, serialised exactly."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hw.errors import BadInput
from hw.network.types import BIPOLAR, InputTable, IntegerFormat, Network, ScoreLayer, ThresholdLayer
from hw.network.vectors import random_inputs

INT8 = IntegerFormat(8, signed=True)
INT2 = IntegerFormat(2, signed=True)


def random_network(seed: int, n_inputs: int = 5, rows: int = 9, n_units: int = 3) -> Network:
    rng = np.random.default_rng(seed)
    hidden = ThresholdLayer(
        "first",
        rng.random((rows, n_inputs)) < 0.5,
        rng.integers(-n_inputs * 127, n_inputs * 127, (rows, 1)),
        rng.random(rows) < 0.5,
    )
    head = ScoreLayer("head", rng.random((n_units, rows)) < 0.5, rng.integers(-9, 9, n_units), 3)
    names = tuple(f"unit {index}" for index in range(n_units))
    return Network(INT8, (hidden,), head, names, {"lsb": 0.1, "filter": {"low_hz": 300}}, "ab" * 32)


@settings(deadline=None)
@given(st.integers(0, 999), st.integers(1, 70), st.integers(1, 20), st.integers(1, 6))
def test_json_round_trip(seed, n_inputs, rows, n_units):
    network = random_network(seed, n_inputs, rows, n_units)
    again = Network.from_json(network.to_json())
    assert again.to_json() == network.to_json() and again.digest == network.digest
    x = random_inputs(INT8, n_inputs, 50, seed)
    assert np.array_equal(again.scores(x), network.scores(x))
    assert again.metadata["filter"]["low_hz"] == 300


def test_a_row_of_weights_is_a_number_whose_bit_is_the_column():
    network = random_network(0, n_inputs=13)
    row = int(json.loads(network.to_json())["hidden"][0]["weights"][4], 16)
    assert [bool(row >> column & 1) for column in range(13)] == network.hidden[0].weights[4].tolist()


def test_by_hand():
    hidden = ThresholdLayer(
        "h", np.array([[True, False], [True, True]]), np.array([[3], [-1]]), np.array([True, False])
    )
    head = ScoreLayer("o", np.array([[True, True], [True, True], [True, False]]), np.array([0, 0, -1]), 1)
    network = Network(INT8, (hidden,), head, ("a", "b", "c"))
    x = np.array([[1, -2], [-1, 0], [1, 1]])
    # accumulators [3, -1], [-1, -1], [0, 2]
    assert network.words(x)[0].tolist() == [[1, 1], [-1, 1], [-1, -1]]
    assert network.scores(x).tolist() == [[4, 4, -1], [0, 0, -5], [-4, -4, -1]]
    assert network.classes(x).tolist() == [0, 0, 2]


def test_a_front_maps_the_input_values_to_elements_and_survives_json():
    front = InputTable(INT2, np.array([-1, -1, 1, 1]), BIPOLAR)
    hidden = ThresholdLayer("h", np.array([[True, True]]), np.array([[2]]), np.array([True]))
    head = ScoreLayer("o", np.array([[True], [False]]), np.array([0, 0]), 0)
    network = Network(INT2, (hidden,), head, ("a", "b"), front=front)
    x = np.array([[-2, -1], [0, 1], [-1, 1]])
    assert network.format_into(0) == BIPOLAR
    assert network.elements(x).tolist() == [[-1, -1], [1, 1], [-1, 1]]
    assert network.words(x)[0].tolist() == [[-1], [1], [-1]]
    again = Network.from_json(network.to_json())
    assert again.digest == network.digest and np.array_equal(again.scores(x), network.scores(x))
    with pytest.raises(BadInput, match="the value 2 is not in the format INT2"):
        network.words(np.array([[2, 0]]))
    with pytest.raises(BadInput, match="input table of INT2 for an input of INT8"):
        Network(INT8, (hidden,), head, ("a", "b"), front=front)


@pytest.mark.parametrize(
    ("values", "message"),
    [([0, 1, 2], "expected shape \\[4\\]"), ([0, 1, 2, 4], "the value 4 is not in the format UINT2")],
)
def test_impossible_tables_are_refused(values, message):
    with pytest.raises(BadInput, match=message):
        InputTable(INT2, np.array(values), IntegerFormat(2, signed=False))


def test_outputs_of_more_than_one_bit_count_the_thresholds_passed():
    rising = np.array([True, False])
    thresholds = np.array([[-1, 2, 2], [1, 0, -3]])  # two at one place: a level that never occurs
    layer = ThresholdLayer("h", np.ones((2, 1), np.bool_), thresholds, rising, IntegerFormat(2, signed=True), -2)
    outputs = layer.compute(np.array([[-4], [-2], [-1], [1], [2]]))
    assert outputs[:, 0].tolist() == [-2, -2, -1, -1, 1]
    assert outputs[:, 1].tolist() == [1, 0, 0, -1, -2]


@pytest.mark.parametrize(
    ("thresholds", "output", "lowest", "message"),
    [
        ([[2, -1]], IntegerFormat(2, signed=False), 0, "in the order in which the accumulator passes them"),
        ([[1, 2]], IntegerFormat(2, signed=True), 0, "0 to 2 are not in the format INT2"),
        ([[1]], IntegerFormat(5, signed=True), 0, "1 to 4 bits"),
        ([1], BIPOLAR, -1, "expected \\[1, steps\\]"),
    ],
)
def test_impossible_thresholds_are_refused(thresholds, output, lowest, message):
    with pytest.raises(BadInput, match=message):
        ThresholdLayer("h", np.ones((1, 4), np.bool_), np.array(thresholds), np.array([True]), output, lowest)


def test_arrays_are_read_only():
    network = random_network(0)
    for array in (network.hidden[0].weights, network.hidden[0].thresholds, network.head.offsets):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1
    with pytest.raises(TypeError):
        network.metadata["lsb"] = 1


@pytest.mark.parametrize(
    ("name", "minimum", "maximum"), [("INT2", -2, 1), ("INT16", -32768, 32767), ("UINT1", 0, 1), ("BIPOLAR", -1, 1)]
)
def test_formats(name, minimum, maximum):
    values = IntegerFormat.from_name(name)
    assert (values.name, values.minimum, values.maximum) == (name, minimum, maximum)


@pytest.mark.parametrize("name", ["INT1", "INT17", "UINT0", "FLOAT32", "FIXED<8,2>", "", "INT08"])
def test_formats_refused(name):
    with pytest.raises(BadInput):
        IntegerFormat.from_name(name)


@pytest.mark.parametrize(
    ("x", "why"),
    [
        (np.zeros((2, 4), np.int64), "shape"),
        (np.zeros(5, np.int64), "shape"),
        (np.zeros((2, 5)), "integers"),
        (np.full((2, 5), 128), "128 is not in the format INT8"),
    ],
)
def test_inputs_refused(x, why):
    with pytest.raises(BadInput, match=why):
        random_network(0).classes(x)


def test_bipolar_inputs_have_no_zero():
    network = Network(BIPOLAR, (), ScoreLayer("o", np.ones((2, 3), bool), np.zeros(2, np.int64), 0), ("a", "b"))
    with pytest.raises(BadInput, match="0 is not in the format BIPOLAR"):
        network.classes(np.zeros((1, 3), np.int8))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda record: record.pop("head"), "head"),
        (lambda record: record.update(schema=99), "schema 99"),
        (lambda record: record["unit_names"].pop(), "2 unit names for 3 classes"),
        (lambda record: record["hidden"][0]["weights"].__setitem__(0, "zz"), "hex"),
        (lambda record: record["hidden"][0]["weights"].__setitem__(0, "ff"), "5 columns"),
        (lambda record: record["hidden"][0]["thresholds"].__setitem__(0, [10**6]), "outside its accumulator"),
        (lambda record: record["hidden"][0]["thresholds"].pop(), r"expected \[9, steps\]"),
        (lambda record: record["head"].update(fraction_bits=40), "fraction bits"),
        (lambda record: record.update(input_format="INT99"), "INT99: 1 to 16 bits"),
    ],
)
def test_damaged_json_is_one_line(change, why):
    record = json.loads(random_network(0).to_json())
    change(record)
    with pytest.raises(BadInput, match=why) as caught:
        Network.from_json(json.dumps(record))
    assert "\n" not in str(caught.value)


def test_not_json():
    with pytest.raises(BadInput, match="not the JSON of a network"):
        Network.from_json("[1, 2")


def test_sums_beyond_float32_are_refused():
    wide = ScoreLayer("o", np.ones((2, 600), bool), np.zeros(2, np.int64), 0)
    with pytest.raises(BadInput, match="layer 'o': 600 INT16 inputs reach 19660800"):
        Network(IntegerFormat(16, signed=True), (), wide, ("a", "b"))


def test_random_inputs_are_seeded_and_hold_the_corners():
    x = random_inputs(INT8, 6, 40, seed=1)
    assert np.array_equal(x, random_inputs(INT8, 6, 40, seed=1))
    assert not np.array_equal(x, random_inputs(INT8, 6, 40, seed=2))
    assert x[:3].tolist() == [[-128] * 6, [127] * 6, [0] * 6]
    assert set(np.unique(random_inputs(BIPOLAR, 6, 40, seed=1))) == {-1, 1}
