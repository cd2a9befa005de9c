"""Hold the network of integers against its ONNX reference, with `==`."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hw.errors import BadInput
from hw.network.reference import Reference
from hw.network.types import Network, classes_of


@dataclass(frozen=True)
class Comparison:
    """Counts over n inputs.

    Attributes:
        n: inputs compared.
        class_mismatches: inputs with another class.
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
        class_mismatches=int(np.count_nonzero(classes_of(scores) != expected.classes)),
        word_mismatches=sum(
            int(np.count_nonzero(np.any(ours != theirs, axis=1)))
            for ours, theirs in zip(words, expected.words, strict=True)
        ),
        score_mismatches=None if network.head.rescaled else int(np.count_nonzero(scores != expected.scores)),
    )
