"""The integer network's answers, and a chip's held against them."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from hw.link.protocol import SortAnswer
from hw.network.types import Network

_AT_ONCE = 10_000  # spikes; the layers' words of more would fill the memory


def scores_of(network: Network, spikes: NDArray[np.integer]) -> NDArray[np.int64]:
    """Integer scores `[n, units]` of `[n, n_inputs]`, however many."""
    pieces = [network.scores(spikes[first : first + _AT_ONCE]) for first in range(0, len(spikes), _AT_ONCE)]
    return np.concatenate(pieces or [np.empty((0, network.head.rows), dtype=np.int64)])


def wrong_answers(network: Network, spikes: NDArray[np.integer], answers: Sequence[SortAnswer]) -> Iterator[str]:
    """Each answer whose unit, 'unsorted' flag or, where it has one, score is not the network's, in words."""
    names = (*network.unit_names, "unsorted")
    classes, scores = network.classes(spikes), network.scores(spikes).max(axis=1)
    for index, (answer, unit, score) in enumerate(zip(answers, classes, scores, strict=True)):
        unsorted = bool(unit == len(network.unit_names))
        seen = (answer.unit, answer.unsorted, answer.score)
        if seen != (unit, unsorted, None if answer.score is None else score):
            flag = "" if answer.unsorted == unsorted else f"unsorted {answer.unsorted}, "
            yield (
                f"spike {index}: unit {answer.unit}, {flag}score {answer.score}; expected {names[unit]} "
                f"(unit {unit}), score {score}"
            )
