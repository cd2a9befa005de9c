"""What cannot be mapped exactly is refused in one line that names it."""

import json

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from hw.errors import BadInput, UnsupportedGraph
from hw.network.lower import lower
from hw.network.reference import Reference
from hw.network.types import BIPOLAR, IntegerFormat
from tests.hw.graphs import QONNX, GraphBuilder, random_graph, write

INT8 = IntegerFormat(8, signed=True)


def refused(model, tmp_path, why, kind=UnsupportedGraph):
    with pytest.raises(kind, match=why) as caught:
        lower(write(model, tmp_path / "network.onnx"))
    assert "\n" not in str(caught.value)


def good(dialect: str = "gemm"):
    return random_graph(np.random.default_rng(0), 6, (4,), 3, "INT4", dialect)


def node_of(model, op_type):
    return next(node for node in model.graph.node if node.op_type == op_type)


def chain(*nodes, columns=3, datatype="INT4", weights=None):
    """A graph of one product followed by element-wise nodes (op type, constant), an activation and a head."""
    builder = GraphBuilder()
    builder.weights(np.ones((2, columns)) if weights is None else weights, "gemm")
    for op_type, value in nodes:
        builder.append(op_type, builder.constant(value))
    builder.activation()
    builder.weights(np.ones((2, 2 if weights is None else len(weights))), "gemm")
    return builder.model([1, columns], datatype, 2)


@pytest.mark.parametrize(
    ("content", "why"),
    [(b"", "not an ONNX file"), (b"hello, world", "not an ONNX file"), (b"\x08\x07", "without nodes")],
)
def test_no_onnx_file(tmp_path, content, why):
    path = tmp_path / "network.onnx"
    path.write_bytes(content)
    with pytest.raises(BadInput, match=why):
        lower(path)


def test_missing_file_and_folder(tmp_path):
    for path in (tmp_path / "none.onnx", tmp_path):
        with pytest.raises(BadInput, match="cannot be read"):
            lower(path)


def test_every_truncation_is_one_line(tmp_path):
    content = good().SerializeToString()
    path = tmp_path / "network.onnx"
    for length in range(0, len(content), 7):
        path.write_bytes(content[:length])
        with pytest.raises(BadInput) as caught:
            lower(path)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("datatype", "dialect", "bits", "front", "head", "end"),
    [
        ("INT4", "gemm", 1, "none", "plain", "argmax"),
        ("INT8", "matmul", 2, "floats", "norm", "topk"),
        ("UINT8", "multithreshold", 2, "pixels", "plain", "scores"),
        ("UINT1", "xnor", 1, "image", "plain", "topk"),
        ("INT4", "sign", 1, "scale", "falling", "argmax"),
    ],
)
def test_damaged_bytes_are_one_line_or_still_exact(tmp_path, datatype, dialect, bits, front, head, end):
    model = random_graph(np.random.default_rng(0), 6, (4,), 3, datatype, dialect, bits, front, head, end)
    content = bytearray(model.SerializeToString())
    path = tmp_path / "network.onnx"
    rng = np.random.default_rng(1)
    outcomes = set()
    for position in rng.integers(0, len(content), 60):
        damaged = bytearray(content)
        damaged[position] ^= 1 << int(rng.integers(0, 8))
        path.write_bytes(damaged)
        try:
            network = lower(path)
        except BadInput as error:
            assert "\n" not in str(error)
            outcomes.add("refused")
        else:
            x = np.full((1, network.n_inputs), network.input_format.maximum)
            reference = Reference.open(path).run(x)
            assert np.array_equal(network.words(x)[0], reference.words[0])
            assert np.array_equal(network.classes(x), reference.classes)
            outcomes.add("lowered")
    assert outcomes == {"refused", "lowered"}


def test_external_data(tmp_path):
    onnx.save(good(), tmp_path / "network.onnx", save_as_external_data=True, size_threshold=0, location="weights.bin")
    with pytest.raises(BadInput, match="tensors in other files"):
        lower(tmp_path / "network.onnx")


def test_convolution(tmp_path):
    builder = GraphBuilder()
    builder.append("Conv", builder.constant(np.ones((2, 1, 3))))
    refused(builder.model([1, 1, 8], "INT4", 2), tmp_path, r"node 'conv_0' \(Conv\): convolutions .* accepted is")


def test_one_bit_quant(tmp_path):
    builder = GraphBuilder()
    builder.weights(np.ones((2, 3)), "gemm")
    builder.quant(1, signed=False, narrow=False)
    refused(
        builder.model([1, 3], "INT4", 2), tmp_path, r"'quant_2' \(Quant\): .* use BipolarQuant, or 2 bits or more"
    )


