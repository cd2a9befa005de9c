"""A network written as a FINN-style graph gives the same activations, scores and classes in QONNX's executor."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qonnx.core.datatype import DataType
from qonnx.core.modelwrapper import ModelWrapper

from hw.errors import BadInput
from hw.network.check import compare
from hw.network.finn import UNIT, finn_graph, run_finn, tensors_of
from hw.network.formats import BIPOLAR, InputTable, IntegerFormat
from hw.network.layers import ScoreLayer, ThresholdLayer
from hw.network.lower import lower
from hw.network.reference import Reference
from hw.network.types import Network
from hw.network.vectors import random_inputs
from tests.hw.finn_networks import INPUTS, random_finn_network


def assert_equal(network: Network, x: np.ndarray) -> None:
    context = run_finn(finn_graph(network), x)
    for name, expected in tensors_of(network, x).items():
        assert np.array_equal(context[name], expected), name


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    n_inputs=st.integers(1, 9),
    hidden=st.lists(st.integers(1, 9), max_size=3),
    n_units=st.integers(1, 5),
    input_format=st.sampled_from(INPUTS),
    with_front=st.booleans(),
)
def test_random_networks(seed, n_inputs, hidden, n_units, input_format, with_front):
    rng = np.random.default_rng(seed)
    network = random_finn_network(rng, n_inputs, tuple(hidden), n_units, input_format, with_front)
    assert_equal(network, random_inputs(input_format, n_inputs, 60, seed))


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), input_format=st.sampled_from(INPUTS), with_front=st.booleans())
def test_what_was_written_is_lowered_to_the_same_words_and_classes(tmp_path_factory, seed, input_format, with_front):
    rng = np.random.default_rng(seed)
    hidden = tuple(int(rows) for rows in rng.integers(1, 9, rng.integers(4)))
    network = random_finn_network(rng, 5, hidden, 4, input_format, with_front)
    path = tmp_path_factory.mktemp("graph") / "finn.onnx"
    path.write_bytes(finn_graph(network).SerializeToString())
    again, x = lower(path), random_inputs(input_format, 5, 60, seed)
    assert all(np.array_equal(ours, theirs) for ours, theirs in zip(again.words(x), network.words(x), strict=True))
    assert np.array_equal(again.classes(x), network.classes(x))
    assert again.unit_names == network.unit_names
    assert compare(again, Reference.open(path), x).equal


def test_every_tensor_is_annotated_with_a_datatype_that_holds_it():
    network = random_finn_network(np.random.default_rng(3), 6, (8, 5), 3, IntegerFormat(5, True), with_front=True)
    model = ModelWrapper(finn_graph(network))
    x = random_inputs(network.input_format, 6, 200, seed=0)
    held = run_finn(model.model, x)
    named = {tensor for node in model.graph.node for tensor in (*node.input, *node.output)} - {"k"}
    annotated = {note.tensor_name for note in model.graph.quantization_annotation}
    assert named == annotated
    for name in named:
        datatype = model.get_tensor_datatype(name)
        assert datatype != DataType["FLOAT32"]
        assert np.vectorize(datatype.allowed)(held[name]).all(), name


def bits(text: str) -> np.ndarray:
    return np.array([[digit == "+" for digit in row] for row in text.split()])


def test_products_with_bipolar_activations_are_xnor_and_the_others_matmul():
    values = IntegerFormat(8, True)
    first = ThresholdLayer("first", bits("++ +- --"), np.array([[1], [0], [-2]]), np.array([True, False, True]))
    second = ThresholdLayer(
        "second",
        bits("+++ -+-"),
        np.array([[-1, 1, 3], [1, -1, -3]]),
        np.array([True, False]),
        IntegerFormat(2, False),
        0,
    )
    head = ScoreLayer("head", bits("+- -+"), np.array([0, 5]), 0)
    model = ModelWrapper(finn_graph(Network(values, (first, second), head, ("a", "b"))))
    kinds = [node.op_type for node in model.graph.node]
    assert kinds == ["MatMul", "MultiThreshold", "XnorPopcountMatMul", "MultiThreshold", "MatMul", "Add", "TopK"]
    # A row that falls is the row of opposite weights that rises.
    assert model.get_initializer("first.weights").tolist() == [[1, -1, -1], [1, 1, -1]]
    assert model.get_initializer("first.outputs.thresholds").tolist() == [[1], [0], [-2]]
    # A sum s of 3 bipolar products is 2 * agreeing - 3.
    assert model.get_initializer("second.weights").tolist() == [[1, 1], [1, 0], [1, 1]]
    assert model.get_initializer("second.outputs.thresholds").tolist() == [[1, 2, 3], [1, 2, 3]]


def test_a_threshold_that_float32_cannot_write_is_still_never_passed():
    """512 inputs of -2**15 against weights of -1 reach 2**24; one beyond it stands for never."""
    layer = ThresholdLayer("wide", np.zeros((2, 512), bool), np.array([[2**24 + 1], [2**24]]), np.array([True, True]))
    network = Network(
        IntegerFormat(16, True), (layer,), ScoreLayer("head", bits("++ --"), np.zeros(2, int), 0), ("a", "b")
    )
    x = np.full((2, 512), -(2**15))
    x[1, 0] += 1
    assert network.words(x)[0].tolist() == [[-1, 1], [-1, -1]]
    assert_equal(network, x)


def test_the_lowest_unit_wins_a_tie():
    head = ScoreLayer("head", bits("+ + -"), np.array([0, 0, 2]), 0)
    network = Network(BIPOLAR, (), head, ("a", "b", "c"))
    x = np.array([[1], [-1]])
    assert run_finn(finn_graph(network), x)[UNIT].tolist() == [[0], [2]]
    assert_equal(network, x)


def test_scores_beyond_float32_are_refused():
    head = ScoreLayer("head", bits("+ -"), np.array([0, 2**24 + 1]), 0)
    with pytest.raises(BadInput, match=r"scores and their offsets reach 16777218, beyond 2\*\*24"):
        finn_graph(Network(BIPOLAR, (), head, ("a", "b")))


@pytest.mark.parametrize(("values", "steps"), [([0, 3, 1, 2], "INT4"), ([1, 1, 1, 1], "INT4"), (None, "INT16")])
def test_an_input_table_that_is_no_multithreshold_is_refused(values, steps):
    source = IntegerFormat(2 if values else 9, False)
    table = InputTable(source, np.array(values or np.arange(512)), IntegerFormat.from_name(steps))
    network = Network(source, (), ScoreLayer("head", bits("+ -"), np.zeros(2, int), 0), ("a", "b"), front=table)
    with pytest.raises(BadInput, match="only rises or only falls, by 1 to 255 steps"):
        finn_graph(network)


def test_the_same_network_gives_the_same_bytes_and_states_its_units():
    network = random_finn_network(np.random.default_rng(5), 4, (4,), 3, IntegerFormat(5, True))
    network = replace(network, margin=2, metadata={"made by": "hand", "unsorted": {"margin": 2}})
    texts = [finn_graph(network).SerializeToString(deterministic=True) for _ in range(2)]
    assert texts[0] == texts[1]
    (record,) = (prop.value for prop in finn_graph(network).metadata_props if prop.key == "spikeloom")
    assert record == '{"made by": "hand", "units": ["unit 0", "unit 1", "unit 2"]}'
