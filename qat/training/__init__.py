"""Training: what a network is fitted to, how, and what came of every epoch."""

from qat.training.fit import train
from qat.training.labelled import LabelledSpikes
from qat.training.recipe import TrainingRecipe, recipe_of
from qat.training.result import EpochRecord, TrainedModel
from qat.training.variants import TEACHER, VARIANTS, Variant

__all__ = [
    "TEACHER",
    "VARIANTS",
    "EpochRecord",
    "LabelledSpikes",
    "TrainedModel",
    "TrainingRecipe",
    "Variant",
    "recipe_of",
    "train",
]