def test_one_bit_quant_of_weights(tmp_path):
    builder = GraphBuilder()
    parameters = [builder.constant(value) for value in (1.0, 0.0, 1.0)]
    attributes = {"signed": 1, "narrow": 0, "rounding_mode": "ROUND", "domain": QONNX}
    builder.append("MatMul", builder.node("Quant", [builder.constant(np.ones((3, 2))), *parameters], **attributes))
    refused(builder.model([1, 3], "INT4", 2), tmp_path, r"'quant_0' \(Quant\): Quant of 1 bit")


def test_operator_of_another_domain(tmp_path):
    model = good()
    node_of(model, "BatchNormalization").domain = "antigravity"
    refused(model, tmp_path, r"\(BatchNormalization\): not mapped")


@pytest.mark.parametrize(("name", "value"), [("select_last_index", 1), ("axis", 0)])
def test_another_argmax(tmp_path, name, value):
    model = good()
    for item in node_of(model, "ArgMax").attribute:
        if item.name == name:
            item.i = value
    refused(model, tmp_path, rf"node 'argmax' \(ArgMax\): expected .*{name}")


def test_after_argmax(tmp_path):
    model = good()
    model.graph.node.append(helper.make_node("Identity", ["unit"], ["more"], name="more"))
    refused(model, tmp_path, r"node 'more' \(Identity\): nothing may follow ArgMax")


def test_two_readers(tmp_path):
    model = good()
    product = node_of(model, "Gemm").output[0]
    other = helper.make_node("Identity", [product], ["other"], name="other")
    model.graph.node.append(other)
    refused(model, tmp_path, r"node 'other' \(Identity\): 'tensor_1' is read by")


def test_same_tensor_twice(tmp_path):
    builder = GraphBuilder()
    builder.weights(np.ones((2, 3)), "gemm")
    builder.tensor = builder.node("Mul", [builder.tensor, builder.tensor])
    builder.activation()
    refused(builder.model([1, 3], "INT4", 2), tmp_path, r"node 'mul_2' \(Mul\): its parameter .* is not constant")


@pytest.mark.parametrize("place", ["input", "accumulator"])
def test_transposed_data(tmp_path, place):
    builder = GraphBuilder()
    if place == "input":
        builder.append("Transpose", perm=[0, 1])
    builder.weights(np.ones((2, 3)), "gemm")
    if place == "accumulator":
        builder.append("Transpose", perm=[0, 1])
    refused(builder.model([1, 3], "INT4", 2), tmp_path, r"\(Transpose\): only constants may pass through it")


def test_cycle(tmp_path):
    model = good()
    node_of(model, "BatchNormalization").input[0] = node_of(model, "ArgMax").input[0]
    refused(model, tmp_path, "not a valid graph")


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_parameters_that_are_not_finite(tmp_path, value):
    refused(chain(("Add", [0.0, value])), tmp_path, r"node 'add_2' \(Add\): .* is not finite")


def test_negative_variance(tmp_path):
    builder = GraphBuilder()
    builder.weights(np.ones((2, 3)), "gemm")
    builder.batch_norm([1, 1], [0, 0], [0, 0], [1, -1])
    builder.activation()
    refused(builder.model([1, 3], "INT4", 2), tmp_path, r"variance \+ epsilon > 0")


def test_not_monotone_names_the_channel(tmp_path):
    builder = GraphBuilder()
    builder.weights(np.ones((2, 3)), "gemm")
    builder.tensor = builder.node("Div", [builder.constant([1.0, 3.0]), builder.tensor])
    builder.append("Sub", builder.constant([0.0, 1.0]))  # 3 / acc - 1: positive between 0 and 3 only
    builder.activation()
    builder.weights(np.ones((2, 2)), "gemm")
    refused(
        builder.model([1, 3], "INT4", 2),
        tmp_path,
        r"'bipolarquant_4' \(BipolarQuant\): channel 1 rises and falls over its accumulator",
    )


def test_weights_that_are_not_one_scale(tmp_path):
    model = good("matmul")
    node_of(model, "MatMul").input[1] = "stored"
    model.graph.initializer.append(numpy_helper.from_array(np.full((6, 4), [1, 1, 1, 2], np.float32), "stored"))
    refused(model, tmp_path, "weights must be ±s with one s > 0")


@pytest.mark.parametrize(("scale", "why"), [(0.1, "power of two, got 0.1"), (0.0, "one s > 0")])
def test_scales_that_round(tmp_path, scale, why):
    builder = GraphBuilder()
    builder.append("MatMul", builder.binarize(builder.constant(np.ones((3, 2))), scale))
    refused(builder.model([1, 3], "INT4", 2), tmp_path, why)


