"""A graph as one line: pre-processing, then products and the element-wise nodes behind each, then the class."""

from dataclasses import dataclass
from math import prod

import numpy as np
from onnx import NodeProto

from hw.errors import UnsupportedGraph
from hw.network.elementwise import check_elementwise
from hw.network.graph import Graph
from hw.network.nodes import (
    ACCEPTED,
    ARITHMETIC,
    CLOSING,
    ELEMENTWISE,
    INPUT_COUNTS,
    PRODUCTS,
    QUANTIZERS,
    SHAPING,
    attribute,
    unsupported,
)


@dataclass(frozen=True, eq=False)
class Layer:
    """A product and the element-wise nodes behind it.

    Attributes:
        product: MatMul, Gemm or XnorPopcountMatMul.
        chain: the nodes up to the next product, or to the scores.
        output: the last tensor: what the next product takes, or the scores.
    """

    product: NodeProto
    chain: tuple[NodeProto, ...]
    output: str

    @property
    def quantizer(self) -> int | None:
        """Index in the chain of the last node that quantizes, None where no node does."""
        return max((index for index, node in enumerate(self.chain) if node.op_type in QUANTIZERS), default=None)


@dataclass(frozen=True, eq=False)
class Line:
    """The nodes of a graph in their parts.

    Attributes:
        front: what stands before the first product.
        layers: first to last; the last one ends in the scores.
        close: the ArgMax or TopK that gives the class; None where the graph ends in its scores.
    """

    front: tuple[NodeProto, ...]
    layers: tuple[Layer, ...]
    close: NodeProto | None


def line_of(graph: Graph) -> Line:
    """Take a graph apart.

    Raises:
        UnsupportedGraph: unless its nodes form one line from the input, with constant parameters, that holds a
            product and ends in scores, ArgMax or TopK.
    """
    _check_line(graph)
    *inner, last = graph.nodes
    close = last if last.op_type in CLOSING else None
    nodes = inner if close else [*inner, last]
    starts = [index for index, node in enumerate(nodes) if node.op_type in PRODUCTS]
    if not starts:
        raise UnsupportedGraph(f"the graph multiplies nowhere; {ACCEPTED}")
    front = nodes[: starts[0]]
    for node in front:
        _check_front(graph, node)
    layers = tuple(
        _layer(graph, nodes[start:stop]) for start, stop in zip(starts, [*starts[1:], len(nodes)], strict=True)
    )
    _check_end(graph, close, nodes[-1])
    return Line(tuple(front), layers, close)


def _layer(graph: Graph, nodes: list[NodeProto]) -> Layer:
    product, *chain = nodes
    shape = graph.shapes[product.output[0]]
    if len(shape) != 2:
        raise unsupported(product, f"expected an input [batch, columns], gives {list(shape)}: put Flatten before it")
    for node in chain:
        if node.op_type not in ELEMENTWISE | SHAPING:
            raise unsupported(node, f"cannot follow an accumulator; {ACCEPTED}")
        _check_shaping(graph, node)
        if graph.shapes[node.output[0]] != shape:
            raise unsupported(node, "another shape is expected before the first layer only")
        check_elementwise(graph, node, shape[1])
    return Layer(product, tuple(chain), nodes[-1].output[0])


def _check_line(graph: Graph) -> None:
    tensor = graph.input_name
    for index, node in enumerate(graph.nodes):
        if node.op_type not in INPUT_COUNTS:
            raise unsupported(node, f"only constants may pass through it; {ACCEPTED}")
        if tensor not in node.input:
            raise unsupported(node, f"it does not read {tensor!r}, but layers must form one line")
        readers = [other for other in graph.nodes[index + 1 :] if tensor in other.input]
        if readers:
            raise unsupported(readers[0], f"{tensor!r} is read by {node.name!r} already: one reader is mapped")
        more_outputs = any(node.output[1:]) and node.op_type not in ("Dropout", "TopK")
        if len(node.input) not in INPUT_COUNTS[node.op_type] or more_outputs:
            raise unsupported(node, f"{len(node.input)} inputs and {len(node.output)} outputs are not mapped")
        if node.input[0] != tensor and node.op_type not in ARITHMETIC:
            raise unsupported(node, f"expected {tensor!r} as its first input")
        if node.op_type in CLOSING and index + 1 < len(graph.nodes):
            raise unsupported(graph.nodes[index + 1], f"nothing may follow {node.op_type}")
        _check_constants(graph, node, tensor)
        tensor = node.output[0]


def _check_constants(graph: Graph, node: NodeProto, tensor: str) -> None:
    names = list(node.input)
    names.remove(tensor)  # twice the tensor: the second is no constant
    for name in filter(None, names):
        if name not in graph.constants:
            raise unsupported(node, f"its parameter {name!r} is not constant")
        if not np.all(np.isfinite(graph.constants[name])):
            raise unsupported(node, f"its parameter {name!r} is not finite")


def _check_front(graph: Graph, node: NodeProto) -> None:
    if node.op_type not in (SHAPING | ELEMENTWISE) - {"BatchNormalization"}:
        raise unsupported(node, f"cannot stand before the first layer; {ACCEPTED}")
    _check_shaping(graph, node)
    # A parameter of more elements than the tensor would repeat it.
    taken, given = (graph.shapes[name] for name in (graph.tensor_into(node), node.output[0]))
    if prod(taken) != prod(given):
        raise unsupported(node, f"makes {prod(given)} values of {prod(taken)}: expected as many, each by itself")


def _check_shaping(graph: Graph, node: NodeProto) -> None:
    if node.op_type == "Flatten" and attribute(node, "axis", 1) != 1:
        raise unsupported(node, "expected axis=1")
    if graph.shapes[node.output[0]][:1] != (1,):
        raise unsupported(node, "expected to keep the batch as the first dimension")


def _check_end(graph: Graph, close: NodeProto | None, last: NodeProto) -> None:
    if close is None:
        if last.output[0] not in graph.output_names:
            raise unsupported(last, "the graph ends here, but this is no output of it")
        return
    top_k = close.op_type == "TopK"
    if top_k and (attribute(close, "largest", 1) != 1 or np.any(graph.constants[close.input[1]] != 1)):
        raise unsupported(close, "expected k=1 and largest=1: the class of the largest score")
    if not top_k and attribute(close, "select_last_index", 0) != 0:
        raise unsupported(close, "expected select_last_index=0: the lowest index wins a tie")
    if attribute(close, "axis", -1 if top_k else 0) not in (-1, 1):
        raise unsupported(close, "expected axis=-1, over the classes")
    if close.output[-1] not in graph.output_names:
        raise unsupported(close, "its class is not an output of the graph")
