"""Nodes that act on each channel by itself: what they may look like, and which are monotone."""

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto

from hw.network.graph import Graph
from hw.network.nodes import ARITHMETIC, QUANT, attribute, unsupported
from hw.network.quantizers import check_parameters

PER_CHANNEL = ARITHMETIC | QUANT | {"BipolarQuant", "Clip"}


def check_elementwise(graph: Graph, node: NodeProto, channels: int) -> None:
    """Raise UnsupportedGraph unless the node acts on each of so many channels by itself, with legal parameters.

    With one channel its parameters must serve all values.
    """
    if node.op_type == "BatchNormalization":
        _check_normalization(graph, node, channels)
    elif node.op_type == "Dropout":
        _check_dropout(graph, node)
    elif node.op_type == "MultiThreshold":
        _check_thresholds(graph, node, channels)
    elif node.op_type in PER_CHANNEL:
        for name in node.input:
            if name in graph.constants:
                per_channel(graph, node, name, channels)
    check_parameters(node, graph.constants)


def per_channel(graph: Graph, node: NodeProto, name: str, channels: int) -> NDArray[np.float32]:
    """A parameter [channels] or [1]; UnsupportedGraph for another shape or type."""
    value = graph.constants[name]
    single = value.size == 1 and (channels == 1 or value.ndim <= 2)
    if value.dtype != np.float32 or not (single or value.shape in ((channels,), (1, channels))):
        expected = "one value for all" if channels == 1 else f"one value or {channels}"
        raise unsupported(
            node, f"parameter {name!r}: expected float32, {expected}, got {value.dtype} {list(value.shape)}"
        )
    return value.reshape(-1)


def is_monotone(graph: Graph, node: NodeProto) -> bool:
    """Whether a checked node, as float32 computes it, never turns round in any channel.

    Rounding, clipping, comparing, adding a constant and multiplying by one are monotone, and so are compositions
    of them. A constant divided by the tensor is not: it turns at zero.
    """
    return node.op_type != "Div" or node.input[0] not in graph.constants


def _check_normalization(graph: Graph, node: NodeProto, channels: int) -> None:
    if attribute(node, "training_mode", 0):
        raise unsupported(node, "in training mode: export in evaluation mode")
    parameters = [graph.constants[name] for name in node.input[1:]]
    if any(value.dtype != np.float32 or value.shape != (channels,) for value in parameters):
        raise unsupported(node, f"expected four float32 parameters of {channels} channels")
    if not np.all(parameters[3] + attribute(node, "epsilon", 1e-5) > 0):
        raise unsupported(node, "expected variance + epsilon > 0")


def _check_dropout(graph: Graph, node: NodeProto) -> None:
    training = node.input[2] if len(node.input) == 3 else ""
    if training and np.any(graph.constants[training]):
        raise unsupported(node, "in training mode: export in evaluation mode")


def _check_thresholds(graph: Graph, node: NodeProto, channels: int) -> None:
    thresholds = graph.constants[node.input[1]]
    shaped = thresholds.ndim == 2 and thresholds.shape[0] in (1, channels) and thresholds.shape[1] > 0
    if not shaped or thresholds.dtype != np.float32:
        rows = "1" if channels == 1 else f"1 or {channels}"
        raise unsupported(
            node, f"expected float32 thresholds [{rows}, steps], got {thresholds.dtype} {list(thresholds.shape)}"
        )
