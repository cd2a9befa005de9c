"""Spike classifiers: the 1-bit network, its rivals, and what they answer."""

from qat.models.full_precision import full_precision_twin
from qat.models.inference import classify, scores
from qat.models.kinds import MODELS, ModelBuilder, ModelKind
from qat.models.one_bit import BipolarActivation, BipolarWeight, binarized

__all__ = [
    "MODELS",
    "BipolarActivation",
    "BipolarWeight",
    "ModelBuilder",
    "ModelKind",
    "binarized",
    "classify",
    "full_precision_twin",
    "scores",
]
