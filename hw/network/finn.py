"""A network as a graph in FINN's own nodes: XnorPopcountMatMul or MatMul, MultiThreshold, and TopK at the end.

XnorPopcountMatMul counts the positions in which two vectors of {0, 1} agree; MultiThreshold gives `out_bias +
out_scale * passed`, with `passed` the number of a row's thresholds t for which x >= t (both as in QONNX).
"""

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.transformation.change_batchsize import ChangeBatchSize
from qonnx.transformation.infer_shapes import InferShapes

from hw.errors import BadInput
from hw.network.formats import InputTable, IntegerFormat
from hw.network.graph import METADATA_KEY, execute
from hw.network.layers import ScoreLayer, ThresholdLayer
from hw.network.nodes import QONNX_DOMAIN
from hw.network.types import EXACT_FLOAT32, Network

OPSET, IR_VERSION = 11, 7  # so every release of onnx from 1.7 on reads the file, and FINN's own among them
INPUT, FRONT, SCORES, BEST, UNIT = "spikes", "front", "scores", "best_score", "unit"
MAX_FRONT_THRESHOLDS = 255


def finn_graph(network: Network) -> ModelProto:
    """The graph that computes what the network computes, at batch size 1, every tensor annotated with its datatype.

    Bipolar activations are {0, 1} in it (BINARY), and the products with them XnorPopcountMatMul; other products are
    MatMul by weights of ±1 (BIPOLAR). A falling row becomes a rising one with the opposite weights. TopK gives the
    index of the largest score. The metadata go along, unit names among them, but for a margin of 'unsorted', which
    TopK cannot apply.

    Raises:
        BadInput: where float32, in which such a graph computes, cannot hold the scores, or where an input table is no
            MultiThreshold: neither rising nor falling, or of more than 255 steps.
    """
    _check_scores(network)
    writer = _Writer(network)
    tensor, binary = INPUT, False
    if network.front is not None:
        tensor, binary = _front(writer, network.front, network.n_inputs), network.front.output.bipolar
    for layer in network.hidden:
        tensor, binary = _hidden(writer, layer, tensor, binary), layer.output.bipolar
    _scores(writer, network.head, tensor, binary)
    return writer.model(network)


def tensors_of(network: Network, x: NDArray[Any]) -> dict[str, NDArray[np.int64]]:
    """What that graph's input, activations, scores and class hold for the inputs x `[n, n_inputs]`.

    Returns:
        Tensor name -> int64 `[n, width]`.

    Raises:
        BadInput: for inputs that the network does not take.
    """
    tensors = {INPUT: x.astype(np.int64)}
    if network.front is not None:
        tensors[FRONT] = _as_written(network.elements(x), network.front.output)
    for layer, word in zip(network.hidden, network.words(x), strict=True):
        tensors[_outputs(layer)] = _as_written(word, layer.output)
    scores = network.scores(x)
    return {**tensors, SCORES: scores, UNIT: np.argmax(scores, axis=1)[:, np.newaxis]}


def run_finn(model: ModelProto, x: NDArray[Any]) -> dict[str, NDArray[Any]]:
    """Every tensor of such a graph by name for the inputs x `[n, n_inputs]`, computed by QONNX's executor."""
    batched = ModelWrapper(model).transform(ChangeBatchSize(len(x))).transform(InferShapes())
    return execute(batched, {INPUT: x.astype(np.float32)})


class _Writer:
    """Collects nodes, constants, and the width and datatype of every tensor."""

    def __init__(self, network: Network) -> None:
        self.nodes: list[NodeProto] = []
        self.constants: list[TensorProto] = []
        self.widths: dict[str, int] = {}
        self.datatypes = {INPUT: _datatype(network.input_format)}

    def constant(self, name: str, values: NDArray[Any], datatype: str) -> str:
        self.constants.append(numpy_helper.from_array(values.astype(np.float32), name))
        self.datatypes[name] = datatype
        return name

    def node(self, op_type: str, inputs: list[str], output: str, width: int, datatype: str, **attributes: Any) -> str:
        """A node with one output `[1, width]`, by the name of which it is called itself; gives that name."""
        domain = QONNX_DOMAIN if op_type in ("XnorPopcountMatMul", "MultiThreshold") else ""
        self.nodes.append(helper.make_node(op_type, inputs, [output], name=output, domain=domain, **attributes))
        self.widths[output], self.datatypes[output] = width, datatype
        return output

    def product(self, tensor: str, weights: NDArray[np.bool_], name: str, binary: bool) -> str:
        """Sums of ±x; of binary elements, how many agree with the weights."""
        rows = len(weights)
        if binary:
            held = self.constant(f"{name}.weights", weights.T, "BINARY")
            return self.node("XnorPopcountMatMul", [tensor, held], f"{name}.agreeing", rows, "UINT32")
        held = self.constant(f"{name}.weights", np.where(weights.T, 1, -1), "BIPOLAR")
        return self.node("MatMul", [tensor, held], f"{name}.sums", rows, "INT32")

    def multithreshold(
        self, tensor: str, thresholds: NDArray[np.int64], output: str, width: int, levels: "_Levels"
    ) -> str:
        # One beyond 2**24 stands for never; float32 has no odd numbers there.
        held = np.where(thresholds > EXACT_FLOAT32, EXACT_FLOAT32 + 2, thresholds)
        return self.node(
            "MultiThreshold",
            [tensor, self.constant(f"{output}.thresholds", held, "INT32")],
            output,
            width,
            levels.datatype,
            out_dtype=levels.datatype,
            out_scale=float(levels.step),
            out_bias=float(levels.first),
        )

    def topk(self) -> None:
        self.constants.append(numpy_helper.from_array(np.array([1], np.int64), "k"))
        attributes = {"axis": -1, "largest": 1, "sorted": 1}
        self.nodes.append(helper.make_node("TopK", [SCORES, "k"], [BEST, UNIT], name=UNIT, **attributes))
        self.widths[BEST], self.datatypes[BEST], self.datatypes[UNIT] = 1, "INT32", "INT32"

    def model(self, network: Network) -> ModelProto:
        """The graph so far as a model with the network's metadata."""
        spikes = helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, [1, network.n_inputs])
        unit = helper.make_tensor_value_info(UNIT, TensorProto.INT64, [1, 1])
        inner = [helper.make_tensor_value_info(t, TensorProto.FLOAT, [1, n]) for t, n in self.widths.items()]
        graph = helper.make_graph(self.nodes, "network", [spikes], [unit], self.constants, value_info=inner)
        for tensor, datatype in self.datatypes.items():
            note = graph.quantization_annotation.add(tensor_name=tensor)
            note.quant_parameter_tensor_names.add(key="finn_datatype", value=datatype)
        imports = [helper.make_opsetid("", OPSET), helper.make_opsetid(QONNX_DOMAIN, 1)]
        model = helper.make_model(graph, opset_imports=imports, ir_version=IR_VERSION)
        record = {**network.metadata, "units": list(network.unit_names)}
        # Whoever reads these scores may scale them otherwise, and the margin counts in their scale.
        record.pop("unsorted", None)
        helper.set_model_props(model, {METADATA_KEY: json.dumps(record, sort_keys=True)})
        return model


