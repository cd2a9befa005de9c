"""A board, and the chip that is built for it."""

from dataclasses import dataclass
from typing import Literal

from flows.settings.require import MOST_INPUTS, require, require_seed
from hw.boards.board import board_named
from hw.link.protocol import BAUD

Transport = Literal["uart", "spi"]


@dataclass(frozen=True)
class ChipSettings:
    """The chip around the gateware, on a board."""

    # Name of the board; it has the device.
    board: str = "icebreaker"
    # Clock of everything on the chip; None takes the board's oscillator.
    clock_mhz: float | None = None
    # What the host talks over.
    transport: Transport = "uart"
    # Bits a second of a UART.
    baud: int = BAUD
    # Answers tell the best score.
    scores: bool = True
    # Of the first placement; where it misses the clock, the next seeds are tried.
    seed: int = 1
    # Placements that are tried.
    attempts: int = 4
    # Spikes that go through the mapped chip, in and out through its pins; 0 simulates none.
    spikes: int = 60
    # Run the machine's own tools in place of those of the package index.
    native_tools: bool = False

    def __post_init__(self) -> None:
        board_named(self.board)
        clock = self.clock_mhz
        require(clock is None or 0 < clock <= 1_000, "--clock-mhz", clock, "more than 0, at most 1000 MHz")
        require(self.baud >= 1, "--baud", self.baud, "at least 1")
        paced = self.transport == "uart" or self.baud == BAUD
        require(paced, "--baud", self.baud, "with --transport spi, none")
        require(1 <= self.attempts <= 100, "--attempts", self.attempts, "1 to 100")
        require(0 <= self.spikes <= MOST_INPUTS, "--spikes", self.spikes, f"0 to {MOST_INPUTS}")
        require_seed(self.seed)
