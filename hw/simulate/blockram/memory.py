"""A block memory as its one reader and its one writer see it: Yosys makes nothing else of the memories here."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from hw.errors import BadInput

Bit = int | str
"""A net's number, or "0", "1" or "x", as in Yosys's JSON."""


@dataclass(frozen=True)
class Reader:
    """The port that reads: after a clock with `enable`, the word at `address` (low bit first, of single bits)."""

    clock: Bit
    enable: Bit
    address: list[Bit]
    word: list[Bit]


@dataclass(frozen=True)
class Writer:
    """The port that writes, in a clock with both of `enables`, those nine bits of a word that `lanes` choose."""

    clock: Bit
    enables: tuple[Bit, Bit]
    lanes: list[Bit]
    address: list[Bit]
    word: list[Bit]


@dataclass(frozen=True)
class BlockMemory:
    """A block memory.

    Attributes:
        reader: its reader.
        writer: its writer; None where it is only read.
        contents: initial bits, high ones first, in groups of nine of which an address counts the low eight.
        collisions_open: whether the device leaves open what is read in the clock in which it is written.
    """

    reader: Reader
    writer: Writer | None
    contents: str
    collisions_open: bool

    @classmethod
    def of(
        cls, cell: str, ports: Iterable[Reader | Writer], contents: str, *, collisions_open: bool
    ) -> "BlockMemory":
        """The memory with these ports.

        Raises:
            BadInput: if there are more of them, or clocks differ; `cell` begins the message.
        """
        found = tuple(ports)
        readers = [port for port in found if isinstance(port, Reader)]
        writers = [port for port in found if isinstance(port, Writer)]
        if len(readers) != 1 or len(writers) > 1 or len({port.clock for port in found}) > 1:
            raise BadInput(f"{cell} is modelled with one reader and at most one writer, of the same clock")
        return cls(readers[0], writers[0] if writers else None, contents, collisions_open)


def check_parameters(cell: str, parameters: Mapping[str, Any], expected: Mapping[str, str | int]) -> None:
    """Refuse a parameter that is there and is not as expected.

    Raises:
        BadInput: if there is one; `cell` begins the message.
    """
    for name, right in expected.items():
        if (found := parameters.get(name, right)) != right:
            raise BadInput(f"{cell} with {name} {found} is not modelled, only with {right}")


def check_low(cell: str, pins: Mapping[str, list[Bit]], names: Iterable[str]) -> None:
    """Refuse a signal at pins that are to be constant 0.

    Raises:
        BadInput: if there is one; `cell` begins the message.
    """
    for name in names:
        if pins[name][0] not in ("0", "x"):
            raise BadInput(f"{cell} with a signal at {name} is not modelled, only with constant 0")
