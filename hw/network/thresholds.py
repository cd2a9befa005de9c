"""A hidden layer's integer thresholds, read off where the graph's own activation changes."""

import numpy as np
from numpy.typing import NDArray

from hw.errors import UnsupportedGraph
from hw.network.elements import Elements, as_read, check_binary, elements_of
from hw.network.evaluate import changes_of
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
        UnsupportedGraph: where a channel rises and falls, a Sign gives 0, or as `changes_of`.
    """
    changes = changes_of(graph, stage)
    channels = np.concatenate([np.arange(stage.rows), changes.channel])
    accumulators = np.concatenate([stage.low, changes.accumulator])
    values = as_read(reader.product, np.concatenate([changes.first, changes.value]))
    elements = gives.of_values(values)
    wrong = np.flatnonzero(~gives.holds(elements))
    if len(wrong):
        raise _no_level(stage, int(channels[wrong[0]]), int(accumulators[wrong[0]]))
    levels = ((elements - gives.lowest) // gives.format.step).astype(np.int64)
    first, later, channel = levels[: stage.rows], levels[stage.rows :], changes.channel
    last = first.copy()
    last[channel] = later  # the last change of each channel stays
    rising = last >= first
    _check_monotone(stage, channel, later, first, rising)
    steps = (gives.highest - gives.lowest) // gives.format.step
    return ThresholdLayer(
        stage.name,
        stage.weights,
        _thresholds(stage, first, changes.accumulator, channel, later, rising, steps),
        rising,
        gives.format,
        gives.lowest,
    )


def _thresholds(
    stage: Stage,
    first: NDArray[np.int64],
    accumulator: NDArray[np.int64],
    channel: NDArray[np.int64],
    later: NDArray[np.int64],
    rising: NDArray[np.bool_],
    steps: int,
) -> NDArray[np.int64]:
    """`[rows, steps]`: where the level reaches 1, 2, ... (rising), or until where it stays there (falling)."""
    thresholds = np.empty((stage.rows, steps), np.int64)
    for step in range(1, steps + 1):
        passed = later >= step
        up = np.where(first >= step, stage.low, stage.high + 1)
        np.minimum.at(up, channel[passed], accumulator[passed])
        down = np.where(first >= step, stage.high, stage.low - 1)
        np.minimum.at(down, channel[~passed], accumulator[~passed] - stage.step)
        thresholds[:, step - 1] = np.where(rising, up, down)
    # A falling row that starts below a level never passes it.
    never = ~rising[:, np.newaxis] & (first[:, np.newaxis] < np.arange(1, steps + 1))
    return np.where(never, stage.low[:, np.newaxis] - 1, thresholds)


def _check_monotone(
    stage: Stage,
    channel: NDArray[np.int64],
    later: NDArray[np.int64],
    first: NDArray[np.int64],
    rising: NDArray[np.bool_],
) -> None:
    before = np.concatenate([first[:1], later[:-1]])
    starts = np.flatnonzero(np.diff(channel, prepend=-1))
    before[starts] = first[channel[starts]]
    turns = np.flatnonzero((later > before) != rising[channel])
    if len(turns):
        raise unsupported(
            stage.layer.chain[-1],
            f"channel {channel[turns[0]]} rises and falls over its accumulator: no thresholds say so",
        )


def _no_level(stage: Stage, channel: int, accumulator: int) -> UnsupportedGraph:
    signs = [node for node in stage.layer.chain if node.op_type == "Sign"]
    where = f"accumulator {accumulator} of channel {channel}"
    if signs:
        return unsupported(
            signs[-1], f"is 0 at {where}, a third value: use BipolarQuant, or add less than a step before it"
        )
    return unsupported(stage.layer.chain[-1], f"gives at {where} what its quantizer cannot give")
