"""What every rung of the ladder answers, in one form, so that any two can be held against each other."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hw.network.check import answers_of
from hw.network.decide import decide
from hw.network.reference import ReferenceRun
from hw.network.types import Network
from hw.simulate.result import Simulation


@dataclass(frozen=True, eq=False)
class Outputs:
    """Every layer's outputs for n spikes, and the answers.

    Attributes:
        layers: integers `[n, rows]` of every layer, the scores last.
        units: index of the best unit `[n]`, or the number of units for unsorted.
        best_scores: the greatest score `[n]`.
    """

    layers: tuple[NDArray[Any], ...]
    units: NDArray[np.int64]
    best_scores: NDArray[np.int64]

    @classmethod
    def of_network(cls, network: Network, spikes: NDArray[np.integer]) -> "Outputs":
        """What the integer network gives for spikes `[n, n_inputs]`."""
        words, elements = network.words(spikes), network.elements(spikes)
        scores = network.head.compute(words[-1] if words else elements)
        return cls((*words, scores), decide(scores, network.margin), scores.max(axis=1))

    @classmethod
    def of_reference(cls, network: Network, run: ReferenceRun, spikes: NDArray[np.integer]) -> "Outputs":
        """What the ONNX reference gives.

        Scores on another scale than the integers (`ScoreLayer.rescaled`) cannot be compared, only their order: those
        of the integers for the reference's own last words stand in their place.
        """
        scores = run.scores.astype(np.int64)
        if network.head.rescaled:
            scores = network.head.compute(run.words[-1] if run.words else network.elements(spikes))
        return cls((*run.words, scores), answers_of(network, run, spikes), scores.max(axis=1))

    @classmethod
    def of_simulation(cls, simulation: Simulation) -> "Outputs":
        """What the gateware gave."""
        return cls((*simulation.words, simulation.scores), simulation.classes, simulation.best_scores)
