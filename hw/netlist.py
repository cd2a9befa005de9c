"""A circuit as text: RTLIL and Verilog, with the ports that a reader connects."""

import gc
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from amaranth.back import rtlil
from amaranth.hdl import Elaboratable

from hw.accelerator.accelerator import Accelerator
from hw.accelerator.pins import FewPins
from hw.accelerator.top import Ports, PortStyle, Top
from hw.tools.yosys import write_verilog

TOP_NAME = "spikeloom_sorter"


@dataclass(frozen=True)
class Netlist:
    """An emitted design.

    Attributes:
        top: name of the top module.
        rtlil: the design in Yosys's own language.
        ports: its port names and widths.
    """

    top: str
    rtlil: str
    ports: Ports

    @property
    def digest(self) -> str:
        """sha256 of the RTLIL."""
        return hashlib.sha256(self.rtlil.encode()).hexdigest()

    def write(self, folder: Path) -> None:
        """Write `<top>.il` and `<top>.v` into the folder.

        Raises:
            ToolError: if the Verilog cannot be written.
        """
        (folder / f"{self.top}.il").write_text(self.rtlil)
        write_verilog(f"{self.top}.il", f"{self.top}.v", folder)


def emit(accelerator: Accelerator, style: PortStyle = PortStyle.PLAIN) -> Netlist:
    """Emit an accelerator. The same accelerator gives the same text.

    Args:
        accelerator: what to emit.
        style: names of the ports.
    """
    top = Top(accelerator, style)
    return Netlist(TOP_NAME, rtlil_of(top, TOP_NAME), top.ports)


def emit_behind_few_pins(accelerator: Accelerator) -> str:
    """RTLIL of the accelerator behind `FewPins`, with `TOP_NAME` as its top: what is placed to learn its timing."""
    return rtlil_of(FewPins(accelerator), TOP_NAME)


def rtlil_of(top: Elaboratable, name: str) -> str:
    """RTLIL of a component, whose module gets the name. The same component gives the same text."""
    # Source locations would carry the paths of the machine that emitted them.
    with _no_collection():
        return rtlil.convert(top, name=name, emit_src=False)


@contextmanager
def _no_collection() -> Iterator[None]:
    """Let garbage wait: Amaranth makes an object of every memory bit, and to look through them took half the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
