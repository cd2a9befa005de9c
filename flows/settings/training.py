"""Pre-sorting, and training on the labels that it gives."""

from dataclasses import dataclass
from typing import Literal

from flows.settings.require import MOST_SEED, is_seed, joined, require, require_seed

UnsortedMargin = int | Literal["auto", "off"]


@dataclass(frozen=True)
class SortingSettings:
    """Unsupervised pre-sorting."""

    # Templates at first, far more than there can be units; the data choose which are one.
    components: int = 30
    # Number of units where it is known; None leaves it to the data.
    units: int | None = None
    # Of the mixtures' starting points.
    seed: int = 0

    def __post_init__(self) -> None:
        require(1 <= self.components <= 64, "--components", self.components, "1 to 64")
        given = self.units is None or 1 <= self.units <= self.components
        require(given, "--sort-units", self.units, f"1 to {self.components}, the number of --components")
        require_seed(self.seed)


@dataclass(frozen=True)
class TrainingSettings:
    """Training of the 1-bit network and of its full-precision twin."""

    # One training each; the network that is best on the validation part is exported.
    seeds: tuple[int, ...] = (0, 1, 2)
    # Passes over the training part, of both networks.
    epochs: int | None = None
    # Units of each hidden layer.
    hidden: tuple[int, ...] = (256, 256)
    # Lead of the best score below which a spike is unsorted: calibrated on the validation part, none, or given.
    unsorted: UnsortedMargin = "auto"

    def __post_init__(self) -> None:
        good_seeds = bool(self.seeds) and all(map(is_seed, self.seeds)) and len(set(self.seeds)) == len(self.seeds)
        wanted = f"one or more different whole numbers from 0 to {MOST_SEED}"
        require(good_seeds, "--seeds", joined(self.seeds), wanted)
        good_epochs = self.epochs is None or 1 <= self.epochs <= 10_000
        require(good_epochs, "--epochs", self.epochs, "1 to 10000")
        good_hidden = bool(self.hidden) and all(1 <= width <= 4096 for width in self.hidden)
        require(good_hidden, "--hidden", joined(self.hidden), "one or more layers of 1 to 4096 units")
        require(
            self.unsorted in ("auto", "off") or (isinstance(self.unsorted, int) and self.unsorted >= 0),
            "--unsorted",
            self.unsorted,
            "auto, off, or a lead from 0 on",
        )
