"""Hold the network of integers against its ONNX reference, with `==`."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hw.errors import BadInput
from hw.network.decide import decide, is_unsorted
from hw.network.reference import Reference, ReferenceRun
from hw.network.types import Network


@dataclass(frozen=True)
class Comparison:
    """Counts over n inputs.

    Attributes:
        n: inputs compared.
        class_mismatches: inputs with another answer: a class, or unsorted.
        word_mismatches: (input, hidden layer) pairs with any output that differs.
        score_mismatches: (input, unit) pairs with another score; None where the graph's own scores are
            on another scale than the integers (`ScoreLayer.rescaled`), so that only their order is equal.
    """

    n: int
    class_mismatches: int
    word_mismatches: int
    score_mismatches: int | None

    @property
    def equal(self) -> bool:
        """Whether nothing differs."""
        return not (self.class_mismatches or self.word_mismatches or self.score_mismatches)

    def __add__(self, other: "Comparison") -> "Comparison":
        """The counts of two runs of the same network together."""
        ours, theirs = self.score_mismatches, other.score_mismatches
        return Comparison(
            n=self.n + other.n,
            class_mismatches=self.class_mismatches + other.class_mismatches,
            word_mismatches=self.word_mismatches + other.word_mismatches,
            score_mismatches=None if ours is None or theirs is None else ours + theirs,
        )


def compare(
    network: Network,
    reference: Reference,
    x: NDArray[np.integer],
    progress: Callable[[int], None] | None = None,
) -> Comparison:
    """Run both on the same integers `[n, n_inputs]` and count what differs.

    Args:
        network: the lowered graph.
        reference: the graph.
        x: inputs within the network's input format.
        progress: called with the number of inputs done.

    Raises:
        BadInput: for inputs that the network does not take, or a reference of another file or shape.
    """
    if network.source_digest != reference.graph.digest:
        raise BadInput("the network was lowered from another file than the reference")
    elements = network.elements(x)
    expected = reference.run(x, progress)
    words = network.words(x)
    scores = network.head.compute(words[-1] if words else elements)
    return Comparison(
        n=len(x),
        class_mismatches=int(np.count_nonzero(decide(scores, network.margin) != answers_of(network, expected, x))),
        word_mismatches=sum(
            int(np.count_nonzero(np.any(ours != theirs, axis=1)))
            for ours, theirs in zip(words, expected.words, strict=True)
        ),
        score_mismatches=None if network.head.rescaled else int(np.count_nonzero(scores != expected.scores)),
    )


def answers_of(network: Network, run: ReferenceRun, x: NDArray[np.integer]) -> NDArray[np.int64]:
    """What the reference answers under the network's margin: its own class, or the number of units for unsorted.

    The margin counts in integer scores. Those are the reference's own, unless the graph rescales them
    (`ScoreLayer.rescaled`): then they are the integers of its last activations, of which lowering has proven that
    they order and tie all classes as the graph's scores do, but not how far these lie apart.

    Args:
        network: the lowered graph.
        run: what the reference computed.
        x: the inputs of that run.

    Returns:
        int64 `[n]`.
    """
    if network.head.rescaled:
        scores = network.head.compute(run.words[-1] if run.words else network.elements(x))
    else:
        scores = run.scores.astype(np.int64)
    return np.where(is_unsorted(scores, network.margin), network.head.rows, run.classes)
