"""The network of integers equals the ONNX reference: words, scores and classes, on every input."""

from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from qonnx.core.datatype import DataType
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.transformation.bipolar_to_xnor import ConvertBipolarMatMulToXnorPopcount
from qonnx.transformation.infer_datatypes import InferDataTypes
from qonnx.transformation.infer_shapes import InferShapes

from hw.errors import UnsupportedGraph
from hw.network import evaluate
from hw.network.check import compare
from hw.network.lower import lower
from hw.network.reference import Reference
from hw.network.types import IntegerFormat, accumulator_bounds
from hw.network.vectors import random_inputs
from tests.hw.graphs import DIALECTS, ENDS, GraphBuilder, random_graph, random_graphs, write


def inputs_for(values: IntegerFormat, n_inputs: int) -> np.ndarray:
    """All of them where they are few, else seeded random ones with the corners."""
    levels = range(values.minimum, values.maximum + 1, values.step)
    if len(levels) ** n_inputs <= 4096:
        return np.array(list(product(levels, repeat=n_inputs)))
    return random_inputs(values, n_inputs, 300, seed=1)


def assert_equal(path: Path) -> None:
    network, reference = lower(path), Reference.open(path)
    x = inputs_for(network.input_format, network.n_inputs)
    comparison = compare(network, reference, x)
    assert comparison.equal and comparison.n == len(x), comparison


@pytest.mark.verify("drawn")
@settings(max_examples=50, deadline=None)
@given(model=random_graphs())
def test_random_graphs(tmp_path_factory, model):
    """Integer networks lowered from random graphs equal the ONNX reference."""
    assert_equal(write(model, tmp_path_factory.mktemp("graph") / "network.onnx"))


@pytest.mark.verify("drawn")
@pytest.mark.slow
@settings(max_examples=1000, deadline=None)
@given(model=random_graphs(max_inputs=40, max_rows=24))
def test_a_thousand_random_graphs(tmp_path_factory, model):
    """Integer networks lowered from a thousand random graphs equal the ONNX reference."""
    assert_equal(write(model, tmp_path_factory.mktemp("graph") / "network.onnx"))


SIZE_OF_THE_PAPER = 48, (256, 256), 5


@pytest.mark.parametrize("dialect", [dialect for dialect in DIALECTS if dialect != "xnor"])
def test_size_of_the_paper(tmp_path, dialect):
    model = random_graph(np.random.default_rng(3), *SIZE_OF_THE_PAPER, "INT8", dialect)
    path = write(model, tmp_path / "network.onnx")
    network = lower(path)
    x = random_inputs(network.input_format, 48, 5000, seed=4)
    done: list[int] = []
    comparison = compare(network, Reference.open(path), x, done.append)
    assert comparison.equal and comparison.n == 5000 and comparison.score_mismatches == 0
    assert done == [4096, 5000]
    assert len(np.unique(network.classes(x))) > 1
    assert all(len(np.unique(word)) > 1 for word in network.words(x))


@pytest.mark.parametrize("bits", [2, 3, 4])
@pytest.mark.parametrize("dialect", ["matmul", "multithreshold"])
def test_size_of_the_paper_with_wider_activations(tmp_path, dialect, bits):
    model = random_graph(np.random.default_rng(3), *SIZE_OF_THE_PAPER, "INT8", dialect, bits)
    path = write(model, tmp_path / "network.onnx")
    network = lower(path)
    x = random_inputs(network.input_format, 48, 1000, seed=4)
    comparison = compare(network, Reference.open(path), x)
    assert comparison.equal and comparison.n == 1000
    assert all(len(np.unique(word)) > 2 for word in network.words(x))


def test_reference_is_the_same_one_by_one(tmp_path):
    path = write(random_graph(np.random.default_rng(5), 12, (16, 16), 4, "INT8", "gemm"), tmp_path / "n.onnx")
    reference = Reference.open(path)
    x = random_inputs(IntegerFormat(8, signed=True), 12, 20, seed=6)
    whole = reference.run(x)
    for index in range(20):
        single = reference.run(x[index : index + 1])
        assert np.array_equal(single.scores[0], whole.scores[index])
        assert np.array_equal(single.words[1][0], whole.words[1][index])


