"""Holds a simulation against the ONNX reference, some spikes at a time: an hour of them fits no memory at once."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hw.network.check import answers_of
from hw.network.reference import BATCH, Reference, ReferenceRun
from hw.network.types import Network
from hw.simulate.result import Answers, Simulation


@dataclass(frozen=True)
class Compared:
    """What differs.

    Attributes:
        n: spikes.
        result_mismatches: results of which the class or the winner's score differs.
        layer_word_mismatches: outputs that differ, a layer and a spike at a time; None where no layer was watched.
    """

    n: int
    result_mismatches: int
    layer_word_mismatches: int | None

    @property
    def equal(self) -> bool:
        """Whether nothing differs."""
        return not (self.result_mismatches or self.layer_word_mismatches)


def compare(
    network: Network,
    reference: Reference,
    spikes: NDArray[np.integer],
    answers: Answers,
    progress: Callable[[float], None] | None = None,
) -> Compared:
    """Run the reference on the spikes and count where a simulation answered something else.

    Args:
        network: what was simulated, lowered from the reference's graph.
        reference: the graph.
        spikes: integers `[n, n_inputs]`.
        answers: what came of them; of a `Simulation` every layer is compared.
        progress: called with the fraction of spikes done.

    Raises:
        BadInput: for inputs that the reference does not take.
    """
    results = words = 0
    for first in range(0, len(spikes), BATCH):
        part = slice(first, first + BATCH)
        x, ours = spikes[part], answers.part(part)
        expected = reference.run(x)
        # A graph may scale its scores; the integer network's keep their order, as its lowering has proven.
        scores = network.scores(x)
        results += _wrong_results(network, expected, scores, x, ours)
        if isinstance(ours, Simulation):
            words += _wrong_words(expected, scores if network.head.rescaled else expected.scores, ours)
        if progress:
            progress((first + len(x)) / len(spikes))
    return Compared(len(spikes), results, words if isinstance(answers, Simulation) else None)


def _wrong_results(
    network: Network, expected: ReferenceRun, scores: NDArray[np.int64], x: NDArray[np.integer], ours: Answers
) -> int:
    wrong = (ours.classes != answers_of(network, expected, x)) | (ours.best_scores != scores.max(axis=1))
    return int(wrong.sum())


def _wrong_words(expected: ReferenceRun, scores: NDArray[np.number], ours: Simulation) -> int:
    layers = zip((*ours.words, ours.scores), (*expected.words, scores), strict=True)
    return sum(int((one != other).any(axis=1).sum()) for one, other in layers)
