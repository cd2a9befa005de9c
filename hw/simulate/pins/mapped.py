"""A chip as synthesis has mapped it, asked and answered through its pins like the board that it is made for."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from amaranth.lib.wiring import Flow
from numpy.typing import NDArray

from hw.boards.board import CLOCK
from hw.chip.chip import TOP_NAME, Chip, Transport
from hw.driver.sorter import connect
from hw.link.protocol import SortAnswer, design_digest
from hw.link.spi import CLOCKS_PER_BIT
from hw.simulate.blockram.cells import MODEL, with_plain_memories
from hw.simulate.pins.session import Pins, Session, running
from hw.simulate.pins.spi import SpiLine
from hw.simulate.pins.uart import UartLine
from hw.simulate.synthesised import verilog_of
from hw.tools.yosys import cell_library

PLL_MODEL = Path(__file__).with_name("pll.v")
_TIMEOUT_S = 600.0  # of this machine's time, in which the chip's may pass slowly


@dataclass(frozen=True)
class Sorted:
    """What came of windows that were sent to a chip.

    Attributes:
        answers: one for each window.
        clocks: of the chip, from power-on to the last answer.
    """

    answers: tuple[SortAnswer, ...]
    clocks: int


def pins_of(chip: Chip) -> Pins:
    """The pins of a chip, no button held and its line at rest."""
    ports = {name: member for name, member in chip.ports.items() if name != CLOCK}
    inputs = {name: int(member.init or 0) for name, member in ports.items() if member.flow is Flow.In}
    return Pins(TOP_NAME, CLOCK, inputs, [name for name in ports if name not in inputs])


def sort_through_pins(
    chip: Chip,
    program: Path,
    windows: NDArray[np.integer],
    progress: Callable[[float], None] | None = None,
) -> Sorted:
    """Send spike windows to a compiled chip through its pins, one after another, and take the answers.

    Args:
        chip: what was compiled.
        program: of the chip behind `pins_of`.
        windows: integers `[n, n_inputs]` in the input format.
        progress: called with the fraction of windows done.

    Raises:
        BadInput: if the program holds another design.
        NoResult: if it does not answer.
    """
    network, schedule = chip.accelerator.network, chip.accelerator.schedule
    with running(program, pins := pins_of(chip)) as session:
        session.play(pins.levels(), 2 * chip.reset.clocks)
        sorter = connect(_line(chip, session), design_digest(network.to_json(), schedule.to_json()), _TIMEOUT_S)
        answers = tuple(sorter.sort_all(windows, progress))
        return Sorted(answers, session.clock)


def compile_mapped(chip: Chip, mapped: Path, cache: Path) -> Path:
    """A program of a chip as synthesis has mapped it, behind `pins_of`.

    Cells are those of Yosys's library, block memories of ECP5 those of `hw.simulate.blockram`; a PLL is a wire.

    Args:
        chip: what was mapped.
        mapped: netlist in Yosys's JSON.
        cache: folder for compiled programs, each under the digest of what it was made from.

    Raises:
        BadInput: if the machine lacks a compiler.
        CompileError: if compiling fails.
    """
    module = json.loads(mapped.read_text(encoding="utf-8"))["modules"][TOP_NAME]
    library = cell_library(chip.board.device)
    sources = {
        "mapped.v": verilog_of(TOP_NAME, with_plain_memories(module)),
        **{model.name: model.read_text(encoding="utf-8") for model in (MODEL, PLL_MODEL)},
    }
    # Of a library only the cells that the netlist has, and that have no model here, are compiled.
    options = ("-v", str(library), f"-I{library.parent}")
    return pins_of(chip).compile(sources, cache, cells=len(module["cells"]), options=options)


def _line(chip: Chip, session: Session) -> UartLine | SpiLine:
    """The host's end of the line; it waits for as long as a window and its inference take."""
    patience = 100 * chip.accelerator.schedule.quiet_cycles
    if chip.transport is Transport.SPI:
        return SpiLine(session, CLOCKS_PER_BIT // 2, patience)
    return UartLine(session, chip.divisor, patience)