@dataclass(frozen=True)
class _Levels:
    """What a MultiThreshold gives: `first + step * passed`, in QONNX's datatype of that name."""

    first: int
    step: int
    datatype: str

    @classmethod
    def of(cls, values: IntegerFormat, first: int, step: int) -> "_Levels":
        """The same levels as the graph holds them: {0, 1} for bipolar ones."""
        if values.bipolar:
            return cls((first + 1) // 2, step // 2, "BINARY")
        return cls(first, step, _datatype(values))


def _front(writer: _Writer, front: InputTable, columns: int) -> str:
    """One MultiThreshold for all inputs: a source value passes as many thresholds as its element is steps away."""
    values, step = front.values, front.output.step
    if np.any(np.diff(values) < 0):
        values, step = -values, -step
    passed = (values - values[0]) // front.output.step
    if np.any(np.diff(values) < 0) or not 0 < passed[-1] <= MAX_FRONT_THRESHOLDS:
        raise BadInput(
            f"the input table goes from {front.values[0]} to {front.values[-1]}: MultiThreshold takes one that "
            f"only rises or only falls, by 1 to {MAX_FRONT_THRESHOLDS} steps"
        )
    first_to_pass = np.searchsorted(passed, np.arange(1, passed[-1] + 1))
    thresholds = front.source.minimum + front.source.step * first_to_pass
    levels = _Levels.of(front.output, int(front.values[0]), step)
    return writer.multithreshold(INPUT, thresholds[np.newaxis], FRONT, columns, levels)


def _hidden(writer: _Writer, layer: ThresholdLayer, tensor: str, binary: bool) -> str:
    weights = layer.weights ^ ~layer.rising[:, np.newaxis]
    thresholds = np.where(layer.rising[:, np.newaxis], layer.thresholds, -layer.thresholds)
    if binary:
        thresholds = (thresholds + layer.columns + 1) // 2  # sum = 2 * agreeing - columns
    sums = writer.product(tensor, weights, layer.name, binary)
    levels = _Levels.of(layer.output, layer.lowest, layer.output.step)
    return writer.multithreshold(sums, thresholds, _outputs(layer), layer.rows, levels)


def _scores(writer: _Writer, head: ScoreLayer, tensor: str, binary: bool) -> None:
    """The product, and what makes scores of it: factors and summands for each channel."""
    affine: list[tuple[str, NDArray[np.int64]]] = []
    if binary:
        affine += [("Mul", np.array([2])), ("Add", np.array([-head.columns]))]
    if head.fraction_bits:
        affine += [("Mul", np.array([1 << head.fraction_bits]))]
    affine += [("Add", head.offsets)]
    tensor = writer.product(tensor, head.weights, head.name, binary)
    for index, (op_type, value) in enumerate(affine):
        output = SCORES if index == len(affine) - 1 else f"{head.name}.affine{index}"
        constant = writer.constant(f"{output}.constant", value, "INT32")
        tensor = writer.node(op_type, [tensor, constant], output, head.rows, "INT32")
    writer.topk()


def _check_scores(network: Network) -> None:
    low, high = network.score_bounds
    reach = max(-low, high, int(np.abs(network.head.offsets).max()))
    if reach > EXACT_FLOAT32:
        raise BadInput(
            f"the scores and their offsets reach {reach}, beyond 2**24, where float32, in which a FINN-style graph "
            "computes, no longer counts exactly"
        )


def _outputs(layer: ThresholdLayer) -> str:
    return f"{layer.name}.outputs"


def _as_written(values: NDArray[Any], format_: IntegerFormat) -> NDArray[np.int64]:
    return ((values + 1) // 2 if format_.bipolar else values).astype(np.int64)


def _datatype(values: IntegerFormat) -> str:
    return "BINARY" if values.name == "UINT1" else values.name
