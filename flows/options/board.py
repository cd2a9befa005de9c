"""The chip around the gateware, on a board, and the board's loader."""

from typing import Annotated

from typer import Option

from flows.settings.board import ChipSettings, Transport

_PANEL = "Board"

OnBoard = Annotated[
    str,
    Option("--board", help="Board, whose constraint file says pins and clock.", rich_help_panel=_PANEL),
]
ChipClockMhz = Annotated[
    float | None,
    Option(
        "--clock-mhz",
        help="Clock of the chip, made by the device's PLL.",
        show_default="the board's oscillator",
        rich_help_panel=_PANEL,
    ),
]
TransportOf = Annotated[
    Transport, Option("--transport", help="What the host talks to the chip over.", rich_help_panel=_PANEL)
]
ChipBaud = Annotated[int, Option("--baud", help="Bits a second of the UART.", rich_help_panel=_PANEL)]
Scores = Annotated[
    bool, Option("--scores/--no-scores", help="Answers tell the best score too.", rich_help_panel=_PANEL)
]
PlacementSeed = Annotated[
    int,
    Option(
        "--seed",
        help="Of the first placement; where it misses the clock, the next ones are tried.",
        rich_help_panel=_PANEL,
    ),
]
Attempts = Annotated[int, Option("--attempts", help="Placements that are tried.", rich_help_panel=_PANEL)]
SpikesThroughPins = Annotated[
    int,
    Option(
        "--spikes",
        help="Spikes that go through the simulated chip, mapped onto its cells, over its pins; 0 for none.",
        rich_help_panel=_PANEL,
    ),
]
NativeTools = Annotated[
    bool,
    Option(
        "--native-tools",
        help="Run yosys, nextpnr and the packer that are on PATH in place of the installed packages.",
        rich_help_panel=_PANEL,
    ),
]
RunLoader = Annotated[bool, Option("--run", help="Run the command too: the board is plugged in.")]


def chip(
    *,
    board: OnBoard = ChipSettings.board,
    clock_mhz: ChipClockMhz = None,
    transport: TransportOf = ChipSettings.transport,
    baud: ChipBaud = ChipSettings.baud,
    scores: Scores = ChipSettings.scores,
    seed: PlacementSeed = ChipSettings.seed,
    attempts: Attempts = ChipSettings.attempts,
    spikes: SpikesThroughPins = ChipSettings.spikes,
    native_tools: NativeTools = False,
) -> ChipSettings:
    """The chip around the gateware, on a board."""
    return ChipSettings(board, clock_mhz, transport, baud, scores, seed, attempts, spikes, native_tools)
