"""DP16KD, 18 kbit in ECP5: Lattice FPGA-TN-02204.

Words of 18 and 36 bits have a byte enable for each nine of them in the low bits of the address. A word of 36 bits
takes the data pins of both ports, port A's below. Where Yosys puts the bits is in `lattice/brams_map_16kd.v`.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from hw.simulate.blockram.memory import Bit, BlockMemory, Reader, Writer, check_low, check_parameters

KIND = "DP16KD"

_EXPECTED: Mapping[str, str | int] = {
    **{f"REGMODE_{port}": "NOREG" for port in "AB"},
    **{f"CSDECODE_{port}": "0b000" for port in "AB"},
    **{f"CLK{port}MUX": f"CLK{port}" for port in "AB"},
}
_LOW = (*(f"RST{port}" for port in "AB"), *(f"CS{port}{pin}" for port in "AB" for pin in range(3)))


def memory_of(cell: str, parameters: Mapping[str, Any], pins: Mapping[str, list[Bit]]) -> BlockMemory:
    """The memory that a cell is.

    Raises:
        BadInput: if it is set up in a way that is not modelled; `cell` begins the message.
    """
    check_parameters(cell, parameters, _EXPECTED)
    check_low(cell, pins, _LOW)
    return BlockMemory.of(cell, _ports(parameters, pins), _contents(parameters), collisions_open=True)


def _ports(parameters: Mapping[str, Any], pins: Mapping[str, list[Bit]]) -> Iterator[Reader | Writer]:
    """Those that are ever enabled."""
    for port in "AB":
        width = parameters[f"DATA_WIDTH_{port}"]
        clock, enable, write = (pins[name + port][0] for name in ("CLK", "CE", "WE"))
        if enable == "0":
            continue
        address = [pins[f"AD{port}{bit}"][0] for bit in range(14)]
        way = "DO" if write == "0" else "DI"
        word = [pins[f"{way}{side}{bit}"][0] for side in ("AB" if width == 36 else port) for bit in range(18)][:width]
        if write == "0":
            yield Reader(clock, enable, address, word)
        else:
            yield Writer(clock, (enable, write), address[: width // 9] if width > 9 else ["1"], address, word)


def _contents(parameters: Mapping[str, Any]) -> str:
    """Each parameter holds 16 words of 18 bits, each in 20."""
    rows = "".join(f"{parameters[f'INITVAL_{row:02X}']:0320b}" for row in reversed(range(64)))
    return "".join(rows[at + 2 : at + 20] for at in range(0, len(rows), 20))
