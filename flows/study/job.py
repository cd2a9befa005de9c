"""One piece of the study: a model, fitted to one draw of a data set, and what it is scored with."""

from dataclasses import dataclass
from typing import Literal

Labels = Literal["pseudo", "pseudo-given", "baseline", "true"]
"""What a model learns from: the pre-sorter's labels, the number of its units chosen by the data or given; those of
the baseline, which is told the true number; the true units."""

ONE_BIT = "one-bit"
"""The network of which variants are trained."""
PRESORTER = "pre-sorter"
"""Stands for a model where the labels themselves are scored."""
CHOSEN = "chosen"
"""The variant of the training that is not varied."""
BITS = 8


def numbered(orders: tuple[int, ...]) -> str:
    """Orders of differences as a table shows them: `1+2`."""
    return "+".join(map(str, orders))


@dataclass(frozen=True)
class Job:
    """One row of the study; the same job gives the same row."""

    data_set: str
    seed: int
    """Draws the recording (of a file: the split, where it is random) and the model's first weights."""
    model: str
    """Name of a kind of network, of a classical classifier, or `PRESORTER`."""
    labels: Labels = "pseudo"
    variant: str = CHOSEN
    """Name of a variant of the training."""
    bits: int = BITS
    """Bits of an input sample."""
    differences: tuple[int, ...] | None = None
    """Orders of differences between samples that the network is given; None = those that the channels ask for
    (`SpikeSpec.orders_for`)."""
    hidden: int | None = None
    """Width of both hidden layers; None = the kind's own."""
    training_spikes: int | None = None
    """The first so many of the training part alone are seen, by the pre-sorter too; None = all."""
    shift: int = 0
    """Samples by which test windows are cut too late; the model is fitted to windows that stand right."""

    def __str__(self) -> str:
        parts = [self.model, self.data_set, f"seed {self.seed}"]
        parts += [] if self.labels == "pseudo" else [f"{self.labels} labels"]
        parts += [] if self.variant == CHOSEN else [f"variant {self.variant}"]
        parts += [] if self.bits == BITS else [f"{self.bits} bits"]
        parts += [] if self.differences is None else [f"differences {numbered(self.differences)}"]
        parts += [] if self.hidden is None else [f"width {self.hidden}"]
        parts += [] if self.training_spikes is None else [f"{self.training_spikes} training spikes"]
        parts += [] if self.shift == 0 else [f"shift {self.shift:+d}"]
        return ", ".join(parts)
