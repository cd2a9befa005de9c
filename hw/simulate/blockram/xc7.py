"""RAMB18E1 and RAMB36E1, 18 and 36 kbit in the 7 series: AMD UG473.

A word that is twice as wide as a port (simple dual port) takes the data pins of both, port A's below. A word that the
other port writes in the same clock, in mode READ_FIRST, is read as it was. The ninth bit of each byte has pins and
initial contents of its own; where Yosys puts the bits is in `xilinx/brams_defs.vh`.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from hw.simulate.blockram.memory import Bit, BlockMemory, Reader, Writer, check_low, check_parameters

KINDS = {"RAMB18E1": 14, "RAMB36E1": 15}
"""Bits of an address."""

_EXPECTED: Mapping[str, str | int] = {
    **{f"DO{port}_REG": 0 for port in "AB"},
    **{f"WRITE_MODE_{port}": "READ_FIRST" for port in "AB"},
    **{f"RAM_EXTENSION_{port}": "NONE" for port in "AB"},
    **{f"EN_ECC_{way}": "FALSE" for way in ("READ", "WRITE")},
}
_LOW = ("RSTRAMARSTRAM", "RSTRAMB")
_CONTROLS = {
    "A": ("CLKARDCLK", "ENARDEN", "ADDRARDADDR", "WEA"),
    "B": ("CLKBWRCLK", "ENBWREN", "ADDRBWRADDR", "WEBWE"),
}
_OUT = {"A": ("DOADO", "DOPADOP"), "B": ("DOBDO", "DOPBDOP")}
_IN = {"A": ("DIADI", "DIPADIP"), "B": ("DIBDI", "DIPBDIP")}


def memory_of(kind: str, cell: str, parameters: Mapping[str, Any], pins: Mapping[str, list[Bit]]) -> BlockMemory:
    """The memory that a cell is.

    Raises:
        BadInput: if it is set up in a way that is not modelled; `cell` begins the message.
    """
    check_parameters(cell, parameters, _EXPECTED)
    check_low(cell, pins, _LOW)
    ports = _ports(KINDS[kind], parameters, pins)
    return BlockMemory.of(cell, ports, _contents(KINDS[kind], parameters), collisions_open=False)


def _ports(
    address_bits: int, parameters: Mapping[str, Any], pins: Mapping[str, list[Bit]]
) -> Iterator[Reader | Writer]:
    """Those that have a width."""
    for port, names in _CONTROLS.items():
        (clock, *_), (enable, *_), address, lanes = (pins[name] for name in names)
        if width := parameters[f"READ_WIDTH_{port}"]:
            yield Reader(clock, enable, address[:address_bits], _word(pins, _OUT, port, width))
        if width := parameters[f"WRITE_WIDTH_{port}"]:
            word = _word(pins, _IN, port, width)
            yield Writer(clock, (enable, "1"), lanes[: max(1, width // 9)], address[:address_bits], word)


def _word(pins: Mapping[str, list[Bit]], sides: Mapping[str, tuple[str, str]], port: str, width: int) -> list[Bit]:
    own = sides[port]
    port_width = len(pins[own[0]]) + len(pins[own[1]])
    word: list[Bit] = []
    for data, ninths in (own,) if width <= port_width else sides.values():
        for lane, ninth in enumerate(pins[ninths]):
            word += [*pins[data][8 * lane : 8 * lane + 8], ninth]
    return word[:width]


def _contents(address_bits: int, parameters: Mapping[str, Any]) -> str:
    rows = (1 << address_bits) // 256
    eights, ninths = (
        "".join(f"{parameters[f'{name}_{row:02X}']:0256b}" for row in reversed(range(count)))
        for name, count in (("INIT", rows), ("INITP", rows // 8))
    )
    return "".join(ninth + eights[8 * at : 8 * at + 8] for at, ninth in enumerate(ninths))