def test_a_wrong_network_is_noticed(tmp_path):
    path = write(random_graph(np.random.default_rng(7), 8, (16,), 3, "INT4", "gemm"), tmp_path / "n.onnx")
    network, reference = lower(path), Reference.open(path)
    x = random_inputs(network.input_format, 8, 2000, seed=8)
    for array in (network.hidden[0].thresholds, network.head.offsets):
        array.setflags(write=True)
    network.hidden[0].thresholds[:] += 1
    network.head.offsets[2] += 1
    comparison = compare(network, reference, x)
    assert comparison.word_mismatches > 0 and comparison.score_mismatches > 0
    assert comparison.class_mismatches > 0 and not comparison.equal


def hidden_thresholds(builder: GraphBuilder, tmp_path: Path, datatype: str = "INT4", columns: int = 3):
    """Thresholds and directions of a one-channel layer closed by the head that every graph needs."""
    builder.activation()
    builder.weights(np.ones((2, 1)), "matmul")
    path = write(builder.model([1, columns], datatype, 2), tmp_path / "network.onnx")
    assert_equal(path)
    (layer,) = lower(path).hidden
    return layer.thresholds[:, 0].tolist(), layer.rising.tolist()


@pytest.mark.parametrize(
    ("gamma", "mean", "beta", "expected"),
    [
        (1.0, 0.0, 0.0, ([0], [True])),  # sign(0) = +1
        (-1.0, 0.0, 0.0, ([0], [False])),
        (0.5, 2.0, 0.0, ([2], [True])),  # the flip lies on an accumulator value
        (0.5, 2.5, 0.0, ([3], [True])),
        (-0.5, 2.5, 0.0, ([2], [False])),
        (0.0, 5.0, 1.0, ([-24], [True])),  # always +1: 3 inputs of -8..7 reach down to -24
        (0.0, 5.0, -1.0, ([22], [True])),  # never: one above the largest, 21
        (1.0, -24.0, 0.0, ([-24], [True])),
        (1.0, 21.0, 0.0, ([21], [True])),
    ],
)
def test_thresholds_by_hand(tmp_path, gamma, mean, beta, expected):
    builder = GraphBuilder()
    builder.weights(np.ones((1, 3)), "gemm")
    builder.batch_norm([gamma], [beta], [mean], [1.0])
    assert hidden_thresholds(builder, tmp_path) == expected


def test_bipolar_accumulators_have_the_parity_of_the_inputs(tmp_path):
    builder = GraphBuilder()
    builder.weights(np.ones((1, 3)), "gemm")
    builder.append("Sub", builder.constant(0.0))
    assert hidden_thresholds(builder, tmp_path, "BIPOLAR") == ([1], [True])


@pytest.mark.parametrize(("weight", "offset"), [(-1.0, -(2.0**25)), (1.0, 2.0**25)])
def test_a_threshold_one_beyond_the_largest_accumulator_that_float32_counts(tmp_path, weight, offset):
    """512 x 32768 is 2**24; that no accumulator fires must hold for 2**24 itself, though 2**24 + 1 is no float32."""
    builder = GraphBuilder()
    builder.weights(np.full((1, 512), weight), "gemm")
    builder.append("Add", builder.constant(offset))
    builder.activation()
    builder.weights(np.array([[1.0], [-1.0]]), "matmul")
    path = write(builder.model([1, 512], "INT16", 2), tmp_path / "network.onnx")
    x = np.full((1, 512), -(2**15))
    assert compare(lower(path), Reference.open(path), x).equal


