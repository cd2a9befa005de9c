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
    str | None,
    Option(
        "--differences",
        help="Orders of the differences between samples that the network is given, an input a sample each: 0 (the "
        "samples), 1, 2. Fewer make the first layer smaller.",
        metavar="N,N,...",
        show_default="1,2 for one channel, 2 for more",
        rich_help_panel=_PANEL,
    ),
]
Bits = Annotated[int, Option("--bits", help="Bits of a sample in hardware.", rich_help_panel=_PANEL)]
