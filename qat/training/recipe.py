"""How a network is trained: one recipe for every kind of network."""

from dataclasses import dataclass

from qat.errors import BadInput
from qat.models import ModelKind


@dataclass(frozen=True)
class TrainingRecipe:
    """How a network is trained. The defaults are for `binarized`; `FULL_PRECISION_RECIPE` is for its twin."""

    epochs: int = 60  # passes over the training spikes, at most; the learning rate falls to 0 over them
    patience: int = 20  # epochs without a better validation result before training stops
    batch_size: int = 64  # spikes a step; a batch takes up to twice as many, so that none is left over
    learning_rate: float = 3e-3  # Adam's first step size, a share of the latent weights' range [-1, 1]
    weight_decay: float = 0.0  # L2 penalty on the latent weights, 1 / weight
    temperature: float = 32.0  # score counts per unit of softmax logit, in the loss only
    overlap_share: float = 0.3  # of the training spikes, anew every epoch, get another one added, shifted
    min_confidence: float = 0.5  # posterior; pseudo-labels below it are left out of training and validation

    def __post_init__(self) -> None:
        for name, value, at_least in (
            ("epochs", self.epochs, 1),
            ("patience", self.patience, 1),
            ("batch_size", self.batch_size, 2),
            ("weight_decay", self.weight_decay, 0),
            ("overlap_share", self.overlap_share, 0),
            ("min_confidence", self.min_confidence, 0),
        ):
            if not value >= at_least:
                raise BadInput(f"training recipe: {name} = {value} must be at least {at_least}")
        for name, value in (("learning_rate", self.learning_rate), ("temperature", self.temperature)):
            if not value > 0:
                raise BadInput(f"training recipe: {name} = {value} must be positive")


FULL_PRECISION_RECIPE = TrainingRecipe(epochs=30, patience=10, learning_rate=1e-3, temperature=1.0)


def recipe_of(kind: ModelKind) -> TrainingRecipe:
    """The recipe by which a kind of network is trained."""
    return TrainingRecipe() if kind.is_binarized else FULL_PRECISION_RECIPE