def test_qonnx_own_conversion_to_popcounts_gives_the_same_network(tmp_path):
    rng, builder = np.random.default_rng(0), GraphBuilder()
    for rows, columns in ((9, 12), (8, 9)):
        builder.weights(rng.standard_normal((rows, columns)), "multithreshold")
        builder.multithreshold(rng.integers(-4, 5, (rows, 1)), 2.0, -1.0, out_dtype="BIPOLAR")
    builder.weights(rng.standard_normal((5, 8)), "multithreshold")
    before = write(builder.model([1, 12], "BIPOLAR", 5, end="topk"), tmp_path / "network.onnx")
    wrapper = ModelWrapper(str(before)).transform(InferShapes())
    for node in wrapper.get_nodes_by_op_type("MatMul"):
        wrapper.set_tensor_datatype(node.input[1], DataType["BIPOLAR"])
    converted = wrapper.transform(InferDataTypes()).transform(ConvertBipolarMatMulToXnorPopcount())
    assert {node.op_type for node in converted.graph.node} >= {"XnorPopcountMatMul", "MultiThreshold", "TopK"}
    after = write(converted.model, tmp_path / "converted.onnx")
    assert_equal(after)
    for ours, theirs in zip(lower(before).layers, lower(after).layers, strict=True):
        assert np.array_equal(ours.weights, theirs.weights)
    for ours, theirs in zip(lower(before).hidden, lower(after).hidden, strict=True):
        assert np.array_equal(ours.thresholds, theirs.thresholds)


def front_of_head(tmp_path, datatype, append, dialect="matmul", stated=None):
    """The network of a head behind what `append` puts before it, compared with its reference."""
    builder = GraphBuilder()
    append(builder)
    builder.weights(np.array([[1, -1, 1], [-1, 1, 1]]), dialect)
    path = write(builder.model([1, 3], datatype, 2), tmp_path / "network.onnx")
    network = lower(path, stated)
    assert compare(network, Reference.open(path, stated), inputs_for(network.input_format, 3)).equal
    return network


@pytest.mark.parametrize("domain", ["finn.custom_op.general", "finn", "onnx.brevitas"])
def test_operators_in_the_domains_of_those_that_wrote_them_before_qonnx(tmp_path, domain):
    model = random_graph(np.random.default_rng(0), 6, (4,), 3, "UINT1", "xnor", end="topk")
    before = lower(write(model, tmp_path / "qonnx.onnx"))
    for node in model.graph.node:
        node.domain = domain if node.domain else ""
    path = write(model, tmp_path / "earlier.onnx")
    assert_equal(path)
    assert lower(path).scores(np.ones((1, 6), int)).tolist() == before.scores(np.ones((1, 6), int)).tolist()


def test_pre_processing_on_a_line_leaves_nothing(tmp_path):
    def append(builder):
        builder.append("Mul", builder.constant(2.0))
        builder.append("Sub", builder.constant(1.0))

    network = front_of_head(tmp_path, "UINT4", append)
    assert network.front is None and network.input_format.name == "UINT4"


def test_pre_processing_with_a_quantizer_is_a_table(tmp_path):
    def append(builder):
        builder.append("Div", builder.constant(15.0))
        builder.append("Sub", builder.constant(0.5))
        builder.activation(scale=0.5)

    network = front_of_head(tmp_path, "UINT4", append)
    assert network.input_format.name == "UINT4" and network.format_into(0).name == "BIPOLAR"
    assert network.front.values.tolist() == [-1] * 8 + [1] * 8


def test_pre_processing_may_be_repeated_for_every_element(tmp_path):
    def append(builder):
        builder.append("Add", builder.constant(np.full((1, 3), -2.0)))
        builder.multithreshold(np.repeat([[0.0, 1.0, 5.0]], 3, axis=0), out_dtype="UINT2")

    network = front_of_head(tmp_path, "UINT3", append)
    assert network.front.values.tolist() == [0, 0, 1, 2, 2, 2, 2, 3]


def test_bits_that_an_xnor_reads_are_bipolar_and_that_a_product_reads_are_not(tmp_path):
    network = front_of_head(tmp_path, "BINARY", lambda builder: None, "xnor")
    assert network.input_format.name == "UINT1" and network.front.values.tolist() == [-1, 1]
    network = front_of_head(tmp_path, "BINARY", lambda builder: None, "matmul")
    assert network.front is None and network.format_into(0).name == "UINT1"


def test_a_float_input_takes_its_quantizers_integers_unless_a_format_is_stated(tmp_path):
    def append(builder):
        builder.append("Add", builder.constant(0.25))
        builder.quant(3, signed=True, narrow=False, scale=0.5, zero_point=1.0)

    network = front_of_head(tmp_path, None, append)
    assert network.front is None and network.input_format.name == "INT3"
    network = front_of_head(tmp_path, None, append, stated=IntegerFormat(2, signed=False))
    assert network.input_format.name == "UINT2"  # 1/4 rounds to 1/2, the rest is clipped to 1: counted in halves
    assert network.front.values.tolist() == [1, 2, 2, 2]


