"""How a network is trained: one recipe and one budget for every kind of network."""

from dataclasses import dataclass, replace
from math import ceil
from typing import Literal

from qat.errors import BadInput
from qat.models import ModelKind

_EPOCHS = 60
Schedule = Literal["cosine", "constant"]


@dataclass(frozen=True)
class TrainingRecipe:
    """How a network is trained. The defaults are for the 1-bit network; `recipe_of` gives every kind's.

    A share or a factor of 0 leaves its ingredient out.
    """

    epochs: int | None = None  # passes over the training spikes; None = 60, or more where `least_steps` ask for them
    least_steps: int = 600  # with few spikes a pass has few steps, so that a network learns little in 60
    batch_size: int = 128  # spikes a step; a batch takes up to twice as many, so that none is left over
    learning_rate: float = 3e-3  # Adam's first step size, a share of the latent weights' range [-1, 1]
    schedule: Schedule = "cosine"  # of the learning rate: down to 0 over the epochs, or not at all
    temperature: float = 32.0  # score counts per unit of softmax logit, in the loss only
    threshold_spread: float = 2.0  # BatchNorm's offsets start within +-it: a layer's signs then tell levels apart
    whiten_gradients: bool = True  # of a first layer that is a matrix, see qat.training.whitening
    overlap_share: float = 0.3  # of the training spikes, anew every epoch, get another one added, shifted
    noise_factor: float = 0.5  # of another training spike's noise, which is added anew every epoch
    most_shift_samples: int = 1  # by which a training spike is moved either way, anew every epoch
    label_smoothing: float = 0.0  # probability that the loss takes from the label and spreads over all units
    averaged_share: float = 0.3  # of the epochs, the last ones, over whose steps the weights are averaged
    distilled_share: float = 0.7  # of the loss compares with the teacher, where there is one
    teacher_temperature: float = 2.0  # by which both logits are divided where they are compared
    min_confidence: float = 0.5  # posterior; pseudo-labels below it are left out of training and validation

    def __post_init__(self) -> None:
        for name, at_least in (
            ("least_steps", 0),
            ("batch_size", 2),
            ("threshold_spread", 0),
            ("noise_factor", 0),
            ("most_shift_samples", 0),
            ("min_confidence", 0),
        ):
            value = getattr(self, name)
            if not value >= at_least:
                raise BadInput(f"training recipe: {name} = {value} must be at least {at_least}")
        if self.epochs is not None and self.epochs < 1:
            raise BadInput(f"training recipe: epochs = {self.epochs} must be at least 1")
        for name in ("overlap_share", "label_smoothing", "averaged_share", "distilled_share"):
            value = getattr(self, name)
            if not 0 <= value <= 1:
                raise BadInput(f"training recipe: {name} = {value} must be 0 to 1")
        for name in ("learning_rate", "temperature", "teacher_temperature"):
            value = getattr(self, name)
            if not value > 0:
                raise BadInput(f"training recipe: {name} = {value} must be positive")

    def epochs_for(self, n_spikes: int) -> int:
        """Passes over so many training spikes."""
        if self.epochs is not None:
            return self.epochs
        return max(_EPOCHS, ceil(self.least_steps / max(1, n_spikes // self.batch_size)))


def recipe_of(kind: ModelKind) -> TrainingRecipe:
    """The recipe by which a kind of network is trained.

    It is the same for every kind but for the temperature, which brings integer scores to the scale of logits.
    """
    return TrainingRecipe() if kind.is_binarized else replace(TrainingRecipe(), temperature=1.0)
