"""Variants of the 1-bit network's training, for an ablation: what each ingredient of the recipe is worth."""

from dataclasses import dataclass, replace

from torch import nn

from qat.models import ModelBuilder
from qat.training.encoding import Encoding, Thermometer
from qat.training.recipe import TrainingRecipe

TEACHER = "twin"
"""Name of the kind of network that the 1-bit network is distilled from; it is trained on the same spikes."""


@dataclass(frozen=True)
class Variant:
    """One training of the 1-bit network that differs from the chosen one in a single thing."""

    name: str
    in_words: str
    recipe: TrainingRecipe
    teacher: str | None = TEACHER  # name of the kind of network (`qat.models.MODELS`) that it is distilled from
    encoding: Encoding | None = None  # None: the network takes the integers themselves

    def builder(self, build_model: ModelBuilder, bits: int) -> ModelBuilder:
        """The network to train, with this variant's encoding of inputs of `bits` bits in front of it."""
        encoding = self.encoding
        if encoding is None:
            return build_model

        def build_encoded(n_inputs: int, n_units: int) -> nn.Sequential:
            network = build_model(encoding.outputs_of(n_inputs), n_units)
            return nn.Sequential(encoding.module(n_inputs, bits), *network)

        return build_encoded


_CHOSEN = TrainingRecipe()
_LEVELS = 15

VARIANTS = (
    Variant("chosen", "the training that `spikeloom train` uses", _CHOSEN),
    Variant("no-distillation", "without a teacher", _CHOSEN, teacher=None),
    Variant("cnn-teacher", "distilled from the CNN in place of the twin", _CHOSEN, teacher="cnn"),
    Variant("no-spread", "all thresholds start at the mean", replace(_CHOSEN, threshold_spread=0.0)),
    Variant("no-whitening", "the first layer's gradient as it is", replace(_CHOSEN, whiten_gradients=False)),
    Variant("no-averaging", "the last step's weights", replace(_CHOSEN, averaged_share=0.0)),
    Variant("no-noise", "no noise added", replace(_CHOSEN, noise_factor=0.0)),
    Variant("no-overlaps", "no spike added to others", replace(_CHOSEN, overlap_share=0.0)),
    Variant("no-shifts", "no spike moved", replace(_CHOSEN, most_shift_samples=0)),
    Variant("smoothed", "a tenth of the label spread over all units", replace(_CHOSEN, label_smoothing=0.1)),
    Variant("constant-rate", "the learning rate stays", replace(_CHOSEN, schedule="constant")),
    Variant(
        "thermometer",
        "samples as 15 bits each, even thresholds",
        _CHOSEN,
        encoding=Thermometer(_LEVELS, learned=False),
    ),
    Variant(
        "learned-code",
        "samples as 15 bits each, learned thresholds",
        _CHOSEN,
        encoding=Thermometer(_LEVELS, learned=True),
    ),
)
"""The training that is used, first, and what becomes of it when one ingredient is left out or put in."""
