"""Classical classifiers of spikes, fitted to the same pseudo-labels as the networks."""

from qat.classical.kinds import CLASSICAL, ClassicalKind, Classifier

__all__ = ["CLASSICAL", "ClassicalKind", "Classifier"]
