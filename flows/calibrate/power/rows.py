"""Published currents, and what was counted on the designs built anew: both kept as CSV."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from io import StringIO
from pathlib import Path

from flows.calibrate.power.designs import Built, Design
from hw.simulate.mapped import Toggles

_DATA = Path(__file__).parents[1] / "data"
PUBLISHED = _DATA / "up5k-power-published.csv"
COUNTED = _DATA / "up5k-power-counted.csv"
SOURCE = (
    "tinyVision.ai, iCE40 Power Testing (GitHub tinyvision-ai-inc/ice40_power, README.md and power_test/): "
    "Joulescope JS110 on Lattice's iCE40 UltraPlus breakout board, core and PLL at 1.219 V, banks at 3.283 V"
)


class Use(StrEnum):
    """What a published row is taken for."""

    FIT = "fit"
    PLL = "pll"
    CHECK = "check"
    LEFT_OUT = "left out"


class Clock(StrEnum):
    """Where a design's clock comes from."""

    NONE = "none"
    EXTERNAL = "external"
    HFOSC = "hfosc"
    LFOSC = "lfosc"


@dataclass(frozen=True)
class Published:
    """A row of the published table; None for what it does not tell.

    Attributes:
        name: of the design.
        design: what was built; None for what is no design that can be built here.
        logic_cells: as published.
        clock: where the clock comes from.
        clock_mhz: its frequency.
        vco_mhz: frequency at which the PLL runs inside.
        pll_ua: current of the PLL's supply.
        core_ua: current of the core's supply.
        use: what it is taken for.
        note: why, or how the row was read.
    """

    name: str
    design: Design | None
    logic_cells: int | None
    clock: Clock
    clock_mhz: float | None
    vco_mhz: float | None
    pll_ua: float | None
    core_ua: float
    use: Use
    note: str


def read_published(path: Path = PUBLISHED) -> tuple[Published, ...]:
    """The published table."""
    with path.open(encoding="utf-8", newline="") as lines:
        return tuple(_published(row) for row in csv.DictReader(lines))


def read_counted(path: Path = COUNTED) -> Mapping[Design, Built]:
    """What was counted on each design."""
    with path.open(encoding="utf-8", newline="") as lines:
        return {_design(row): _built(row) for row in csv.DictReader(lines)}


def write_counted(built: Mapping[Design, Built], path: Path) -> None:
    """Write what was counted; the same counts give the same bytes."""
    rows = [_row(design, counts) for design, counts in built.items()]
    text = StringIO()
    table = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    path.write_text(text.getvalue(), encoding="utf-8", newline="\n")


def designs_of(published: Sequence[Published]) -> tuple[Design, ...]:
    """Every design of the table, once."""
    return tuple(dict.fromkeys(row.design for row in published if row.design is not None and row.design.bits))


def _published(row: Mapping[str, str]) -> Published:
    has_design = row["bits"] != "" and row["multiply"] != ""
    return Published(
        row["name"],
        Design(int(row["bits"]), row["multiply"] == "yes") if has_design else None,
        int(row["logic_cells"]) if row["logic_cells"] else None,
        Clock(row["clock"]),
        _number(row["clock_mhz"]),
        _number(row["vco_mhz"]),
        _number(row["pll_ua"]),
        float(row["core_ua"]),
        Use(row["use"]),
        row["note"],
    )


def _number(text: str) -> float | None:
    return float(text) if text else None


def _row(design: Design, built: Built) -> Mapping[str, int | str]:
    kind = {"bits": design.bits, "multiply": "yes" if design.multiply else "no", "separate": design.separate}
    cells = {name: value for name, value in asdict(built).items() if name != "toggles"}
    return {**kind, **cells, **asdict(built.toggles)}


def _design(row: Mapping[str, str]) -> Design:
    return Design(int(row["bits"]), row["multiply"] == "yes", int(row["separate"]))


def _built(row: Mapping[str, str]) -> Built:
    cells = {name: int(row[name]) for name in ("lut_cells", "flip_flops", "carry_cells", "logic_cells")}
    return Built(**cells, toggles=Toggles(**{name: int(row[name]) for name in asdict(Toggles())}))
