"""The study from its choices to its folder."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from flows.errors import BadInput
from flows.study.checkpoint import open_checkpoints
from flows.study.costs import model_costs
from flows.study.draw import draw_results
from flows.study.grid import FULL, QUICK, Grid, grid_of
from flows.study.outcome import Outcome
from flows.study.page import study_markdown, study_page, tables_markdown
from flows.study.rows import csv_text, runs_csv, times_csv, units_csv
from flows.study.run import Told, run_jobs
from flows.study.tell import tell
from flows.study.words import over_seeds
from flows.textfile import write_whole
from qat.datasets import DataSet, data_sets_of

PAGE = "study.html"
LIST = "study.toml"


@dataclass(frozen=True)
class StudySettings:
    """What a person may choose of the study."""

    out: Path
    is_quick: bool = False
    files: Path | None = None
    """TOML list of recordings that are studied beside the generated ones."""
    only: tuple[str, ...] = ()
    """Parts that are run; all where there is none."""
    n_processes: int = 2

    def __post_init__(self) -> None:
        if self.n_processes < 1:
            raise BadInput(f"--jobs {self.n_processes}: at least 1 process is needed")


def make_study(settings: StudySettings, told: Told) -> Path:
    """Run what is not there yet, and write everything; returns the page.

    Raises:
        BadInput: a file cannot be read, a part is unknown, a run failed.
    """
    grid = only(planned(settings.is_quick, settings.files), settings.only)
    checkpoints = open_checkpoints(settings.out / "checkpoints")
    done = run_jobs(grid.jobs, grid.data_sets, draw_results, checkpoints, settings.n_processes, told)
    outcome = Outcome(grid, tuple(done))
    told.writing()
    _write(outcome, settings.out)
    return settings.out / PAGE


def _write(outcome: Outcome, out: Path) -> None:
    done, costs = outcome.checkpoints, model_costs()
    write_whole(out / "runs.csv", runs_csv(done, outcome.grid.data_sets))
    write_whole(out / "units.csv", units_csv(done))
    write_whole(out / "times.csv", times_csv(done))
    write_whole(out / "models.csv", csv_text(costs))
    sections = tuple(tell(outcome, costs, out))
    title, lede = _title(outcome.grid)
    write_whole(out / "tables.md", tables_markdown(sections))
    write_whole(out / "study.md", study_markdown(title, lede, sections))
    write_whole(out / PAGE, study_page(title, lede, sections, out))


def _title(grid: Grid) -> tuple[str, str]:
    n_seeds = len({job.seed for job in grid.jobs})
    what = f"{len(grid.jobs)} runs on {len({job.data_set for job in grid.jobs})} data sets, {over_seeds(n_seeds)}."
    if grid.is_quick:
        return "Quick study", f"{what} A sketch: the full study has more data sets and seeds, on which claims rest."
    return "A 1-bit spike sorter beside its rivals", what


def planned(is_quick: bool, files: Path | None) -> Grid:
    """The whole grid."""
    own: Sequence[DataSet] = () if files is None else data_sets_of(files)
    return grid_of(QUICK if is_quick else FULL, own, is_quick)


def only(grid: Grid, names: Sequence[str]) -> Grid:
    """The parts of these names; all where there is none.

    Raises:
        BadInput: there is no such part.
    """
    there = [part.name for part in grid.parts]
    for name in names:
        if name not in there:
            raise BadInput(f"--only {name}: the study has no such part; its parts are {', '.join(there)}")
    return replace(grid, parts=tuple(part for part in grid.parts if not names or part.name in names))


def listed_files(folder: Path | None, files: Path | None) -> Path | None:
    """The TOML list of the user's recordings, given itself or by its folder; None where there is neither.

    Raises:
        BadInput: both are given, or the folder has no list.
    """
    if folder is None:
        return files
    if files is not None:
        raise BadInput("--data and --files: give one of them, a folder with a study.toml, or such a list itself")
    if not (folder / LIST).is_file():
        raise BadInput(f"--data {folder}: has no {LIST}, the list of its recordings")
    return folder / LIST
