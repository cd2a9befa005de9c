"""A compiled chip that runs beside this program: levels for its inputs go in, changes of its outputs come back."""

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from hw.simulate.verilator.program import CompileError, compile_program

HARNESS = Path(__file__).with_name("pins.cpp")
MOST_PINS = 32  # in either direction; the harness keeps them in a word

RUN = np.dtype([("clocks", "<u4"), ("levels", "<u4"), ("quiet", "<u4")])
"""So many clocks with such levels, or until the outputs, once moved, have been quiet for some; see `pins.cpp`."""
CHANGE = np.dtype([("clock", "<u8"), ("levels", "<u4")])
"""Levels of the outputs from a clock on."""


@dataclass(frozen=True)
class Pins:
    """A top module, all of whose ports are single bits.

    Attributes:
        top: its name.
        clock: its clock's port.
        inputs: its other inputs, and their levels while nothing happens.
        outputs: its outputs.

    Raises:
        ValueError: if it has more than 32 inputs or outputs.
    """

    top: str
    clock: str
    inputs: Mapping[str, int]
    outputs: Sequence[str]

    def __post_init__(self) -> None:
        if max(len(self.inputs), len(self.outputs)) > MOST_PINS:
            raise ValueError(f"{self.top}: at most {MOST_PINS} inputs and outputs can be simulated through the pins")

    @property
    def verilog(self) -> str:
        """Text of the module `bench`."""
        pins = [f".{self.clock}(clk)"]
        pins += [f".{name}(pins_in[{place}])" for place, name in enumerate(self.inputs)]
        pins += [f".{name}(pins_out[{place}])" for place, name in enumerate(self.outputs)]
        n_in, n_out = len(self.inputs), len(self.outputs)
        return (
            f"module bench(input clk, input [{n_in - 1}:0] pins_in, output [{n_out - 1}:0] pins_out);\n"
            f"    {self.top} chip({', '.join(pins)});\n"
            "endmodule\n"
        )

    def levels(self, **given: int) -> int:
        """A word of levels for the inputs: those given by name, all others as while nothing happens."""
        levels = {**self.inputs, **given}
        return sum(levels[name] << place for place, name in enumerate(self.inputs))

    def compile(self, sources: Mapping[str, str], cache: Path, *, cells: int, options: Sequence[str] = ()) -> Path:
        """The program of the chip; arguments and errors as for `compile_program`."""
        sources = {"bench.sv": self.verilog, **sources}
        return compile_program(sources, cache, cells=cells, options=options, harness=HARNESS)


@dataclass
class Wire:
    """An output as it was: low at first, then as its changes say."""

    clocks: NDArray[np.int64] = field(default_factory=lambda: np.zeros(1, np.int64))
    levels: NDArray[np.int64] = field(default_factory=lambda: np.zeros(1, np.int64))

    def add(self, clocks: NDArray[np.int64], levels: NDArray[np.int64]) -> None:
        """Note its level in clocks in which any output has changed."""
        changed = np.diff(levels, prepend=self.levels[-1]) != 0
        self.clocks = np.append(self.clocks, clocks[changed])
        self.levels = np.append(self.levels, levels[changed])

    def at(self, clocks: NDArray[np.int64]) -> NDArray[np.int64]:
        """The level in each clock."""
        return self.levels[np.searchsorted(self.clocks, clocks, side="right") - 1]

    def falls(self, begin: int) -> int | None:
        """The first clock from `begin` on in which it is low, having been high."""
        falls = self.clocks[1:][(np.diff(self.levels) < 0) & (self.clocks[1:] >= begin)]
        return int(falls[0]) if falls.size else None

    def forget(self, end: int) -> None:
        """Drop what was before `end`, but for the level there."""
        first = np.searchsorted(self.clocks, end, side="right") - 1
        self.clocks, self.levels = self.clocks[first:], self.levels[first:]


@dataclass
class Session:
    """A chip at work, as `running` gives it.

    Attributes:
        pins: of the chip.
        clock: clocks so far.
        wires: its outputs, by name.
    """

    pins: Pins
    to_chip: IO[bytes]
    from_chip: IO[bytes]
    clock: int = field(default=0, init=False)
    wires: dict[str, Wire] = field(init=False)

    def __post_init__(self) -> None:
        self.wires = {name: Wire() for name in self.pins.outputs}

    def play(
        self, levels: NDArray[np.integer] | int, clocks: NDArray[np.integer] | int = 1, quiet: int = 0
    ) -> NDArray[np.int64]:
        """Put words of levels on the inputs, one after another, each for its clocks.

        Args:
            levels: as `Pins.levels` gives them.
            clocks: how long each lasts.
            quiet: clocks of rest of the outputs, once they have moved, that end one of them early; 0: none do.

        Returns:
            The clock with which each began, if none ended early.
        """
        lengths = np.broadcast_to(clocks, np.shape(np.atleast_1d(levels)))
        runs = np.zeros(len(lengths), RUN)
        runs["clocks"], runs["levels"], runs["quiet"] = lengths, levels, quiet
        begins = self.clock + np.cumsum(lengths, dtype=np.int64) - lengths
        self.to_chip.write(np.uint32(len(runs)).tobytes() + runs.tobytes())
        self.to_chip.flush()
        self.clock = int(np.frombuffer(self._read(8), "<u8")[0])
        n_changes = int(np.frombuffer(self._read(4), "<u4")[0])
        changes = np.frombuffer(self._read(n_changes * CHANGE.itemsize), CHANGE)
        for place, wire in enumerate(self.wires.values()):
            wire.add(changes["clock"].astype(np.int64), changes["levels"].astype(np.int64) >> place & 1)
        return begins

    def _read(self, n: int) -> bytes:
        received = self.from_chip.read(n)
        if len(received) != n:
            raise CompileError("the compiled simulation of the chip broke off")
        return received


@contextmanager
def running(program: Path, pins: Pins) -> Iterator[Session]:
    """A chip's program, from its first clock on, until the end of the block.

    Raises:
        CompileError: if the program breaks off.
    """
    command = [program.resolve()]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None and process.stdout is not None
        try:
            yield Session(pins, process.stdin, process.stdout)
        except BaseException:  # an interruption too; else the program would run on
            process.kill()
            raise
