"""Variants of the 1-bit network's training, for an ablation: what each ingredient of the recipe is worth."""

from dataclasses import dataclass, replace

from qat.models import ModelBuilder
from qat.training.recipe import TrainingRecipe


@dataclass(frozen=True)
class Variant:
    """One training of the 1-bit network that differs from the chosen one in a single thing."""

    name: str
    in_words: str
    recipe: TrainingRecipe
    teacher: str | None = None  # name of the kind of network (`qat.models.MODELS`) that it is distilled from

    def builder(self, build_model: ModelBuilder, bits: int) -> ModelBuilder:
        """The network to train, with this variant's encoding of inputs of `bits` bits in front of it."""
        return build_model


_CHOSEN = TrainingRecipe()

VARIANTS = (
    Variant("chosen", "the recipe that `spikeloom train` uses", _CHOSEN),
    Variant("no-overlaps", "without spikes that have another one added", replace(_CHOSEN, overlap_share=0.0)),
)
"""The recipe that is used, first, and what becomes of it when one ingredient is left out or put in."""
