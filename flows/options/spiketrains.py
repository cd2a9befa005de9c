"""A recording that a trained network sorts, and what its spike trains are written as."""

from pathlib import Path
from typing import Annotated

from typer import Option

from flows.settings.spiketrains import SortingFormat

SortedRecording = Annotated[
    Path | None,
    Option(
        "--recording",
        help="Recording to sort instead of the run's own: its channels, its rate. Phy wants it, unless simulated.",
        show_default=False,
    ),
]
WrittenAs = Annotated[
    SortingFormat,
    Option("--format", help="A SpikeInterface folder, its .npz, an NWB file, or a folder for Phy."),
]
