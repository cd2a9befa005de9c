"""Calibrate the analytic models: `python -m flows.calibrate` measures, fits and reports."""

import resource
from enum import StrEnum
from itertools import product
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from flows.calibrate import fit_resources, fit_timing
from flows.calibrate.components import COMPONENTS
from flows.calibrate.draw import DEVICES, Purpose, drawn
from flows.calibrate.fit_timing import START
from flows.calibrate.judge import fmax_pairs, resource_pairs, spread_of_seeds
from flows.calibrate.measure import (
    Task,
    component_task,
    count_missing,
    measure_missing,
    placement_tasks,
    synthesis_task,
)
from flows.calibrate.rows import DATA, AnyRow, Table, component_table, placement_table, synthesis_table
from flows.calibrate.validate import Pair, comma_separated, lines_of, markdown, plot
from hw.devices import device_named
from hw.tools import nextpnr

app = typer.Typer(add_completion=False, help=__doc__)


class What(StrEnum):
    """What is measured."""

    COMPONENTS = "components"
    SYNTHESIS = "synthesis"
    PLACEMENT = "placement"


_PLACED = {Purpose.TRAIN: 24, Purpose.VALIDATION: 22}
"""How many of the first designs of a set are placed."""
_SEVERAL = 3, 3
"""How many of them are placed several times, and how often: that tells how far placements of one design differ."""

_Data = Annotated[Path, typer.Option(help="Folder of the rows.")]
_Jobs = Annotated[int, typer.Option(help="Tools that run at once.")]
_Out = Annotated[Path, typer.Option(help="Folder for table and picture.")]
_OUT = Path("build/calibration")


@app.callback(invoke_without_command=True)
def everything(context: typer.Context) -> None:
    """Without a command: measure what is missing, fit, and report."""
    if context.invoked_subcommand is None:
        measure()
        fit()
        report()


@app.command()
def measure(
    what: Annotated[list[What] | None, typer.Option(help="Components, synthesis, placement; all if none.")] = None,
    device: Annotated[list[str] | None, typer.Option(help="Devices; one of each family unless told.")] = None,
    only: Annotated[Purpose | None, typer.Option(help="Only designs to fit, or only those to judge a fit.")] = None,
    first: Annotated[int | None, typer.Option(help="Only so many of the first rows of each set.")] = None,
    jobs: _Jobs = 2,
    data: _Data = DATA,
) -> None:
    """Measure the designs that have not been measured yet."""
    console = Console()
    for name in device or DEVICES:
        if What.COMPONENTS in (what or What) and only is None:
            parts = [component_task(record, device_named(name)) for record in COMPONENTS]
            _measure(console, f"{name} components", component_table(name, data), parts, jobs, first)
    for purpose, name in product([only] if only else Purpose, device or DEVICES):
        designs = drawn(purpose, name)
        if What.SYNTHESIS in (what or What):
            table, tasks = synthesis_table(purpose, name, data), [synthesis_task(design) for design in designs]
            _measure(console, f"{name} {purpose} synthesis", table, tasks, jobs, first)
        if What.PLACEMENT in (what or What) and nextpnr.can_place(device_named(name)):
            placed = placement_table(purpose, name, data)
            placements = placement_tasks(designs[: _PLACED[purpose]], *_SEVERAL)
            _measure(console, f"{name} {purpose} placement", placed, placements, jobs, first)
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    console.print(f"{spent.ru_utime + spent.ru_stime:.0f} CPU seconds in tools")


@app.command()
def status(data: _Data = DATA) -> None:
    """Tell how many rows are missing, or are of another netlist or other tools than today's; nothing is measured."""
    console = Console()
    for purpose, name in product(Purpose, DEVICES):
        designs = drawn(purpose, name)
        missing = count_missing(synthesis_table(purpose, name, data), [synthesis_task(design) for design in designs])
        console.print(f"{name} {purpose} synthesis: {missing} of {len(designs)} rows to be measured")
        if nextpnr.can_place(device_named(name)):
            tasks = placement_tasks(designs[: _PLACED[purpose]], *_SEVERAL)
            missing = count_missing(placement_table(purpose, name, data), tasks)
            console.print(f"{name} {purpose} placement: {missing} of {len(tasks)} rows to be measured")


@app.command()
def fit(data: _Data = DATA) -> None:
    """Fit the models to components and to the designs of the training sets, and store what they found."""
    Console().print(f"lookup tables of {', '.join(DEVICES)}: {fit_resources.write(data)}")
    fitted = {name: fit_timing.fit(name, placement_table(Purpose.TRAIN, name, data).read()) for name in START}
    Console().print(f"delays of {', '.join(fitted)}: {fit_timing.write(fitted)}")


@app.command()
def report(
    purpose: Annotated[Purpose, typer.Option(help="Designs that the fit has not seen, or those that it has.")] = (
        Purpose.VALIDATION
    ),
    data: _Data = DATA,
    out: _Out = _OUT,
) -> None:
    """Set the models' estimates beside the measured rows: a table and a scatter plot."""
    figures = {name: _pairs(purpose, name, data) for name in DEVICES}
    lines = [
        line for name, by in figures.items() for figure, pairs in by.items() for line in lines_of(name, figure, pairs)
    ]
    out.mkdir(parents=True, exist_ok=True)
    (out / f"{purpose}.md").write_text(markdown(lines))
    (out / f"{purpose}.csv").write_text(comma_separated(lines))
    plot(figures, out / f"{purpose}.png")
    console = Console()
    console.print(markdown(line for line in lines if line[2] == "all"), soft_wrap=True)
    for name in DEVICES:
        spread = spread_of_seeds(placement_table(purpose, name, data).read())
        if spread is not None:
            console.print(f"{name}: placements of one design differ by {100 * spread:.1f} %, in the median")
    console.print(f"each kind of design: {out / f'{purpose}.md'}; picture: {out / f'{purpose}.png'}")


def _pairs(purpose: Purpose, device: str, data: Path) -> dict[str, list[Pair]]:
    resources = resource_pairs(synthesis_table(purpose, device, data).read())
    placed = fmax_pairs(placement_table(purpose, device, data).read())
    return {**resources, **({"Fmax": placed} if placed else {})}


def _measure(
    console: Console, title: str, table: Table[AnyRow], tasks: list[Task[AnyRow]], jobs: int, first: int | None
) -> None:
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=console) as progress:
        bar = progress.add_task(title, total=None)
        measured = measure_missing(
            table, tasks, jobs, lambda done, total: progress.update(bar, completed=done, total=total), first
        )
    console.print(f"{title}: {measured} rows measured now")


if __name__ == "__main__":
    app()
