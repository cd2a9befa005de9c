"""A chip's answers held against the integer network."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from hw.link.protocol import SortAnswer
from hw.network.types import Network


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
