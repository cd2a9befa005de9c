"""The command that makes the study."""

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from flows.commands.session import RUNS, Session

PARTS = "main, presort, ablation, noise, jitter, drift, units, spikes, differences, bits, width, files"


def study(
    context: typer.Context,
    quick: Annotated[bool, typer.Option("--quick", help="Fewer data sets and 2 seeds: a sketch in minutes.")] = False,
    data: Annotated[
        Path | None,
        typer.Option(
            "--data",
            metavar="FOLDER",
            help="Folder of recordings to study beside the generated ones, listed in its study.toml; without one, "
            "the published recordings that spikeloom knows.",
            show_default=False,
        ),
    ] = None,
    files: Annotated[
        Path | None,
        typer.Option(
            "--files",
            metavar="TOML",
            help="List of recordings to study beside the generated ones; file names are relative to it.",
            show_default=False,
        ),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option("--only", metavar="PART", help=f"Do this part alone; may be given again. Parts: {PARTS}."),
    ] = None,
    jobs: Annotated[int, typer.Option("--jobs", help="Processes; each computes on one thread.")] = 2,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Folder of the study.", show_default="runs/study[-quick]"),
    ] = None,
) -> None:
    """Compare all models on all data sets, with error bars, and write a page that says what was found.

    What is finished is kept: after an interrupt, or a change of some part, the same command goes on where it was. The
    folder holds study.html, study.md, tables.md, runs.csv (a line a run), units.csv, models.csv, times.csv, figures.
    """
    # The study needs torch, which other commands do without.
    from flows.study.make import StudySettings, make_study  # noqa: PLC0415
    from flows.study.progress import study_on  # noqa: PLC0415

    session: Session = context.obj
    folder = out or RUNS / ("study-quick" if quick else "study")
    settings = StudySettings(folder, quick, data, files, tuple(only or ()), jobs)
    with study_on(session.console, jobs) as told:
        page = make_study(settings, told)
    session.console.print(Text(f"What was found: {page}"), soft_wrap=True)