def test_activation_scale_that_rounds(tmp_path):
    builder = GraphBuilder()
    builder.weights(np.ones((2, 3)), "gemm")
    builder.activation(scale=0.3)
    builder.weights(np.ones((2, 2)), "gemm")
    refused(builder.model([1, 3], "INT4", 2), tmp_path, r"\(BipolarQuant\): activations must be .* power of two")


def test_gemm_bias_that_rounds(tmp_path):
    builder = GraphBuilder()
    builder.weights(np.ones((2, 3)), "gemm_bias", bias=np.array([0.1, 0.2]))
    refused(builder.model([1, 3], "INT4", 2), tmp_path, "put it into an Add after the product")


@pytest.mark.parametrize("attributes", [{"alpha": 0.5}, {"beta": 2.0}, {"transA": 1}])
def test_other_gemm(tmp_path, attributes):
    model = good()
    node_of(model, "Gemm").attribute.extend(helper.make_attribute(*item) for item in attributes.items())
    refused(model, tmp_path, "expected alpha=1, beta=1, transA=0|not a valid graph")


def test_dynamic_size(tmp_path):
    builder = GraphBuilder()
    builder.weights(np.ones((2, 3)), "gemm")
    refused(builder.model([1, "samples"], "INT4", 2), tmp_path, r"expected \[batch, fixed sizes\]")


def test_absurd_sizes(tmp_path):
    builder = GraphBuilder()
    builder.weights(np.ones((2, 3)), "gemm")
    refused(builder.model([1, 2**40], "INT4", 2), tmp_path, "more than 67108864 are refused")
    wide = good()
    wide.graph.initializer.append(TensorProto(name="wide", data_type=TensorProto.FLOAT, dims=[2**31, 2**31]))
    refused(wide, tmp_path, "more than 67108864 are refused")


def test_outer_product_of_constants(tmp_path):
    builder = GraphBuilder()
    n = 2**14
    outer = builder.node("Mul", [builder.constant(np.ones((n, 1))), builder.constant(np.ones((1, n)))])
    builder.append("MatMul", outer)
    refused(builder.model([1, n], "INT4", n), tmp_path, "more than 67108864 are refused")


def test_constant_that_only_onnxruntime_refuses(tmp_path):
    builder = GraphBuilder()
    transposed = builder.node("Transpose", [builder.binarize(builder.constant(np.ones((2, 3))))], perm=[1])
    builder.append("MatMul", transposed)
    refused(builder.model([1, 3], "INT4", 2), tmp_path, "onnxruntime refuses the graph: .* perm of Transpose")


def test_shape_that_is_computed(tmp_path):
    builder = GraphBuilder()
    target = builder.node("Identity", [builder.constant([3, 2], np.int64)])
    builder.append("MatMul", builder.node("Reshape", [builder.constant(np.ones(6)), target]))
    refused(builder.model([1, 3], "INT4", 2), tmp_path, "tensor .* its shape is not fixed")


def test_sums_beyond_float32(tmp_path):
    refused(chain(columns=600, datatype="INT16"), tmp_path, "600 INT16 inputs reach 19660800, beyond 2")


def test_too_many_accumulator_values_of_a_node_that_may_turn(tmp_path):
    builder = GraphBuilder()
    builder.weights(np.ones((256, 48)), "gemm")
    builder.tensor = builder.node("Div", [builder.constant(1.0), builder.tensor])
    builder.activation()
    builder.weights(np.ones((2, 256)), "gemm")
    refused(
        builder.model([1, 48], "INT16", 2),
        tmp_path,
        r"'div_2' \(Div\): 3145681 accumulator values in 256 channels are .* not known to be monotone",
    )


def test_no_weights(tmp_path):
    builder = GraphBuilder()
    builder.append("Mul", builder.constant(2.0))
    refused(builder.model([1, 3], "INT4", 3), tmp_path, "the graph multiplies nowhere; accepted is")


def test_what_is_no_number(tmp_path):
    def append(builder):
        builder.tensor = builder.node("Div", [builder.constant(0.0), builder.tensor])
        builder.quant(2, True, True)

    why = r"'quant_3' \(Quant\): gives at accumulator 0 of channel 0 what its quantizer cannot give"
    refused(after_one_layer(append), tmp_path, why)


def test_two_products_without_activation_between(tmp_path):
    builder = GraphBuilder()
    builder.weights(np.ones((4, 3)), "gemm")
    builder.append("Relu")
    builder.weights(np.ones((2, 4)), "matmul")
    refused(builder.model([1, 3], "INT4", 2), tmp_path, r"'matmul_4' \(MatMul\): reads .* 'gemm_1' summed: expected")


