"""Calibrate the power model: `python -m flows.calibrate.power` fits, holds each design back in turn, and draws."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from flows.calibrate.power.designs import Built, Design, build
from flows.calibrate.power.fit import (
    CORE_VOLTS,
    WIRE_CHANGE_PICOJOULES,
    Held,
    checked,
    fit,
    fit_pll,
    leave_one_out,
    leave_one_out_pll,
)
from flows.calibrate.power.plot import plot_held
from flows.calibrate.power.rows import (
    COUNTED,
    Published,
    Use,
    designs_of,
    read_counted,
    read_published,
    write_counted,
)

_CLOCKS = 1024  # a whole period of both factors of the multiplier
_SEPARATE = tuple(Design(28, separate=count) for count in (2, 4, 8))

app = typer.Typer(add_completion=False, help=__doc__)


@app.command()
def main(
    count: Annotated[bool, typer.Option(help="Build the designs anew first, and count their changes.")] = False,
    counted: Annotated[Path, typer.Option(help="File of the counts.")] = COUNTED,
    out: Annotated[Path, typer.Option(help="Folder for the picture.")] = Path("build/calibration"),
) -> None:
    """Fit the published currents, and say how well each is told by a fit that has not seen it."""
    console = Console()
    if count:
        _count(console, counted)
    published, built = read_published(), read_counted(counted)
    fitted, with_pll = ([row for row in published if row.use is use] for use in (Use.FIT, Use.PLL))
    core, settled = fit(fitted, built), fit(fitted, built, glitches=False)
    pll = fit_pll(with_pll, built, core)
    console.print(_cells(published, built))
    console.print(
        "The table's counters of 28 x n bits are one counter each: it grows by 28 cells, as ours does, and counters "
        "apart by 29 or 30.",
        highlight=False,
    )
    held = leave_one_out(fitted, built)
    console.print(_told("Core current, each design told by a fit of the others", held))
    console.print(_told("The PLL by itself", leave_one_out_pll(with_pll, built, core)))
    console.print(_told("Seen by no fit", checked(published, built, core)))
    for line in (
        f"static {core.static * CORE_VOLTS:.1f} µW, oscillator {core.oscillator * CORE_VOLTS:.1f} µW, clock network "
        f"{core.tree * CORE_VOLTS:.1f} pJ, clocked flip-flop {core.register * CORE_VOLTS:.4f} pJ, change "
        f"{core.change * CORE_VOLTS:.3f} pJ ({settled.change * CORE_VOLTS:.3f} pJ where only settled ones count; its "
        f"wires alone {WIRE_CHANGE_PICOJOULES:.3f} pJ)",
        f"PLL: {pll.supply:.3f} µA at its supply and {pll.core:.3f} µA at the core for each MHz of its oscillator",
        f"leave-one-out error: {100 * _worst(held):.1f} % of core current at the most; "
        f"{100 * _worst(leave_one_out(fitted, built, prior=False)):.1f} % if the energy of wires is not given, for "
        "the multiplier is the only design whose logic changes",
        *(f"left out: {row.name}: {row.note}" for row in published if row.use is Use.LEFT_OUT),
    ):
        console.print(line, highlight=False)
    out.mkdir(parents=True, exist_ok=True)
    plot_held(held, out / "power.png")
    console.print(f"picture: {out / 'power.png'}", highlight=False)


def _count(console: Console, path: Path) -> None:
    built = {}
    for design in (*designs_of(read_published()), *_SEPARATE):
        with TemporaryDirectory() as name, console.status(f"building {design}"):
            built[design] = build(design, _CLOCKS, Path(name))
    write_counted(built, path)


def _cells(published: Sequence[Published], built: Mapping[Design, Built]) -> Table:
    table = Table("Design", "Published cells", "Ours", "As counters apart", title="Logic cells", box=None)
    for row in published:
        if row.logic_cells and row.design:
            apart = built.get(Design(28, separate=row.design.bits // 28)) if row.design.bits > 28 else None
            beside = str(apart.logic_cells) if apart else ""
            table.add_row(row.name, str(row.logic_cells), str(built[row.design].logic_cells), beside)
    return table


def _told(title: str, held: list[Held]) -> Table:
    table = Table("Row", "Measured, µA", "Told, µA", "Error", title=title, box=None)
    for row in held:
        table.add_row(row.name, f"{row.measured_ua:.1f}", f"{row.predicted_ua:.1f}", f"{100 * row.error:+.1f} %")
    return table


def _worst(held: list[Held]) -> float:
    return max(abs(row.error) for row in held)


if __name__ == "__main__":
    app()
