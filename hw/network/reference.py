"""The reference: the ONNX graph run by QONNX's executor, in batches."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from qonnx.core.modelwrapper import ModelWrapper

from hw.errors import BadInput
from hw.network.elements import Elements, as_read
from hw.network.formats import IntegerFormat
from hw.network.front import Front, front_of
from hw.network.graph import Graph, execute, read_graph
from hw.network.limits import MAX_BATCH_ELEMENTS
from hw.network.line import Line, line_of
from hw.network.stage import stage_of
from hw.network.thresholds import activations_of

BATCH = 4096


@dataclass(frozen=True, eq=False)
class ReferenceRun:
    """What the graph computes for n inputs.

    Attributes:
        words: of every activation in order, int8 `[n, rows]`: the integers that the next layer reads, without the
            scale and the offset that the graph's quantizers give them.
        scores: what the class is taken from, float32 `[n, units]`.
        classes: int64 `[n]`; for a graph that ends in its scores the index of the largest, the lowest on ties.
    """

    words: list[NDArray[np.int8]]
    scores: NDArray[np.float32]
    classes: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Reference:
    """A QONNX graph as it stands, executable; it shares no arithmetic with the lowered network.

    Attributes:
        graph: the graph.
        line: its parts.
        front: what it is fed for the integers that come in.
        activations: what each hidden layer's values mean, read from its quantizer.
    """

    graph: Graph
    line: Line
    front: Front
    activations: tuple[Elements, ...]

    @classmethod
    def open(cls, path: str | Path, input_format: IntegerFormat | None = None) -> "Reference":
        """Read a QONNX file; arguments and errors as for `lower`, but weights and accumulators are not looked at."""
        graph = read_graph(path)
        line = line_of(graph)
        activations = (activations_of(graph, layer, reader) for layer, reader in pairwise(line.layers))
        return cls(graph, line, front_of(graph, line, input_format), tuple(activations))

    @property
    def n_inputs(self) -> int:
        """Number of values in one input vector."""
        return int(np.prod(self.graph.input_shape))

    def run(self, x: NDArray[np.integer], progress: Callable[[int], None] | None = None) -> ReferenceRun:
        """Execute the graph.

        Args:
            x: integers `[n, n_inputs]` within the input format, n >= 1.
            progress: called with the number of inputs done after every batch.

        Raises:
            BadInput: for another shape, or a value that the input format does not have.
        """
        self._check_inputs(x)
        batch = min(len(x), BATCH, max(1, MAX_BATCH_ELEMENTS // self.graph.n_elements))
        model = self._model(batch)
        runs = []
        for first in range(0, len(x), batch):
            part = x[first : first + batch]
            # The model has one batch size: the last batch is filled up, and cut again.
            context = execute(model, {self.graph.input_name: self._feed(part, batch)})
            runs.append(self._collect(context, len(part)))
            if progress is not None:
                progress(first + len(part))
        return ReferenceRun(
            words=[np.concatenate(words) for words in zip(*(run.words for run in runs), strict=True)],
            scores=np.concatenate([run.scores for run in runs]),
            classes=np.concatenate([run.classes for run in runs]),
        )

    def accumulators(self, x: NDArray[np.integer], index: int) -> NDArray[np.int64]:
        """What the product of a layer gives, as integers `[n, rows]` of what `Stage` calls its accumulator.

        Args:
            x: as for `run`, but few: all are executed at once.
            index: of the layer, the scores last.

        Raises:
            BadInput: as for `run`.
        """
        self._check_inputs(x)
        layer = self.line.layers[index]
        stage = stage_of(self.graph, layer, self.front.elements if index == 0 else self.activations[index - 1])
        context = execute(self._model(len(x)), {self.graph.input_name: self._feed(x, len(x))})
        return np.asarray((context[layer.product.output[0]] - stage.bias) / stage.unit, dtype=np.int64)

    def _check_inputs(self, x: NDArray[np.integer]) -> None:
        if x.ndim != 2 or x.shape[1] != self.n_inputs or len(x) == 0:
            raise BadInput(f"reference input: expected shape [n, {self.n_inputs}], got {list(x.shape)}")
        if not self.front.source.holds(x).all():
            raise BadInput(f"reference input: a value is not in the format {self.front.source.name}")

    def _model(self, batch: int) -> ModelWrapper:
        graph = self.graph
        return graph.section(graph.nodes, graph.input_name, (batch, *graph.input_shape))

    def _feed(self, x: NDArray[np.integer], batch: int) -> NDArray[np.float32]:
        source = self.front.source
        values = self.front.feeds[(x.astype(np.int64) - source.minimum) // source.step]
        return np.resize(values, (batch, *self.graph.input_shape))

    def _collect(self, context: dict[str, NDArray[np.float32]], n: int) -> ReferenceRun:
        *hidden, head = self.line.layers
        scores = context[head.output][:n]
        close = self.line.close
        classes = np.argmax(scores, axis=1) if close is None else context[close.output[-1]].reshape(-1)[:n]
        return ReferenceRun(
            words=[
                means.of_values(as_read(reader.product, context[layer.output][:n])).astype(np.int8)
                for means, (layer, reader) in zip(self.activations, pairwise((*hidden, head)), strict=True)
            ],
            scores=scores,
            classes=classes.astype(np.int64),
        )