def after_one_layer(append, datatype="INT4", dialect="matmul"):
    """A layer of two rows on three inputs, what `append` puts behind it, and a head."""
    builder = GraphBuilder()
    builder.weights(np.ones((2, 3)), "matmul")
    append(builder)
    builder.weights(np.ones((2, 2)), dialect)
    return builder.model([1, 3], datatype, 2)


@pytest.mark.parametrize(
    ("append", "why"),
    [
        (lambda b: b.quant(5, True, False), r"\(Quant\): activations must be integers of 1 to 4 bits"),
        (lambda b: b.quant(2, True, True, 0.3), r"\(Quant\): activations must be .* got 3 values: -0.3, 0, 0.3"),
        (lambda b: b.quant(2, True, True, -1.0), "expected scales > 0"),
        (lambda b: b.quant(2, True, True, 1.0, 0.5), "whole zero points"),
        (lambda b: b.quant(2.5, True, True), "one whole bit width of 2 to 16"),
        (lambda b: b.quant(2, True, True, mode="STOCHASTIC"), r"\(Quant\): rounding_mode 'STOCHASTIC': expected one"),
        (lambda b: b.quant([2, 3], True, True), "expected one whole bit width"),
        (lambda b: b.multithreshold([[1, 2]], 0.3), "activations must be integers .* power of two"),
        (lambda b: b.multithreshold([range(16)]), "activations must be .* got 17 values"),
        (lambda b: b.multithreshold([[1], [2], [3]]), r"thresholds \[1 or 2, steps\], got float32 \[3, 1\]"),
        (lambda b: b.multithreshold([[1]], data_layout="NHWC"), "expected data_layout='NC'"),
        (lambda b: b.multithreshold([[1, 2]], out_dtype="BIPOLAR"), "gives 0 to 2, but its out_dtype is BIPOLAR"),
        (
            lambda b: b.multithreshold([[1]], out_scale="two"),
            "expected a float as its attribute out_scale",
        ),
        (lambda b: b.multithreshold([[1]], out_bias=-1), "expected a float as its attribute out_bias"),
        (
            lambda b: b.append("Sign"),
            r"\(Sign\): is 0 at accumulator 0 of channel 0, a third value",
        ),
        (lambda b: (b.activation(), b.append("Mul", b.constant(0.0))), "got 1 values"),
        (lambda b: (b.activation(), b.append("Add", b.constant([0.0, 0.3]))), "got 4 values: -1, -0.7, 1"),
        (lambda b: b.append("Softmax"), r"\(Softmax\): the class is the same without it"),
    ],
)
def test_activations_that_are_no_integers(tmp_path, append, why):
    refused(after_one_layer(append), tmp_path, why)


def test_another_shape_behind_a_product(tmp_path):
    def append(builder):
        for shape in ([1, 1, 2], [1, 2]):
            builder.append("Reshape", builder.constant(shape, np.int64))

    refused(after_one_layer(append), tmp_path, r"\(Reshape\): another shape is expected before the first layer only")


def test_quant_without_its_attributes(tmp_path):
    model = after_one_layer(lambda builder: builder.quant(2, True, True))
    node = node_of(model, "Quant")
    del node.attribute[0]
    refused(model, tmp_path, r"'quant_2' \(Quant\): expected the attribute (signed|narrow)=0 or")


def test_xnor_popcount_takes_bits(tmp_path):
    model = after_one_layer(lambda builder: builder.activation(), dialect="xnor")
    refused(model, tmp_path, r"\(XnorPopcountMatMul\): expected 0/1, got values such as -1")
    model = after_one_layer(lambda builder: builder.multithreshold([[1]]), dialect="xnor")
    weights = node_of(model, "XnorPopcountMatMul").input[1]
    stored = next(tensor for tensor in model.graph.initializer if tensor.name == weights)
    stored.CopyFrom(numpy_helper.from_array(np.full((2, 2), -1, np.float32), weights))
    refused(model, tmp_path, r"\(XnorPopcountMatMul\): weights must be 0/1")


def before_one_layer(append, datatype=None, columns=4):
    """A head alone, and what `append` puts before it."""
    builder = GraphBuilder()
    append(builder)
    builder.weights(np.ones((2, columns)), "matmul")
    return builder.model([1, columns], datatype, 2)


