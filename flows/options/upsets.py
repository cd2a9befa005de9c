"""Bits that are flipped in the memories of the gateware."""

from typing import Annotated

from typer import Option

_PANEL = "Faults"

MostFlips = Annotated[
    int,
    Option(
        "--most-flips",
        help="Bits flipped at most: 1, 2, 4, ... up to here, or to all bits of a memory.",
        rich_help_panel=_PANEL,
    ),
]
Draws = Annotated[
    int, Option("--draws", help="Random places for each number of flips in each memory.", rich_help_panel=_PANEL)
]
SpikesJudged = Annotated[
    int, Option("--spikes", help="Spikes that accuracy is counted over, at most.", rich_help_panel=_PANEL)
]
