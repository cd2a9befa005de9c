"""The steps of a run, the folder that it is kept in, and its seed."""

from pathlib import Path
from typing import Annotated

from typer import Option

_PANEL = "Run"

From = Annotated[
    str | None,
    Option("--from", help="First step; earlier results are taken as they stand.", rich_help_panel=_PANEL),
]
To = Annotated[str | None, Option("--to", help="Last step.", rich_help_panel=_PANEL)]
Force = Annotated[
    bool,
    Option("--force", help="Make the steps anew: up to date or not, changed by hand or not.", rich_help_panel=_PANEL),
]
Out = Annotated[
    Path | None,
    Option("--out", help="Run folder.", show_default="runs/ and the command's name", rich_help_panel=_PANEL),
]
OutAfterTraining = Annotated[
    Path | None,
    Option(
        "--out",
        help="Run folder.",
        show_default="runs/train; with a model, runs/ and the command's name",
        rich_help_panel=_PANEL,
    ),
]
OutOfBoard = Annotated[
    Path | None,
    Option(
        "--out",
        help="Run folder; where it holds no network yet, one is trained there first.",
        show_default="runs/train; with a model, runs/bitstream",
        rich_help_panel=_PANEL,
    ),
]
OutToProgram = Annotated[
    Path | None,
    Option("--out", help="Run folder with the bitstream.", show_default="runs/train", rich_help_panel=_PANEL),
]
OutToReport = Annotated[
    Path | None,
    Option(
        "--out",
        help="Run folder to report on [default: the last one written in runs/]; with --compare, a folder to write "
        "the comparison to [default: it is only shown].",
        rich_help_panel=_PANEL,
    ),
]
Compared = Annotated[
    tuple[Path, Path] | None,
    Option(
        "--compare", help="Two run folders: their figures side by side.", metavar="RUN1 RUN2", rich_help_panel=_PANEL
    ),
]
Seed = Annotated[
    int, Option("--seed", help="Of the recording, pre-sorting and random inputs.", rich_help_panel=_PANEL)
]
