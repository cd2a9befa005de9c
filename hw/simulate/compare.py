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
        first: index of the first spike of which anything differs; None if nothing does.
    """

    n: int
    result_mismatches: int
    layer_word_mismatches: int | None
    first: int | None


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
    earliest: int | None = None
    for first in range(0, len(spikes), BATCH):
        part = slice(first, first + BATCH)
        x, ours = spikes[part], answers.part(part)
        wrong_results, wrong_words = _differences(network, reference.run(x), x, ours)
        differs = np.flatnonzero(wrong_results | wrong_words.any(axis=0))
        if earliest is None and differs.size:
            earliest = first + int(differs[0])
        results, words = results + int(wrong_results.sum()), words + int(wrong_words.sum())
        if progress:
            progress((first + len(x)) / len(spikes))
    return Compared(len(spikes), results, words if isinstance(answers, Simulation) else None, earliest)


def _differences(
    network: Network, expected: ReferenceRun, x: NDArray[np.integer], ours: Answers
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Whether each spike's result is wrong, `[n]`, and its outputs of each layer that was watched, `[layers, n]`."""
    scores = network.scores(x)
    results = (ours.classes != answers_of(network, expected, x)) | (ours.best_scores != scores.max(axis=1))
    if not isinstance(ours, Simulation):
        return results, np.zeros((0, len(x)), dtype=np.bool_)
    # A graph may scale its scores; the integer network's keep their order, as its lowering has proven.
    theirs = (*expected.words, scores if network.head.rescaled else expected.scores)
    layers = zip((*ours.words, ours.scores), theirs, strict=True)
    return results, np.array([(one != other).any(axis=1) for one, other in layers])
