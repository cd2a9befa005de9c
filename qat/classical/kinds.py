"""The classical classifiers by name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from qat.classical.fitted import FittedSpikes
from qat.classical.linear import discriminant_analysis, nearest_centroid
from qat.classical.templates import template_matching
from qat.models.cost import Cost
from qat.training.labelled import LabelledSpikes


class Classifier(Protocol):
    """A fitted classifier."""

    def classify(self, inputs: NDArray[np.integer]) -> NDArray[np.int64]:
        """Unit int64 [n] of integer inputs [n, n_channels * n_samples], channel-major."""

    @property
    def cost(self) -> Cost:
        """What is stored, and what one spike takes."""


@dataclass(frozen=True)
class ClassicalKind:
    """A kind of classical classifier: what it is called and how one is fitted."""

    name: str  # as files and commands call it
    title: str  # as tables and figures call it
    method: Callable[[FittedSpikes], Classifier]

    def fit(self, training: LabelledSpikes, min_confidence: float) -> Classifier:
        """Fit to the spikes whose pseudo-labels a network would train on (`TrainingRecipe.min_confidence`).

        Only units that occur among them can be answered. Raises BadInput where there are no such spikes.
        """
        return self.method(FittedSpikes.of(training, min_confidence))


CLASSICAL: Mapping[str, ClassicalKind] = {
    kind.name: kind
    for kind in (
        ClassicalKind("template-matching", "template matching", template_matching),
        ClassicalKind("lda", "LDA", discriminant_analysis),
        ClassicalKind("nearest-centroid", "nearest centroid", nearest_centroid),
    )
}
