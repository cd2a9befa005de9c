"""A recording that a trained network sorts, and how that is written."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from flows.settings.inputs import require_readable
from flows.settings.require import require

SortingFormat = Literal["spikeinterface", "npz", "nwb", "phy"]


@dataclass(frozen=True)
class SortSettings:
    """A recording that a trained network sorts."""

    # Recording to sort; None takes the run's own spikes.
    recording: Path | None = None
    # Format of what is written.
    written_as: SortingFormat = "spikeinterface"
    # Lead of the best score below which a spike is unsorted; None takes what the network's file states.
    unsorted_margin: int | None = None

    def __post_init__(self) -> None:
        margin = self.unsorted_margin
        require_readable("--recording", self.recording)
        require(margin is None or margin >= 0, "--unsorted-margin", margin, "a lead from 0 (never unsorted) on")
