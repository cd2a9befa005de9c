"""A layer as its product says it: weights as bits, and what its integer accumulator is in the graph."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto

from hw.network.elements import SCALES, Elements, granularity
from hw.network.elementwise import per_channel
from hw.network.graph import Graph
from hw.network.layers import sum_bounds
from hw.network.line import Layer
from hw.network.nodes import attribute, unsupported
from hw.network.types import EXACT_FLOAT32


@dataclass(frozen=True, eq=False)
class Stage:
    """A layer with checked nodes: in the graph its accumulator is `unit * acc + bias`, exactly.

    Attributes:
        layer: its nodes.
        weights: bool `[rows, columns]`, True = +s.
        unit: what one step of the integer accumulator is in the graph; a power of two.
        bias: float32 `[rows]`.
        low: int64 `[rows]`, the smallest accumulator that occurs.
        high: int64 `[rows]`, the largest, equally far from low in every row.
        step: distance between accumulators: 2 for bipolar elements, else 1.
    """

    layer: Layer
    weights: NDArray[np.bool_]
    unit: float
    bias: NDArray[np.float32]
    low: NDArray[np.int64]
    high: NDArray[np.int64]
    step: int

    @property
    def name(self) -> str:
        """Of the product."""
        return str(self.layer.product.name)

    @property
    def rows(self) -> int:
        """Number of channels."""
        return int(self.weights.shape[0])

    @property
    def n_accumulators(self) -> int:
        """How many accumulators occur in each row."""
        return int(self.high[0] - self.low[0]) // self.step + 1


def stage_of(graph: Graph, layer: Layer, reads: Elements) -> Stage:
    """Check a layer that reads these elements.

    Raises:
        UnsupportedGraph: for other weights than ±s, or a sum that float32 could round.
    """
    product = layer.product
    weights, weight_scale = _weights(graph, product)
    rows, columns = weights.shape
    bias = _bias(graph, product, rows)
    _check_exact(product, columns, weight_scale, bias, reads)
    unit = weight_scale * reads.scale
    whole = weight_scale * reads.offset * (2.0 * weights.sum(axis=1) - columns) + bias
    if product.op_type == "XnorPopcountMatMul":  # counts the pairs that are alike
        unit, whole = unit / 2, (whole + columns) / 2
    low, high = sum_bounds(weights, reads.lowest, reads.highest)
    return Stage(layer, weights, unit, whole.astype(np.float32), low, high, reads.format.step)


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
    if node.op_type == "XnorPopcountMatMul":
        if not np.all((values == 0) | (values == 1)):
            raise unsupported(node, "weights must be 0/1, which stand for ±1")
        return values > 0, 1.0
    return values > 0, _weight_scale(node, np.abs(values))


def _weight_scale(node: NodeProto, values: NDArray[np.float32]) -> float:
    """The one value of all, a power of two; UnsupportedGraph else."""
    scale = float(values.flat[0]) if values.size else 0.0
    if not scale > 0 or np.any(values != scale):
        raise unsupported(node, "weights must be ±s with one s > 0 (through BipolarQuant, or stored so)")
    if np.frexp(scale)[0] != 0.5 or not SCALES[0] <= scale <= SCALES[1]:
        raise unsupported(
            node,
            f"weights must be ±s with one s that is a power of two, got {scale:.9g}: float32 sums would round; "
            "scale it to 1",
        )
    return scale


def _bias(graph: Graph, node: NodeProto, rows: int) -> NDArray[np.float32]:
    name = node.input[2] if len(node.input) == 3 else ""
    if not name:
        return np.zeros(rows, np.float32)
    return np.broadcast_to(per_channel(graph, node, name, rows), rows).astype(np.float32)


def _check_exact(
    node: NodeProto, columns: int, weight_scale: float, bias: NDArray[np.float32], reads: Elements
) -> None:
    """Every partial sum must be a float32 without rounding, or the reference depends on summing order."""
    magnitude = columns * max(-reads.lowest, reads.highest)
    if magnitude > EXACT_FLOAT32:
        raise unsupported(
            node, f"{columns} {reads.format.name} inputs reach {magnitude}, beyond 2**24, where float32 rounds"
        )
    values = weight_scale * (reads.scale * np.array([reads.lowest, reads.highest]) + reads.offset)
    terms = weight_scale * np.array([reads.scale, reads.offset])
    largest = columns * np.abs(values).max()
    if largest > EXACT_FLOAT32 * granularity(terms):
        raise unsupported(
            node,
            f"sums of {columns} inputs {reads.scale:g} * {reads.format.name} + {reads.offset:g} round in float32, in "
            "an order that is not defined: use an offset of 0",
        )
    finest = (largest + np.abs(bias).max()) / EXACT_FLOAT32
    if finest > min(granularity(terms), granularity(bias)):
        raise unsupported(
            node,
            "its bias makes float32 sums round, in an order that is not defined: put it into an Add after the "
            f"product, or round it to multiples of {np.exp2(np.ceil(np.log2(finest))):g}",
        )
