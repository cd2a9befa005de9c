"""Boards: what is known of each beside its constraint file."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from hw.boards.constraints import Constraints
from hw.boards.read import SUFFIXES, read_constraints
from hw.devices import Device, device_named
from hw.errors import BadInput

CLOCK = "clk"
"""Port of the board's oscillator."""

_FOLDER = Path(__file__).parents[2] / "constraints"


@dataclass(frozen=True)
class Board:
    """A board, or a device with a constraint file of the user's own.

    Pins and frequency stand in the constraint file alone, which is read when one of them is asked for.

    Attributes:
        name: as given on the command line.
        title: maker's name of it, and revision.
        device: the FPGA on it.
        part: the FPGA's ordering name, with package, speed and temperature grade; None on a board of the user's own.
        package: as nextpnr calls it; for xc7 as the vendor's tool does.
        speed: grade of speed, where the family has one.
        file: the constraint file.

    Raises:
        BadInput: if the file's format is not that of the device's family.
    """

    name: str
    title: str
    device: Device
    part: str | None
    package: str
    speed: str | None
    file: Path

    def __post_init__(self) -> None:
        if self.file.suffix != SUFFIXES[self.device.family]:
            wanted = SUFFIXES[self.device.family]
            raise BadInput(f"constraint file {self.file} of device {self.device.name} should end in {wanted}")

    @cached_property
    def constraints(self) -> Constraints:
        """What the constraint file says.

        Raises:
            BadInput: if it cannot be read, or gives port `clk` no pin or no frequency.
        """
        found = read_constraints(self.file)
        if CLOCK not in found.pins or CLOCK not in found.clocks:
            raise BadInput(f"{self.file}: port {CLOCK}, the oscillator, needs a pin and a frequency")
        return found

    @property
    def clock_mhz(self) -> float:
        """Frequency of the oscillator."""
        return self.constraints.clocks[CLOCK]

    @property
    def ports(self) -> frozenset[str]:
        """Names of the ports that have a pin."""
        return frozenset(self.constraints.pins)


BOARDS = {
    board.name: board
    for board in (
        Board(
            "icebreaker",
            "iCEBreaker V1.0",
            device_named("up5k"),
            part="iCE40UP5K-SG48",
            package="sg48",
            speed=None,
            file=_FOLDER / "icebreaker.pcf",
        ),
        Board(
            "hx8k-b-evn",
            "Lattice iCE40HX8K-B-EVN",
            device_named("hx8k"),
            part="iCE40HX8K-CT256",
            package="ct256",
            speed=None,
            file=_FOLDER / "hx8k-b-evn.pcf",
        ),
        Board(
            "ulx3s-25f",
            "Radiona ULX3S 25F",
            device_named("lfe5u-25f"),
            part="LFE5U-25F-6BG381C",
            package="CABGA381",
            speed="6",
            file=_FOLDER / "ulx3s.lpf",
        ),
        Board(
            "ulx3s-85f",
            "Radiona ULX3S 85F",
            device_named("lfe5u-85f"),
            part="LFE5U-85F-6BG381C",
            package="CABGA381",
            speed="6",
            file=_FOLDER / "ulx3s.lpf",
        ),
        Board(
            "orangecrab",
            "OrangeCrab r0.2 25F",
            device_named("lfe5u-25f"),
            part="LFE5U-25F-8MG285C",
            package="CSFBGA285",
            speed="8",
            file=_FOLDER / "orangecrab.lpf",
        ),
        Board(
            "arty-a7-35",
            "Digilent Arty A7-35T",
            device_named("xc7a35t"),
            part="XC7A35TICSG324-1L",
            package="csg324",
            speed="1L",
            file=_FOLDER / "arty-a7-35.xdc",
        ),
    )
}


def board_named(name: str) -> Board:
    """The board of that name, its constraint file found and read.

    Raises:
        BadInput: if there is none, or the folder of constraint files is not there.
    """
    if name not in BOARDS:
        raise BadInput(f"board {name!r} is not known; known are {', '.join(BOARDS)}")
    board = BOARDS[name]
    if not board.file.is_file():
        raise BadInput(
            f"board {name}: {board.file} is not there; the constraint files come with a checkout of the project, "
            "installed with 'pip install -e'"
        )
    return _read(board)


def own_board(device: Device, file: Path, package: str, speed: str | None) -> Board:
    """A board of the user's own, with a known device and a constraint file that uses the project's port names.

    Args:
        device: the FPGA on it.
        file: the constraint file, read here.
        package: the FPGA's, as nextpnr calls it.
        speed: its grade of speed, where the family has one.

    Raises:
        BadInput: if the file cannot be used, or is none of the device's family.
    """
    return _read(Board(file.stem, f"{device.title} as in {file.name}", device, None, package, speed, file))


def _read(board: Board) -> Board:
    """The board after a first look into its file: what is wrong there is told now, not in the midst of a run."""
    _ = board.constraints
    return board
