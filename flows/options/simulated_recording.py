"""The ground-truth recording that is simulated where none is read."""

from pathlib import Path
from typing import Annotated

from typer import Option

_PANEL = "Simulated recording"

Templates = Annotated[
    Path | None,
    Option(
        "--templates",
        help="Mean waveforms (.npz) that a simulated recording is made of, in place of parametric shapes.",
        metavar="FILE",
        show_default=False,
        rich_help_panel=_PANEL,
    ),
]
DurationS = Annotated[
    float, Option("--duration-s", help="Length of the recording, in seconds.", rich_help_panel=_PANEL)
]
Units = Annotated[int, Option("--units", help="Units that fire.", rich_help_panel=_PANEL)]
Similarity = Annotated[
    float,
    Option(
        "--similarity",
        help="Mean correlation of the units: 0.6 easy, 0.8, 0.9 hard, 0.96.",
        rich_help_panel=_PANEL,
    ),
]
Noise = Annotated[
    float,
    Option("--noise", help="Background noise as a fraction of spike amplitude.", rich_help_panel=_PANEL),
]
Channels = Annotated[int, Option("--channels", help="Electrode channels.", rich_help_panel=_PANEL)]
FiringHz = Annotated[float, Option("--firing-hz", help="Mean firing rate of a unit, in Hz.", rich_help_panel=_PANEL)]
SamplingHz = Annotated[float, Option("--sampling-hz", help="Samples a second, in Hz.", rich_help_panel=_PANEL)]
Drift = Annotated[
    float,
    Option(
        "--drift",
        help="Change of amplitude from start to end, as a fraction of it.",
        rich_help_panel=_PANEL,
    ),
]