def test_nodes_that_change_no_shape_may_stand_anywhere(tmp_path):
    builder = GraphBuilder()
    builder.weights(np.ones((2, 3)), "gemm")
    builder.append("Flatten")
    builder.append("Add", builder.constant([1.0, -2.0]))
    builder.append("Reshape", builder.constant([1, 2], np.int64))
    builder.activation()
    builder.append("Reshape", builder.constant([1, -1], np.int64))
    builder.weights(np.eye(2) - 0.5, "gemm")
    builder.append("Flatten")
    path = write(builder.model([1, 3], "INT4", 2), tmp_path / "network.onnx")
    assert lower(path).hidden[0].thresholds.tolist() == [[-1], [2]]
    assert_equal(path)


@pytest.mark.parametrize("end", ENDS)
def test_the_lowest_class_wins_a_tie(tmp_path, end):
    builder = GraphBuilder()
    builder.weights(np.array([[-1, -1], [1, 1], [1, 1]]), "matmul")
    path = write(builder.model([1, 2], "INT4", 3, end=end), tmp_path / "network.onnx")
    network, reference = lower(path), Reference.open(path)
    x = np.array([[3, 2], [-3, 2], [0, 0]])
    assert network.classes(x).tolist() == reference.run(x).classes.tolist() == [1, 0, 0]


def test_scores_that_fall_turn_the_weights(tmp_path):
    builder = GraphBuilder()
    builder.weights(np.array([[1, -1, 1], [-1, 1, 1]]), "matmul")
    builder.append("Mul", builder.constant(-1.0))
    path = write(builder.model([1, 3], "UINT2", 2), tmp_path / "network.onnx")
    network = lower(path)
    assert network.head.weights.tolist() == [[False, True, False], [True, False, False]]
    assert not network.head.rescaled
    assert compare(network, Reference.open(path), inputs_for(network.input_format, 3)).equal


def test_a_sign_is_taken_where_no_sum_is_zero(tmp_path):
    builder = GraphBuilder()
    builder.weights(np.array([[1, -1, 1], [-1, 1, 1]]), "sign")
    builder.append("Sign")  # of three ±1
    builder.weights(np.eye(2) - 0.5, "sign")
    path = write(builder.model([1, 3], "BIPOLAR", 2), tmp_path / "network.onnx")
    assert lower(path).hidden[0].thresholds.tolist() == [[1], [1]]
    assert_equal(path)


@pytest.mark.parametrize(("dialect", "bits"), [("matmul", 1), ("affine", 3), ("multithreshold", 4), ("xnor", 1)])
def test_bisection_finds_what_the_scan_finds(tmp_path, monkeypatch, dialect, bits):
    datatype = "UINT1" if dialect == "xnor" else "INT8"
    model = random_graph(np.random.default_rng(9), 48, (64, 32), 4, datatype, dialect, bits)
    path = write(model, tmp_path / "network.onnx")
    scanned = lower(path)
    monkeypatch.setattr(evaluate, "MAX_EVALUATIONS", 0)
    assert lower(path).to_json() == scanned.to_json()


def test_bisection_does_not_pass_over_what_is_no_number(tmp_path, monkeypatch):
    builder = GraphBuilder()
    builder.weights(np.ones((2, 3)), "matmul")
    for factor in (1e38, 1e38, 0.0):  # infinity times 0, of which BipolarQuant makes -1; 0 times 0 is 0, and +1
        builder.append("Mul", builder.constant(factor))
    builder.activation()
    builder.weights(np.ones((2, 2)), "matmul")
    path = write(builder.model([1, 3], "INT4", 2), tmp_path / "network.onnx")
    with pytest.raises(UnsupportedGraph, match="rises and falls"):
        lower(path)
    monkeypatch.setattr(evaluate, "MAX_EVALUATIONS", 0)
    with pytest.raises(UnsupportedGraph, match=r"'mul_2' \(Mul\): overflows float32"):
        lower(path)


