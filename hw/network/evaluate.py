"""What a stage's own nodes, run by QONNX, make of every accumulator: exhaustively, or by bisection."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hw.network.elementwise import is_monotone
from hw.network.graph import Graph, execute
from hw.network.layers import MAX_ACTIVATION_BITS
from hw.network.limits import MAX_BATCH_ELEMENTS
from hw.network.nodes import unsupported
from hw.network.stage import Stage

MAX_EVALUATIONS = 2**26
CHUNK_EVALUATIONS = 2**22
MAX_CHANGES = 2**MAX_ACTIVATION_BITS - 1


@dataclass(frozen=True, eq=False)
class Pieces:
    """A stage's output as a step function of each channel's accumulator.

    Attributes:
        starts: int64 `[rows, pieces]`, the smallest accumulator of each piece, rising; behind a channel's last piece
            one step beyond its largest accumulator.
        values: float32 `[rows, pieces]`, the output there; behind the last piece its value again.
    """

    starts: NDArray[np.int64]
    values: NDArray[np.float32]


def pieces_of(graph: Graph, stage: Stage) -> Pieces:
    """A stage's output over all accumulators that occur.

    Exhaustive up to 2^26 (accumulator, channel) pairs; beyond that by bisection, which finds every change of a
    function that is monotone.

    Raises:
        UnsupportedGraph: where a channel changes more than 15 times, or there are more pairs and a node that is
            not known to be monotone, or overflows.
    """
    if stage.n_accumulators * stage.rows <= MAX_EVALUATIONS:
        return _scan(graph, stage)
    for node in stage.layer.chain:
        if not is_monotone(graph, node):
            raise unsupported(
                node,
                f"{stage.n_accumulators} accumulator values in {stage.rows} channels are too many to evaluate one by "
                "one, and this node is not known to be monotone: multiply by a constant instead, or use fewer inputs",
            )
    _check_no_overflow(graph, stage)
    return _bisect(graph, stage)


def outputs_of(graph: Graph, stage: Stage) -> Iterator[NDArray[np.float32]]:
    """The stage's output for every accumulator, lowest first, in chunks `[accumulators, rows]`.

    Row v of the whole holds the outputs at `low + v * step`.
    """
    count = stage.n_accumulators
    # The executor keeps what every node of the chain gives.
    tensors = 1 + len(stage.layer.chain)
    chunk = min(count, max(1, min(CHUNK_EVALUATIONS, MAX_BATCH_ELEMENTS // tensors) // stage.rows))
    run = _runner(graph, stage, chunk)
    for first in range(0, count, chunk):
        # Values past the last are cut off.
        yield run(np.arange(first, first + chunk)[:, np.newaxis])[: count - first]


def _runner(graph: Graph, stage: Stage, n: int) -> Callable[[NDArray[np.int64]], NDArray[np.float32]]:
    """A function from indices of accumulators, n of them (for all channels, or for each), to outputs `[n, rows]`."""
    start = stage.layer.product.output[0]
    model = graph.section(stage.layer.chain, start, (n, stage.rows)) if stage.layer.chain else None

    def run(index: NDArray[np.int64]) -> NDArray[np.float32]:
        accumulators = stage.low + stage.step * index
        # Exact: unit and bias were checked to need no rounding.
        tensor = accumulators.astype(np.float32) * np.float32(stage.unit) + stage.bias
        output: NDArray[np.float32] = execute(model, {start: tensor})[stage.layer.output] if model else tensor
        return output

    return run


def _scan(graph: Graph, stage: Stage) -> Pieces:
    before: NDArray[np.float32] | None = None
    counts = np.zeros(stage.rows, np.int64)
    found: list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]] = []
    index = 0
    for part in outputs_of(graph, stage):
        if before is None:
            first = before = part[0]
        moved = np.empty(part.shape, np.bool_)
        moved[0] = part[0] != before
        np.not_equal(part[1:], part[:-1], out=moved[1:])
        counts += np.count_nonzero(moved, axis=0)
        _check_count(stage, counts)
        position, channel = np.nonzero(moved)
        found.append((channel, index + position, part[moved]))
        before, index = part[-1], index + len(part)
    return _pieces(stage, first, *(np.concatenate(parts) for parts in zip(*found, strict=True)))


def _check_no_overflow(graph: Graph, stage: Stage) -> None:
    """Monotone nodes that are finite for the smallest and the largest accumulator are so between, and never NaN.

    Infinity times 0 is NaN, of which BipolarQuant makes -1: behind that no chain of nodes is monotone.
    """
    ends = np.stack([stage.low, stage.high]).astype(np.float32) * np.float32(stage.unit) + stage.bias
    start = stage.layer.product.output[0]
    tensors = execute(graph.section(stage.layer.chain, start, ends.shape), {start: ends})
    for node in stage.layer.chain:
        if not np.all(np.isfinite(tensors[node.output[0]])):
            raise unsupported(node, "overflows float32 for an accumulator that occurs: use smaller parameters")


def _bisect(graph: Graph, stage: Stage) -> Pieces:
    """Halve the intervals whose ends differ, all channels at once, until they hold one change each."""
    width = MAX_CHANGES + 1
    run = _runner(graph, stage, width)
    ends = np.full((width, stage.rows), stage.n_accumulators - 1)
    ends[0] = 0
    outputs = run(ends)
    first = outputs[0]
    channel = np.flatnonzero(first != outputs[1])
    low, high = ends[0, channel], ends[1, channel]
    value_low, value_high = first[channel], outputs[1, channel]
    while np.any(high - low > 1):
        middle = (low + high) // 2
        _check_count(stage, np.bincount(channel, minlength=stage.rows))
        slot = np.arange(len(channel)) - np.searchsorted(channel, channel)
        grid = np.zeros((width, stage.rows), np.int64)
        grid[slot, channel] = middle
        value = run(grid)[slot, channel]
        halves = np.concatenate([low, middle]), np.concatenate([middle, high])
        values = np.concatenate([value_low, value]), np.concatenate([value, value_high])
        channel = np.concatenate([channel, channel])
        kept = np.flatnonzero((values[0] != values[1]) & (halves[0] != halves[1]))
        kept = kept[np.lexsort((halves[0][kept], channel[kept]))]
        channel, low, high = channel[kept], halves[0][kept], halves[1][kept]
        value_low, value_high = values[0][kept], values[1][kept]
    _check_count(stage, np.bincount(channel, minlength=stage.rows))
    return _pieces(stage, first, channel, high, value_high)


def _pieces(
    stage: Stage,
    first: NDArray[np.float32],
    channel: NDArray[np.int64],
    index: NDArray[np.int64],
    value: NDArray[np.float32],
) -> Pieces:
    """From the first output of each channel, and the changes: channel, index of the accumulator, new output."""
    order = np.lexsort((index, channel))
    channel, index, value = channel[order], index[order], value[order]
    place = 1 + np.arange(len(channel)) - np.searchsorted(channel, channel)
    n_pieces = 1 + int(place.max(initial=0))
    last = first.copy()
    last[channel] = value  # the last one of each channel stays
    starts = np.repeat(stage.high[:, np.newaxis] + stage.step, n_pieces, axis=1)
    values = np.repeat(last[:, np.newaxis], n_pieces, axis=1)
    starts[:, 0], values[:, 0] = stage.low, first
    starts[channel, place] = stage.low[channel] + stage.step * index
    values[channel, place] = value
    return Pieces(starts, values)


def _check_count(stage: Stage, counts: NDArray[np.int64]) -> None:
    if counts.max() > MAX_CHANGES:
        raise unsupported(
            stage.layer.chain[-1],
            f"channel {int(np.argmax(counts))} changes its output more than {MAX_CHANGES} times over its "
            f"accumulator: no activation of 1 to {MAX_ACTIVATION_BITS} bits",
        )
