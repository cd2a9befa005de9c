"""Spikes that a sorter has to keep up with, at the lowest power."""

from typing import Annotated

from typer import Option

_PANEL = "Spikes to keep up with"

SpikeRate = Annotated[
    float | None,
    Option(
        "--rate", help="Spikes a second of one channel.", show_default="1, 10, 50 and 100", rich_help_panel=_PANEL
    ),
]
SharingChannels = Annotated[int, Option("--channels", help="Channels that share one sorter.", rich_help_panel=_PANEL)]
WithinMs = Annotated[
    float,
    Option(
        "--within-ms",
        help="From a spike's last sample to its class, for 99 spikes of 100: waiting and computing.",
        rich_help_panel=_PANEL,
    ),
]
MostMhz = Annotated[
    float,
    Option(
        "--most-mhz",
        help="Fastest clock that is looked at; a design gets none beyond its estimated Fmax.",
        rich_help_panel=_PANEL,
    ),
]