def test_a_layer_of_too_many_accumulators_to_scan(tmp_path):
    model = random_graph(np.random.default_rng(4), 256, (512,), 4, "INT16", "matmul", 2)
    path = write(model, tmp_path / "network.onnx")
    network = lower(path)
    low, high = accumulator_bounds(network.hidden[0].weights, network.input_format)
    assert 512 * int(high[0] - low[0]) > evaluate.MAX_EVALUATIONS
    x = random_inputs(network.input_format, 256, 300, seed=5)
    assert compare(network, Reference.open(path), x).equal
    assert len(np.unique(network.words(x)[0])) > 2


def test_constant_first_and_power_of_two_scales(tmp_path):
    builder = GraphBuilder()
    quantized = builder.binarize(builder.constant(np.ones((3, 1))), 0.25)
    builder.append("MatMul", quantized)
    builder.tensor = builder.node("Sub", [builder.constant(0.5), builder.tensor])  # 0.5 - acc / 4
    builder.append("Dropout")
    builder.activation(scale=4.0)
    builder.weights(np.array([[1.0], [-1.0]]), "matmul")
    path = write(builder.model([1, 3], "INT4", 2), tmp_path / "network.onnx")
    network = lower(path)
    assert (network.hidden[0].thresholds.tolist(), network.hidden[0].rising.tolist()) == ([[2]], [False])
    assert network.head.rescaled
    assert compare(network, Reference.open(path), inputs_for(network.input_format, 3)).equal


@pytest.mark.parametrize("shaping", ["Flatten", "Reshape"])
def test_channels_are_flattened_in_order(tmp_path, shaping):
    builder = GraphBuilder()
    builder.append(shaping, *([builder.constant([1, -1], np.int64)] if shaping == "Reshape" else []))
    builder.weights(np.array([[1, -1, 1, 1, 1, -1], [1, 1, -1, -1, 1, 1]]), "gemm")
    builder.activation()
    builder.weights(np.eye(2) - 0.5, "gemm")
    path = write(builder.model(["batch", 2, 3], "INT2", 2), tmp_path / "network.onnx")
    assert lower(path).n_inputs == 6
    assert_equal(path)


def head_only(columns: int = 4, rows: int = 3) -> GraphBuilder:
    builder = GraphBuilder()
    builder.weights(np.random.default_rng(0).standard_normal((rows, columns)), "matmul")
    return builder


def lowered_head(builder: GraphBuilder, tmp_path: Path, columns: int = 4, rows: int = 3):
    path = write(builder.model([1, columns], "INT4", rows), tmp_path / "network.onnx")
    network = lower(path)
    assert compare(network, Reference.open(path), inputs_for(network.input_format, columns)).equal
    return network.head


def test_scores_as_they_are(tmp_path):
    head = lowered_head(head_only(), tmp_path)
    assert (head.fraction_bits, head.offsets.tolist(), head.rescaled) == (0, [0, 0, 0], False)


def test_integer_offsets_keep_the_scores(tmp_path):
    builder = head_only()
    builder.append("Add", builder.constant([3.0, -2.0, 0.0]))
    head = lowered_head(builder, tmp_path)
    assert (head.fraction_bits, head.offsets.tolist(), head.rescaled) == (0, [3, -2, 0], False)


def test_one_scale_and_fractional_offsets_keep_order_and_ties(tmp_path):
    builder = head_only()
    builder.append("Mul", builder.constant(0.1))
    builder.append("Add", builder.constant([0.0, 0.03, 0.06]))
    head = lowered_head(builder, tmp_path)
    assert head.rescaled and head.fraction_bits == 2
    assert np.all(np.diff(head.offsets) > 0) and head.offsets[2] < 4


@pytest.mark.parametrize(
    ("scale", "why"),
    [([0.1, 0.2, 0.1], "different scales"), ([0.1, -0.1, 0.1], "class 1"), ([0.1, 0.1, 0.0], "class 2")],
)
def test_scores_that_no_integer_argmax_orders_are_refused(tmp_path, scale, why):
    builder = head_only()
    builder.append("Mul", builder.constant(scale))
    with pytest.raises(ValueError, match=f"matmul_.*{why}"):
        lowered_head(builder, tmp_path)
