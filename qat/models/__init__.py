"""Spike classifiers: the 1-bit network, its rivals, what they answer and what they cost."""

from qat.models.convolutional import convolutional
from qat.models.cost import Cost, count_cost
from qat.models.full_precision import full_precision_twin
from qat.models.inference import classify, scores
from qat.models.kinds import MODELS, ModelBuilder, ModelKind
from qat.models.one_bit import BipolarActivation, BipolarWeight, binarized
from qat.models.partly_binary import partially_binarized
from qat.models.recurrent import recurrent

__all__ = [
    "MODELS",
    "BipolarActivation",
    "BipolarWeight",
    "Cost",
    "ModelBuilder",
    "ModelKind",
    "binarized",
    "classify",
    "convolutional",
    "count_cost",
    "full_precision_twin",
    "partially_binarized",
    "recurrent",
    "scores",
]
