"""Take a checked graph apart into layers: one product by weights of ±s, then element-wise nodes."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto

from hw.errors import UnsupportedGraph
from hw.network.formats import BIPOLAR, IntegerFormat
from hw.network.graph import ACCEPTED, ARITHMETIC, ELEMENTWISE, PRODUCTS, SHAPING, Graph, attribute, unsupported
from hw.network.types import EXACT_FLOAT32

# Far inside the range of float32, so that scaled accumulators stay normal numbers.
SCALES = (2.0**-64, 2.0**64)
# What each kind of node may hold beside the tensor of the chain: counts of inputs.
INPUT_COUNTS = {
    "MatMul": (2,),
    "Gemm": (2, 3),
    "BatchNormalization": (5,),
    "Mul": (2,),
    "Add": (2,),
    "Sub": (2,),
    "Div": (2,),
    "Identity": (1,),
    "Dropout": (1, 2, 3),
    "BipolarQuant": (2,),
    "ArgMax": (1,),
    "Flatten": (1,),
    "Reshape": (2,),
}


@dataclass(frozen=True, eq=False)
class Stage:
    """One layer of the graph, as its nodes say it.

    Attributes:
        product: the MatMul or Gemm.
        weights: bool `[rows, columns]`, True = +s.
        unit: what one step of the integer accumulator is in the graph; a power of two.
        bias: float32 `[rows]`, added by a Gemm to unit * accumulator; 0 where there is none.
        chain: the element-wise nodes after it, in a hidden stage with their BipolarQuant.
        output: the last tensor: ±activations, or scores.
    """

    product: NodeProto
    weights: NDArray[np.bool_]
    unit: float
    bias: NDArray[np.float32]
    chain: tuple[NodeProto, ...]
    output: str

    @property
    def rows(self) -> int:
        """Number of channels."""
        return int(self.weights.shape[0])


def stages_of(graph: Graph, input_format: IntegerFormat) -> tuple[Stage, ...]:
    """The layers in order, hidden ones first, the last one ending in the scores.

    Raises:
        UnsupportedGraph: for a graph that is no such chain, or where float32 could round a sum.
    """
    check_line(graph)
    stages: list[Stage] = []
    values, scale, rest = input_format, 1.0, list(graph.nodes)
    while True:
        rest = _after_shaping(graph, rest, first=not stages)
        if not rest or rest[0].op_type not in PRODUCTS:
            raise _missing_product(rest, stages)
        stage, close, rest = _first_stage(graph, rest, scale, values)
        stages.append(stage)
        if close.op_type == "ArgMax":
            _check_argmax(graph, close, rest)
            return tuple(stages)
        values, scale = BIPOLAR, _activation_scale(graph, close)


def _first_stage(
    graph: Graph, nodes: list[NodeProto], scale: float, values: IntegerFormat
) -> tuple[Stage, NodeProto, list[NodeProto]]:
    """The stage that begins with the first node, the node that closes it, and the nodes after that."""
    product, *tail = nodes
    weights, weight_scale = _weights(graph, product)
    unit = weight_scale * scale
    bias = _bias(graph, product, len(weights))
    _check_exact(product, weights, unit, bias, values)
    count = _count_elementwise(graph, tail, len(weights))
    if count == len(tail):
        raise unsupported(nodes[-1], "the graph ends without a class: append ArgMax(axis=-1, select_last_index=0)")
    close = tail[count]
    if close.op_type == "ArgMax":
        chain, output = tuple(tail[:count]), close.input[0]
    elif close.op_type == "BipolarQuant":
        chain, output = tuple(tail[: count + 1]), close.output[0]
    else:
        raise unsupported(close, f"cannot follow an accumulator; {ACCEPTED}")
    return Stage(product, weights, unit, bias, chain, output), close, tail[count + 1 :]


def check_line(graph: Graph) -> None:
    """Raise UnsupportedGraph unless the nodes form one line from the input, with constant parameters."""
    tensor = graph.input_name
    for index, node in enumerate(graph.nodes):
        if node.op_type not in INPUT_COUNTS:
            raise unsupported(node, f"only constants may pass through it; {ACCEPTED}")
        if tensor not in node.input:
            raise unsupported(node, f"it does not read {tensor!r}, but layers must form one line")
        readers = [other for other in graph.nodes[index + 1 :] if tensor in other.input]
        if readers:
            raise unsupported(readers[0], f"{tensor!r} is read by {node.name!r} already: one reader is mapped")
        more_outputs = any(node.output[1:]) and node.op_type != "Dropout"
        if len(node.input) not in INPUT_COUNTS[node.op_type] or more_outputs:
            raise unsupported(node, f"{len(node.input)} inputs and {len(node.output)} outputs are not mapped")
        if node.input[0] != tensor and node.op_type not in ARITHMETIC:
            raise unsupported(node, f"expected {tensor!r} as its first input")
        for name in _parameters(node, tensor):
            if name not in graph.constants:
                raise unsupported(node, f"its parameter {name!r} is not constant")
            if not np.all(np.isfinite(graph.constants[name])):
                raise unsupported(node, f"its parameter {name!r} is not finite")
        tensor = node.output[0]


def _parameters(node: NodeProto, tensor: str) -> list[str]:
    """Names of the inputs beside the tensor of the chain (twice the tensor: the second is no constant)."""
    names = list(node.input)
    names.remove(tensor)
    return [name for name in names if name]


def _missing_product(rest: list[NodeProto], stages: list[Stage]) -> UnsupportedGraph:
    where = f"after the activation of {stages[-1].product.name!r}" if stages else "at the input"
    if not rest:
        return UnsupportedGraph(f"the graph ends {where}; expected MatMul or Gemm, and ArgMax at the end")
    return unsupported(rest[0], f"expected MatMul or Gemm {where}; {ACCEPTED}")


def _after_shaping(graph: Graph, nodes: list[NodeProto], first: bool) -> list[NodeProto]:
    """The rest of the nodes behind those that move no value."""
    for index, node in enumerate(nodes):
        if node.op_type not in SHAPING:
            return nodes[index:]
        if node.op_type in ("Flatten", "Reshape") and not first:
            raise unsupported(node, "expected before the first layer only")
        if node.op_type == "Flatten" and attribute(node, "axis", 1) != 1:
            raise unsupported(node, "expected axis=1")
        if graph.shapes[node.output[0]][:1] != (1,):
            raise unsupported(node, "expected to keep the batch as the first dimension")
        _check_dropout(graph, node)
    return []


def _check_dropout(graph: Graph, node: NodeProto) -> None:
    training = node.input[2] if node.op_type == "Dropout" and len(node.input) == 3 else ""
    if training and np.any(graph.constants[training]):
        raise unsupported(node, "in training mode: export in evaluation mode")


def _weights(graph: Graph, node: NodeProto) -> tuple[NDArray[np.bool_], float]:
    """Weights [rows, columns] as bits, and the s of ±s."""
    values = graph.constants[node.input[1]]
    if node.op_type == "Gemm":
        scales = attribute(node, "alpha", 1.0), attribute(node, "beta", 1.0)
        if scales != (1.0, 1.0) or attribute(node, "transA", 0):
            raise unsupported(node, "expected alpha=1, beta=1, transA=0")
    if values.ndim != 2 or values.dtype != np.float32:
        raise unsupported(node, f"expected float32 weights of two dimensions, got {list(values.shape)}")
    if not (node.op_type == "Gemm" and attribute(node, "transB", 0)):
        values = values.T
    if graph.shapes[node.input[0]] != (1, values.shape[1]):
        raise unsupported(node, f"expected an input [batch, {values.shape[1]}]: put Flatten before it")
    scale = _one_scale(node, np.abs(values), "weights must be ±s with one s")
    return values > 0, scale


def _one_scale(node: NodeProto, values: NDArray[np.float32], rule: str) -> float:
    """The one value of all, a power of two; UnsupportedGraph else."""
    scale = float(values.flat[0]) if values.size else 0.0
    if not scale > 0 or np.any(values != scale):
        raise unsupported(node, f"{rule} > 0 (through BipolarQuant, or stored so)")
    if np.frexp(scale)[0] != 0.5 or not SCALES[0] <= scale <= SCALES[1]:
        raise unsupported(
            node, f"{rule} that is a power of two, got {scale:.9g}: float32 sums would round; scale it to 1"
        )
    return scale


def _activation_scale(graph: Graph, node: NodeProto) -> float:
    return _one_scale(node, graph.constants[node.input[1]], "activations must be ±s with one s")


def _bias(graph: Graph, node: NodeProto, rows: int) -> NDArray[np.float32]:
    name = node.input[2] if len(node.input) == 3 else ""
    if not name:
        return np.zeros(rows, np.float32)
    return np.broadcast_to(_per_channel(graph, node, name, rows), rows).astype(np.float32)


def _per_channel(graph: Graph, node: NodeProto, name: str, rows: int) -> NDArray[np.float32]:
    """A parameter [rows] or [1]; UnsupportedGraph for another shape or type."""
    value = graph.constants[name]
    if value.dtype != np.float32 or value.shape not in ((), (1,), (1, 1), (rows,), (1, rows)):
        raise unsupported(
            node, f"parameter {name!r}: expected float32, one value or {rows}, got {value.dtype} {list(value.shape)}"
        )
    return value.reshape(-1)


def _check_exact(
    node: NodeProto, weights: NDArray[np.bool_], unit: float, bias: NDArray[np.float32], values: IntegerFormat
) -> None:
    """Every partial sum must be a float32 without rounding, or the reference depends on summing order."""
    magnitude = weights.shape[1] * max(-values.minimum, values.maximum)
    if magnitude > EXACT_FLOAT32:
        raise unsupported(
            node, f"{weights.shape[1]} {values.name} inputs reach {magnitude}, beyond 2**24, where float32 rounds"
        )
    steps = bias.astype(np.float64) / unit
    fraction_bits = int(np.floor(np.log2(EXACT_FLOAT32 / (magnitude + np.abs(steps).max()))))
    if fraction_bits < 0 or np.any(np.ldexp(steps, fraction_bits) % 1):
        raise unsupported(
            node,
            "its bias makes float32 sums round, in an order that is not defined: put it into an Add after the "
            f"product, or round it to multiples of {unit * 2.0 ** -max(fraction_bits, 0):g}",
        )


def _count_elementwise(graph: Graph, nodes: Iterable[NodeProto], rows: int) -> int:
    """How many nodes at the front act on each channel by itself."""
    count = 0
    for node in nodes:
        if node.op_type not in ELEMENTWISE:
            break
        _check_dropout(graph, node)
        if node.op_type == "BatchNormalization":
            _check_normalization(graph, node, rows)
        elif node.op_type in ARITHMETIC:
            for name in set(node.input) & set(graph.constants):
                _per_channel(graph, node, name, rows)
        count += 1
    return count


def _check_normalization(graph: Graph, node: NodeProto, rows: int) -> None:
    if attribute(node, "training_mode", 0):
        raise unsupported(node, "in training mode: export in evaluation mode")
    parameters = [graph.constants[name] for name in node.input[1:]]
    if any(value.dtype != np.float32 or value.shape != (rows,) for value in parameters):
        raise unsupported(node, f"expected four float32 parameters of {rows} channels")
    if not np.all(parameters[3] + attribute(node, "epsilon", 1e-5) > 0):
        raise unsupported(node, "expected variance + epsilon > 0")


def _check_argmax(graph: Graph, node: NodeProto, after: list[NodeProto]) -> None:
    if attribute(node, "select_last_index", 0):
        raise unsupported(node, "expected select_last_index=0: the lowest index wins a tie")
    if attribute(node, "axis", 0) not in (-1, 1):
        raise unsupported(node, "expected axis=-1, over the classes")
    if after:
        raise unsupported(after[0], "nothing may follow ArgMax")
    if node.output[0] not in graph.output_names:
        raise unsupported(node, "its class is not an output of the graph")
