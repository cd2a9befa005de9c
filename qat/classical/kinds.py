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
from qat.training.recipe import TrainingRecipe


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

    def fit(
        self, training: LabelledSpikes, n_units: int, min_confidence: float = TrainingRecipe.min_confidence
    ) -> Classifier:
        """Fit to the spikes whose pseudo-labels a network would be trained on.

        Only units that occur among them can be answered. Raises BadInput where there are no such spikes, or one
        has a label outside of 0 ... n_units - 1.
        """
        return self.method(FittedSpikes.of(training, n_units, min_confidence))

    def cost(self, n_samples: int, n_units: int, n_channels: int = 1) -> Cost:
        """Of a classifier fitted to spikes of that shape, whatever they look like."""
        labels = np.arange(2 * n_units) % n_units
        waveforms = np.random.default_rng(0).integers(-128, 128, (len(labels), n_channels, n_samples))
        return self.fit(LabelledSpikes(waveforms, labels, np.ones(len(labels))), n_units).cost


CLASSICAL: Mapping[str, ClassicalKind] = {
    kind.name: kind
    for kind in (
        ClassicalKind("template-matching", "template matching", template_matching),
        ClassicalKind("lda", "LDA", discriminant_analysis),
        ClassicalKind("nearest-centroid", "nearest centroid", nearest_centroid),
    )
}
