"""Random binarized graphs, written with onnx.helper in the dialects that exporters use."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from hypothesis import strategies as st
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

QONNX = "qonnx.custom_op.general"
# By their product and their quantizers: BipolarQuant or Quant, MultiThreshold, or Sign with stored weights.
DIALECTS = (
    "gemm",
    "gemm_bias",
    "gemm_plain",
    "matmul",
    "matmul_transpose",
    "affine",
    "multithreshold",
    "xnor",
    "sign",
)
MULTI_BIT_DIALECTS = tuple(dialect for dialect in DIALECTS if dialect not in ("xnor", "sign"))
DATATYPES = ("BIPOLAR", "UINT1", "UINT3", "INT2", "INT5", "INT8", "UINT8")
# What stands before the first layer; "image" and "floats" have no annotation.
FRONTS = ("none", "scale", "pixels", "image", "floats")
ENDS = ("argmax", "topk", "scores")
HEADS = ("plain", "norm", "falling", "offsets")
ROUNDING_MODES = ("ROUND", "HALF_EVEN", "CEIL", "FLOOR", "UP", "DOWN", "HALF_UP", "HALF_DOWN")


@dataclass
class GraphBuilder:
    """Collects nodes and initialisers of a chain; `tensor` is the name of its end."""

    tensor: str = "spikes"
    nodes: list[NodeProto] = field(default_factory=list)
    initializers: list[TensorProto] = field(default_factory=list)

    def constant(self, value: Any, dtype: type = np.float32) -> str:
        name = f"constant_{len(self.initializers)}"
        self.initializers.append(numpy_helper.from_array(np.asarray(value, dtype), name))
        return name

    def node(self, op_type: str, inputs: Sequence[str], **attributes: Any) -> str:
        output = f"tensor_{len(self.nodes)}"
        name = f"{op_type.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(op_type, list(inputs), [output], name=name, **attributes))
        return output

    def append(self, op_type: str, *constants: str, **attributes: Any) -> None:
        self.tensor = self.node(op_type, [self.tensor, *constants], **attributes)

    def binarize(self, tensor: str, scale: float = 1.0) -> str:
        return self.node("BipolarQuant", [tensor, self.constant(scale)], domain=QONNX)

    def activation(self, scale: float = 1.0) -> None:
        self.tensor = self.binarize(self.tensor, scale)

    def quant(
        self, bits: int, signed: bool, narrow: bool, scale: float = 1.0, zero_point: float = 0.0, mode: str = "ROUND"
    ) -> None:
        parameters = [self.constant(value) for value in (scale, zero_point, bits)]
        attributes = {"signed": int(signed), "narrow": int(narrow), "rounding_mode": mode}
        self.append("Quant", *parameters, domain=QONNX, **attributes)

    def multithreshold(self, thresholds: Any, scale: float = 1.0, bias: float = 0.0, **attributes: Any) -> None:
        attributes = {"out_dtype": "FLOAT32", "out_scale": scale, "out_bias": bias, **attributes}
        self.append("MultiThreshold", self.constant(thresholds), domain=QONNX, **attributes)

    def weights(self, values: np.ndarray, dialect: str, bias: np.ndarray | None = None) -> None:
        """Multiply by the signs of float `values` [rows, columns] through BipolarQuant."""
        if dialect == "gemm_plain":
            self.append("Gemm", self.binarize(self.constant(values.T)))
        elif dialect.startswith("gemm"):
            extra = [] if bias is None else [self.constant(bias)]
            self.append("Gemm", self.binarize(self.constant(values)), *extra, transB=1)
        elif dialect == "matmul_transpose":
            quantized = self.binarize(self.constant(values))
            self.append("MatMul", self.node("Transpose", [quantized], perm=[1, 0]))
        elif dialect == "xnor":
            self.append("XnorPopcountMatMul", self.constant(values.T > 0), domain=QONNX)
        elif dialect in ("sign", "multithreshold"):
            self.append("MatMul", self.constant(np.where(values.T >= 0, 1, -1)))
        else:
            self.append("MatMul", self.binarize(self.constant(values.T)))

    def batch_norm(self, gamma: Any, beta: Any, mean: Any, variance: Any) -> None:
        parameters = [self.constant(value) for value in (gamma, beta, mean, variance)]
        self.append("BatchNormalization", *parameters, epsilon=1e-5)

    def model(
        self,
        input_shape: Sequence[int | str],
        input_datatype: str | None,
        n_classes: int,
        metadata: dict[str, Any] | None = None,
        end: str = "argmax",
    ) -> ModelProto:
        """The chain, closed by ArgMax or TopK, or ending in its scores; the scores are an output."""
        scores = self.tensor
        outputs = [helper.make_tensor_value_info(scores, TensorProto.FLOAT, [input_shape[0], n_classes])]
        nodes = list(self.nodes)
        if end == "argmax":
            nodes.append(
                helper.make_node(
                    "ArgMax", [scores], ["unit"], name="argmax", axis=-1, keepdims=0, select_last_index=0
                )
            )
            outputs.append(helper.make_tensor_value_info("unit", TensorProto.INT64, input_shape[:1]))
        elif end == "topk":
            k = self.constant([1], np.int64)
            nodes.append(helper.make_node("TopK", [scores, k], ["best", "unit"], name="topk", axis=-1, largest=1))
            outputs.append(helper.make_tensor_value_info("unit", TensorProto.INT64, [input_shape[0], 1]))
        value = helper.make_tensor_value_info("spikes", TensorProto.FLOAT, input_shape)
        graph = helper.make_graph(nodes, "network", [value], outputs, initializer=self.initializers)
        if input_datatype is not None:
            note = graph.quantization_annotation.add(tensor_name="spikes")
            note.quant_parameter_tensor_names.add(key="finn_datatype", value=input_datatype)
        imports = [helper.make_opsetid("", 17), helper.make_opsetid(QONNX, 1)]
        model = helper.make_model(graph, opset_imports=imports)
        if metadata is not None:
            helper.set_model_props(model, {"spikeloom": json.dumps(metadata, sort_keys=True)})
        return model


def random_graph(
    rng: np.random.Generator,
    n_inputs: int,
    hidden: Sequence[int],
    n_classes: int,
    input_datatype: str = "INT8",
    dialect: str = "gemm",
    activation_bits: int = 1,
    front: str = "none",
    head: str = "plain",
    end: str = "argmax",
) -> ModelProto:
    """A chain of random layers with what makes thresholds hard.

    Gammas of both signs and zero, thresholds that tie exactly with an accumulator, channels that never
    change, dyadic biases inside Gemm and arbitrary ones outside. `dialect`, `front`, `head` and `end` are each one
    of the names above; more than one bit is for `MULTI_BIT_DIALECTS`.
    """
    builder = GraphBuilder()
    shape = _front(builder, rng, front, n_inputs, dialect)
    columns, binary = n_inputs, front in ("image", "pixels") or input_datatype in ("BIPOLAR", "UINT1")
    reach = n_inputs * (1 if binary else 2 ** int(input_datatype.lstrip("UINT")))
    for rows in hidden:
        weights = rng.standard_normal((rows, columns))
        bias = rng.integers(-12, 12, rows) / 4 if dialect == "gemm_bias" else None
        builder.weights(weights, dialect, bias)
        _activation(builder, rng, rows, reach, dialect, activation_bits)
        columns, reach = rows, rows * (1 if activation_bits == 1 else 2**activation_bits)
    builder.weights(rng.standard_normal((n_classes, columns)), dialect)
    _head(builder, rng, n_classes, head)
    return builder.model(shape, None if front in ("image", "floats") else input_datatype, n_classes, end=end)


@st.composite
def random_graphs(draw: st.DrawFn, max_inputs: int = 12, max_rows: int = 9) -> ModelProto:
    """Graphs in every dialect, with every front, head, end and width of activations."""
    dialect = draw(st.sampled_from(DIALECTS))
    front = draw(st.sampled_from(("none", "pixels", "image") if dialect == "xnor" else FRONTS))
    datatypes = ("UINT8",) if front == "pixels" else ("UINT1",) if dialect == "xnor" else DATATYPES
    return random_graph(
        np.random.default_rng(draw(st.integers(0, 2**32 - 1))),
        draw(st.integers(1, max_inputs)),
        draw(st.lists(st.integers(1, max_rows), max_size=3)),
        draw(st.integers(1, 5)),
        draw(st.sampled_from(datatypes)),
        dialect,
        draw(st.integers(1, 4)) if dialect in MULTI_BIT_DIALECTS else 1,
        front,
        draw(st.sampled_from(HEADS)),
        draw(st.sampled_from(ENDS)),
    )


def _front(builder: GraphBuilder, rng: np.random.Generator, front: str, n_inputs: int, dialect: str) -> list[int]:
    """Pre-processing before the first layer; gives the shape of the input."""
    if front == "none":
        return [1, n_inputs]
    if front == "scale":
        builder.append("Add", builder.constant(float(rng.integers(-3, 4))))
        builder.append("Mul", builder.constant(rng.choice([0.25, 1.0, 2.0, -1.0])))
        return [1, n_inputs]
    builder.append("Reshape", builder.constant([1, -1], np.int64))
    if front == "pixels":  # of 0 to 255
        builder.append("Div", builder.constant(255.0))
    builder.append("Mul", builder.constant(2.0))
    builder.append("Sub", builder.constant([1.0]))
    if dialect == "xnor":
        builder.multithreshold([[0.1]])
    elif front == "floats" and rng.random() < 0.3:
        builder.multithreshold([sorted(rng.normal(0, 3, 3))], 1.0, -1.0)
    elif front == "floats":
        bits, signed, narrow = int(rng.integers(2, 9)), bool(rng.random() < 0.5), bool(rng.random() < 0.5)
        scale, zero_point = float(rng.choice([0.125, 1.0, 2.0])), float(rng.integers(-2, 3))
        builder.quant(bits, signed, narrow, scale, zero_point, str(rng.choice(ROUNDING_MODES)))
    else:
        builder.activation()
    return [1, 1, n_inputs, 1]


def _activation(
    builder: GraphBuilder, rng: np.random.Generator, rows: int, reach: int, dialect: str, bits: int
) -> None:
    if dialect == "sign":
        # No sum of powers of two reaches 0, which Sign would let through.
        builder.append("Add", builder.constant(rng.integers(-reach // 4, reach // 4 + 1, rows) + 0.3))
        builder.append("Mul", builder.constant(rng.choice([-2.0, 0.3], rows)))
        builder.append("Sign")
        return
    if dialect in ("multithreshold", "xnor"):
        _multithreshold(builder, rng, rows, reach, dialect, bits)
        return
    if dialect == "affine":
        _affine(builder, rng, rows)
    else:
        _batch_norm(builder, rng, rows, reach)
    if bits == 1:
        builder.activation()
        return
    if rng.random() < 0.3:
        builder.append("Relu")
    scale, zero_point = float(rng.choice([0.25, 0.5, 1.0])), float(rng.integers(-1, 2))
    mode, signed, narrow = str(rng.choice(ROUNDING_MODES)), bool(rng.random() < 0.5), bool(rng.random() < 0.5)
    builder.quant(bits, signed, narrow, scale, zero_point, mode)


def _multithreshold(
    builder: GraphBuilder, rng: np.random.Generator, rows: int, reach: int, dialect: str, bits: int
) -> None:
    """On integers, for all channels or for each, with constant channels, and falling ones."""
    if rng.random() < 0.5:
        builder.append("Mul", builder.constant(rng.choice([-1.0, 1.0], rows)))
    steps = 2**bits - 1
    thresholds = np.sort(np.rint(rng.normal(0, reach / 10, (int(rng.choice([1, rows])), steps))), axis=1)
    thresholds[1:][rng.random(len(thresholds) - 1) < 0.1] = 2**20
    if dialect == "xnor":
        builder.multithreshold(thresholds, out_dtype="BINARY", data_layout="NC")
    elif bits == 1 and rng.random() < 0.5:
        builder.multithreshold(thresholds, out_dtype="BINARY")  # read by MatMul: 0 and 1 as they are
    elif bits == 1:
        builder.multithreshold(thresholds, 2.0, -1.0, out_dtype="BIPOLAR")
    else:
        builder.multithreshold(thresholds, float(rng.choice([0.5, 1.0, 2.0])), float(rng.integers(-3, 1)))


def _head(builder: GraphBuilder, rng: np.random.Generator, n_classes: int, head: str) -> None:
    if head == "norm":  # as Brevitas' TensorNorm: one scale and one offset for all classes
        for op_type, value in (("Sub", 0.37), ("Div", 6.6), ("Mul", 1.3), ("Add", -0.2)):
            builder.append(op_type, builder.constant([value]))
    elif head == "falling":
        builder.append("Mul", builder.constant(-0.5))
    elif head == "offsets":
        builder.append("Add", builder.constant(rng.integers(-3, 4, n_classes)))


def _batch_norm(builder: GraphBuilder, rng: np.random.Generator, rows: int, reach: int) -> None:
    gamma = rng.standard_normal(rows) * rng.choice([-1, 0, 1], rows, p=[0.4, 0.1, 0.5])
    # An integer mean and beta = 0 put the flip exactly on an accumulator value.
    mean = np.where(rng.random(rows) < 0.5, rng.integers(-reach // 4, reach // 4 + 1, rows), rng.normal(0, 2, rows))
    beta = np.where(rng.random(rows) < 0.5, 0, rng.normal(0, 1, rows))
    never = rng.random(rows) < 0.1
    beta = np.where(never, rng.choice([-1, 1], rows) * 1e9, beta)
    builder.batch_norm(gamma, beta, mean, rng.uniform(0.5, 4 + reach, rows))


def _affine(builder: GraphBuilder, rng: np.random.Generator, rows: int) -> None:
    builder.append("Mul", builder.constant(rng.choice([-0.7, 0.3, 1.1], rows)))
    builder.append("Add", builder.constant(rng.normal(0, 2, (1, rows))))
    builder.append("Identity")
    builder.append("Div", builder.constant(rng.choice([-3.0, 0.1, 7.0])))
    builder.append("Sub", builder.constant(rng.normal(0, 0.5, rows)))


def write(model: ModelProto, path: Path) -> Path:
    """Save the model; gives back the path."""
    onnx.save(model, str(path))
    return path
