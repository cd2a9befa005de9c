"""The reference: the ONNX graph run by QONNX's executor, in batches."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hw.errors import BadInput
from hw.network.chain import check_line
from hw.network.graph import Graph, execute, read_graph, unsupported

BATCH = 4096


@dataclass(frozen=True, eq=False)
class ReferenceRun:
    """What the graph computes for n inputs.

    Attributes:
        words: of every activation in order, int8 `[n, rows]`.
        scores: the input of ArgMax, float32 `[n, units]`.
        classes: int64 `[n]`.
    """

    words: list[NDArray[np.int8]]
    scores: NDArray[np.float32]
    classes: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Reference:
    """A QONNX graph as it stands, executable; it shares no arithmetic with the lowered network."""

    graph: Graph

    @classmethod
    def open(cls, path: str | Path) -> "Reference":
        """Read a QONNX file; raises as `read_graph`, and UnsupportedGraph for other than a line up to ArgMax."""
        graph = read_graph(path)
        check_line(graph)
        last = graph.nodes[-1]
        if last.op_type != "ArgMax":
            raise unsupported(last, "the graph does not end in ArgMax")
        return cls(graph)

    @property
    def n_inputs(self) -> int:
        """Number of values in one input vector."""
        return int(np.prod(self.graph.input_shape))

    def run(self, x: NDArray[np.integer], progress: Callable[[int], None] | None = None) -> ReferenceRun:
        """Execute the graph.

        Args:
            x: integers `[n, n_inputs]`, n >= 1.
            progress: called with the number of inputs done after every batch.

        Raises:
            BadInput: for another shape.
        """
        if x.ndim != 2 or x.shape[1] != self.n_inputs or len(x) == 0:
            raise BadInput(f"reference input: expected shape [n, {self.n_inputs}], got {list(x.shape)}")
        graph = self.graph
        batch = min(len(x), BATCH)
        shape = (batch, *graph.input_shape)
        model = graph.section(graph.nodes, graph.input_name, shape)
        runs = []
        for first in range(0, len(x), batch):
            part = x[first : first + batch]
            # The model has one batch size: the last batch is filled up, and cut again.
            feed = np.resize(part, (batch, self.n_inputs)).astype(np.float32).reshape(shape)
            context = execute(model, {graph.input_name: feed})
            runs.append(self._collect(context, len(part)))
            if progress is not None:
                progress(first + len(part))
        return ReferenceRun(
            words=[np.concatenate(words) for words in zip(*(run.words for run in runs), strict=True)],
            scores=np.concatenate([run.scores for run in runs]),
            classes=np.concatenate([run.classes for run in runs]),
        )

    def _collect(self, context: dict[str, NDArray[np.float32]], n: int) -> ReferenceRun:
        activations = [node.output[0] for node in self.graph.nodes if node.op_type == "BipolarQuant"]
        last = self.graph.nodes[-1]
        return ReferenceRun(
            words=[np.where(context[name][:n] > 0, np.int8(1), np.int8(-1)) for name in activations],
            scores=context[last.input[0]][:n],
            classes=context[last.output[0]].reshape(-1)[:n].astype(np.int64),
        )