@pytest.mark.parametrize(
    ("append", "datatype", "why"),
    [
        (lambda b: b.quant(8, True, True, 1 / 127), None, r"\(Quant\): gives values such as 0.00787.* round"),
        (lambda b: b.append("Div", b.constant(255.0)), "UINT8", r"'div_0' \(Div\): gives values such as 0.0039"),
        (lambda b: b.append("Mul", b.constant(0.0)), "UINT8", r"'mul_0' \(Mul\): gives 1 value for all inputs"),
        (lambda b: b.append("Sub", b.constant([0.0, 0.5, 1.0, 1.5])), "UINT8", "expected float32, one value for all"),
        (lambda b: b.multithreshold([[0], [1], [2], [3]]), "UINT8", r"thresholds \[1, steps\], got float32 \[4, 1\]"),
        (lambda b: b.multithreshold([[1], [1]]), "UINT8", r"thresholds \[1, steps\], got float32 \[2, 1\]"),
        (lambda b: b.append("Sign"), "INT4", r"'sign_0' \(Sign\): gives -1, 0 and 1"),
        (lambda b: (b.append("Relu"), b.activation()), None, r"'bipolarquant_1' .*: no input was found .* to -1"),
        (lambda b: (b.append("Mul", b.constant(0.0)), b.activation()), None, "no input was found that it takes to"),
        (lambda b: (b.quant(16, True, False), b.append("Add", b.constant(2.0**23))), None, "use an offset of 0"),
    ],
)
def test_fronts_that_are_not_exact(tmp_path, append, datatype, why):
    refused(before_one_layer(append, datatype), tmp_path, why)


def test_a_front_that_repeats_its_input(tmp_path):
    builder = GraphBuilder()
    builder.append("Add", builder.constant(np.zeros((1, 4))))
    builder.weights(np.ones((2, 4)), "matmul")
    refused(builder.model([1, 1], "INT4", 2), tmp_path, r"'add_0' \(Add\): makes 4 values of 1: expected as many")


@pytest.mark.parametrize(
    ("attributes", "k", "why"),
    [
        ({"largest": 0}, 1, "largest=1"),
        ({"largest": 5}, 1, "largest=1"),
        ({}, 2, "expected k=1"),
        ({"axis": 0}, 1, "expected axis=-1"),
    ],
)
def test_another_top_k(tmp_path, attributes, k, why):
    model = random_graph(np.random.default_rng(0), 6, (4,), 3, "INT4", end="topk")
    node = node_of(model, "TopK")
    for name, value in attributes.items():
        kept = [item for item in node.attribute if item.name != name]
        del node.attribute[:]
        node.attribute.extend([*kept, helper.make_attribute(name, value)])
    stored = next(tensor for tensor in model.graph.initializer if tensor.name == node.input[1])
    stored.CopyFrom(numpy_helper.from_array(np.array([k]), node.input[1]))
    refused(model, tmp_path, rf"'topk' \(TopK\): .*{why}|not a valid graph")


def test_scores_that_are_no_output(tmp_path):
    model = random_graph(np.random.default_rng(0), 6, (4,), 3, "INT4", end="scores")
    model.graph.output[0].name = model.graph.node[0].output[0]
    refused(model, tmp_path, "the graph ends here, but this is no output of it")


def test_input_format_is_stated_once(tmp_path):
    model = random_graph(np.random.default_rng(0), 6, (4,), 3, "INT8", "gemm")
    annotated = write(model, tmp_path / "annotated.onnx")
    assert lower(annotated).input_format == lower(annotated, INT8).input_format == INT8
    with pytest.raises(BadInput, match="annotated INT8, but BIPOLAR was stated"):
        lower(annotated, BIPOLAR)
    del model.graph.quantization_annotation[:]
    bare = write(model, tmp_path / "bare.onnx")
    assert lower(bare, INT8).hidden[0].thresholds.tolist() == lower(annotated).hidden[0].thresholds.tolist()
    with pytest.raises(BadInput, match="'spikes' states no integer format"):
        lower(bare)


def test_metadata(tmp_path):
    model = good()
    helper.set_model_props(model, {"spikeloom": json.dumps({"schema": 1, "units": ["a", "b", "c"]})})
    network = lower(write(model, tmp_path / "network.onnx"))
    assert network.unit_names == ("a", "b", "c") and network.metadata["schema"] == 1
    helper.set_model_props(model, {"spikeloom": json.dumps({"units": ["a"]})})
    refused(model, tmp_path, "list of 3 names", BadInput)
    for text in ("{", '{"lsb": NaN}', '{"units": ["\\ud800", "b", "c"]}'):
        helper.set_model_props(model, {"spikeloom": text})
        refused(model, tmp_path, "not JSON", BadInput)
