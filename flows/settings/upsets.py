"""Upsets of the gateware's memories."""

from dataclasses import dataclass

from flows.settings.require import MOST_INPUTS, require, require_seed

_MOST_DRAWS = 10_000  # far beyond what a mean asks for


@dataclass(frozen=True)
class UpsetSettings:
    """Bits that are flipped in the memories of the gateware."""

    # Flips grow in powers of two up to here, or to the bits of a memory.
    most_flips: int = 1024
    # Random places for each number of flips in each memory.
    draws: int = 20
    # Spikes that accuracy is counted over.
    spikes: int = 1000
    # Of the places, and of random inputs.
    seed: int = 0

    def __post_init__(self) -> None:
        require(self.most_flips >= 1, "--most-flips", self.most_flips, "at least 1")
        require(1 <= self.draws <= _MOST_DRAWS, "--draws", self.draws, f"1 to {_MOST_DRAWS}")
        require(1 <= self.spikes <= MOST_INPUTS, "--spikes", self.spikes, f"1 to {MOST_INPUTS}")
        require_seed(self.seed)
