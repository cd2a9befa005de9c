"""Random binarized graphs, written with onnx.helper in the dialects that exporters use."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

DIALECTS = ("gemm", "gemm_bias", "matmul", "matmul_transpose", "affine")


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
        return self.node("BipolarQuant", [tensor, self.constant(scale)], domain="qonnx.custom_op.general")

    def activation(self, scale: float = 1.0) -> None:
        self.tensor = self.binarize(self.tensor, scale)

    def weights(self, values: np.ndarray, dialect: str, bias: np.ndarray | None = None) -> None:
        """Multiply by the signs of float `values` [rows, columns] through BipolarQuant."""
        if dialect.startswith("gemm"):
            extra = [] if bias is None else [self.constant(bias)]
            self.append("Gemm", self.binarize(self.constant(values)), *extra, transB=1)
        elif dialect == "matmul_transpose":
            quantized = self.binarize(self.constant(values))
            self.append("MatMul", self.node("Transpose", [quantized], perm=[1, 0]))
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
        argmax: bool = True,
    ) -> ModelProto:
        """The chain, closed by ArgMax, with the scores exposed."""
        scores = self.tensor
        outputs = [helper.make_tensor_value_info(scores, TensorProto.FLOAT, [input_shape[0], n_classes])]
        nodes = list(self.nodes)
        if argmax:
            nodes.append(
                helper.make_node(
                    "ArgMax", [scores], ["unit"], name="argmax", axis=-1, keepdims=0, select_last_index=0
                )
            )
            outputs.append(helper.make_tensor_value_info("unit", TensorProto.INT64, input_shape[:1]))
        value = helper.make_tensor_value_info("spikes", TensorProto.FLOAT, input_shape)
        graph = helper.make_graph(nodes, "network", [value], outputs, initializer=self.initializers)
        if input_datatype is not None:
            note = graph.quantization_annotation.add(tensor_name="spikes")
            note.quant_parameter_tensor_names.add(key="finn_datatype", value=input_datatype)
        imports = [helper.make_opsetid("", 17), helper.make_opsetid("qonnx.custom_op.general", 1)]
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
) -> ModelProto:
    """A chain of random layers with what makes thresholds hard.

    Gammas of both signs and zero, thresholds that tie exactly with an accumulator, channels that never
    change, dyadic biases inside Gemm and arbitrary ones outside; `dialect` is one of `DIALECTS`.
    """
    builder = GraphBuilder()
    columns = n_inputs
    reach = n_inputs * (1 if input_datatype == "BIPOLAR" else 2 ** int(input_datatype.lstrip("UINT")))
    for rows in hidden:
        weights = rng.standard_normal((rows, columns))
        bias = rng.integers(-12, 12, rows) / 4 if dialect == "gemm_bias" else None
        builder.weights(weights, dialect, bias)
        if dialect == "affine":
            _affine(builder, rng, rows)
        else:
            _batch_norm(builder, rng, rows, reach)
        builder.activation()
        columns, reach = rows, rows
    builder.weights(rng.standard_normal((n_classes, columns)), dialect)
    return builder.model([1, n_inputs], input_datatype, n_classes)


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
