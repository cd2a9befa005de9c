"""A hidden layer's integer thresholds, read off where the graph's own activation changes."""

import numpy as np
from numpy.typing import NDArray

from hw.errors import UnsupportedGraph
from hw.network.elements import Elements, as_read, check_binary, elements_of
from hw.network.evaluate import pieces_of
from hw.network.graph import Graph, execute
from hw.network.layers import MAX_ACTIVATION_BITS, ThresholdLayer
from hw.network.line import Layer
from hw.network.nodes import unsupported
from hw.network.quantizers import values_of
from hw.network.stage import Stage


def activations_of(graph: Graph, layer: Layer, reader: Layer) -> Elements:
    """What a hidden layer hands to the next one, from the values that its last quantizer can give.

    Raises:
        UnsupportedGraph: for a layer without a quantizer, or values that are no integers of 1 to 4 bits times
            one power of two.
    """
    if layer.quantizer is None:
        raise unsupported(
            reader.product,
            f"reads what {layer.product.name!r} summed: expected BipolarQuant, Quant or MultiThreshold",
        )
    quantizer, *tail = layer.chain[layer.quantizer :]
    given = values_of(quantizer, graph.constants)
    if tail and len(given) <= 2**MAX_ACTIVATION_BITS:
        shape = (len(given), graph.shapes[quantizer.output[0]][1])
        start = quantizer.output[0]
        tensor = np.ascontiguousarray(np.broadcast_to(given, shape))
        given = execute(graph.section(tail, start, shape), {start: tensor})[layer.output]
    check_binary(reader.product, given)
    values = np.unique(as_read(reader.product, given.astype(np.float64)))
    elements = elements_of(values, MAX_ACTIVATION_BITS) if np.all(np.isfinite(values)) and len(values) > 1 else None
    if elements is None:
        shown = ", ".join(f"{value:g}" for value in values[:3])
        raise unsupported(
            quantizer,
            f"activations must be integers of 1 to {MAX_ACTIVATION_BITS} bits times one power of two, got "
            f"{len(values)} values: {shown}{', ...' if len(values) > 3 else ''}",
        )
    return elements


def threshold_layer(graph: Graph, stage: Stage, gives: Elements, reader: Layer) -> ThresholdLayer:
    """Thresholds of a hidden stage.

    Args:
        graph: the graph of the stage.
        stage: the layer.
        gives: its activations, as `activations_of` states them.
        reader: the layer that takes them.

    Raises:
        UnsupportedGraph: where a channel rises and falls, a Sign gives 0, or as `pieces_of`.
    """
    pieces = pieces_of(graph, stage)
    elements = gives.of_values(as_read(reader.product, pieces.values))
    wrong = np.argwhere(~gives.holds(elements))
    if len(wrong):
        raise _no_level(stage, int(wrong[0, 0]), int(pieces.starts[*wrong[0]]))
    levels = ((elements - gives.lowest) // gives.format.step).astype(np.int64)
    rising = levels[:, -1] >= levels[:, 0]
    turns = np.any(np.diff(levels) * np.where(rising, 1, -1)[:, np.newaxis] < 0, axis=1)
    if turns.any():
        raise unsupported(
            stage.layer.chain[-1],
            f"channel {int(np.argmax(turns))} rises and falls over its accumulator: no thresholds say so",
        )
    steps = (gives.highest - gives.lowest) // gives.format.step
    thresholds = _thresholds(stage, pieces.starts, levels, rising, steps)
    return ThresholdLayer(stage.name, stage.weights, thresholds, rising, gives.format, gives.lowest)


def _thresholds(
    stage: Stage, starts: NDArray[np.int64], levels: NDArray[np.int64], rising: NDArray[np.bool_], steps: int
) -> NDArray[np.int64]:
    """`[rows, steps]`: the first accumulator that reaches a level where rising, the last one where falling."""
    low, high = stage.low[:, np.newaxis, np.newaxis], stage.high[:, np.newaxis, np.newaxis]
    ends = np.append(starts[:, 1:] - stage.step, stage.high[:, np.newaxis], axis=1)
    reached = levels[:, :, np.newaxis] >= np.arange(1, steps + 1)
    first = np.where(reached, starts[:, :, np.newaxis], high + 1).min(axis=1)
    last = np.where(reached, ends[:, :, np.newaxis], low - 1).max(axis=1)
    return np.where(rising[:, np.newaxis], first, last)


def _no_level(stage: Stage, channel: int, accumulator: int) -> UnsupportedGraph:
    signs = [node for node in stage.layer.chain if node.op_type == "Sign"]
    where = f"accumulator {accumulator} of channel {channel}"
    if signs:
        return unsupported(
            signs[-1], f"is 0 at {where}, a third value: use BipolarQuant, or add less than a step before it"
        )
    return unsupported(stage.layer.chain[-1], f"gives at {where} what its quantizer cannot give")
