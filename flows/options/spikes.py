"""How spikes are detected, aligned, cut and quantized."""

from typing import Annotated

from typer import Option

from flows.settings.spikes import Align

_PANEL = "Spikes"

ThresholdSigmas = Annotated[
    float,
    Option("--threshold-sigmas", help="Detection threshold, in noise levels.", rich_help_panel=_PANEL),
]
LowHz = Annotated[float, Option("--low-hz", help="Lower edge of the band, in Hz.", rich_help_panel=_PANEL)]
HighHz = Annotated[float, Option("--high-hz", help="Upper edge of the band, in Hz.", rich_help_panel=_PANEL)]
ZeroPhase = Annotated[
    bool,
    Option(
        "--zero-phase",
        help="Filter forward and backward, which hardware cannot; otherwise causally.",
        rich_help_panel=_PANEL,
    ),
]
AlignOn = Annotated[
    Align, Option("--align", help="Deflection that is detected and aligned on.", rich_help_panel=_PANEL)
]
Upsampling = Annotated[
    int, Option("--upsampling", help="Align on a grid this many times finer.", rich_help_panel=_PANEL)
]
Window = Annotated[int, Option("--window", help="Samples of a spike's window.", rich_help_panel=_PANEL)]
Differences = Annotated[
    int,
    Option(
        "--differences",
        help="How often samples beside each other are subtracted before the network; 0: as they are.",
        rich_help_panel=_PANEL,
    ),
]
Bits = Annotated[int, Option("--bits", help="Bits of a sample in hardware.", rich_help_panel=_PANEL)]
