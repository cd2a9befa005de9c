"""What makes a design's clock on a board."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from math import floor

from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hw.boards.board import CLOCK, Board
from hw.clocks.ecp5 import Ecp5Pll, ecp5_pll
from hw.clocks.frequency import exact_mhz
from hw.clocks.ice40 import Ice40Pll, ice40_pll
from hw.errors import BadInput

# By device and package, the pin that leads to the PLL alone when the PLL is in use (Lattice, pin-out of the device).
_PLL_PADS = {("up5k", "sg48"): "35"}


@dataclass(frozen=True)
class Oscillator:
    """The board's oscillator itself.

    Attributes:
        input_mhz: its frequency.
    """

    input_mhz: Fraction

    @property
    def output_mhz(self) -> Fraction:
        """Frequency of the clock that comes out."""
        return self.input_mhz

    def circuit(self) -> "OscillatorCircuit":
        """A wire."""
        return OscillatorCircuit()


class OscillatorCircuit(wiring.Component):
    """`clk_in` is `clk_out`, and `locked` always."""

    def __init__(self) -> None:
        super().__init__({"clk_in": In(1), "clk_out": Out(1), "locked": Out(1)})

    def elaborate(self, platform: object) -> Module:
        """The wire."""
        m = Module()
        m.d.comb += [self.clk_out.eq(self.clk_in), self.locked.eq(1)]
        return m


ClockSource = Oscillator | Ice40Pll | Ecp5Pll


def clock_source(board: Board, wanted_mhz: float | None) -> ClockSource:
    """What makes a clock of the frequency wanted, or the nearest to it, from the board's oscillator.

    Args:
        board: its file says the oscillator's frequency.
        wanted_mhz: None for the oscillator's own.

    Raises:
        BadInput: if the device's PLL cannot make it, or the project has none for the family.
    """
    given = exact_mhz(board.clock_mhz)
    if wanted_mhz is None or exact_mhz(wanted_mhz) == given:
        return Oscillator(given)
    if board.device.family == "ice40":
        pad = _PLL_PADS.get((board.device.name, board.package))
        return ice40_pll(board.clock_mhz, wanted_mhz, from_pad=board.constraints.pins[CLOCK] == pad)
    if board.device.family == "ecp5":
        return ecp5_pll(board.clock_mhz, wanted_mhz)
    raise BadInput(
        f"board {board.name}: a clock of {wanted_mhz:g} MHz cannot be made, {board.device.name} runs at the "
        f"oscillator's {board.clock_mhz:g} MHz"
    )


def clocks_below(board: Board, most_mhz: float) -> Iterator[float]:
    """Clocks of at most so many MHz that the board makes, the greatest first: the oscillator's, and in whole MHz."""
    for wanted in sorted({board.clock_mhz, *range(1, floor(most_mhz) + 1)}, reverse=True):
        with suppress(BadInput):  # the PLL does not reach everywhere
            if clock_source(board, wanted).output_mhz <= most_mhz:
                yield wanted
