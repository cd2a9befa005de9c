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
from flows.study.own import own_files
from flows.study.page import study_markdown, study_page, tables_markdown
from flows.study.parts.generator import Comparison, compare_generator
from flows.study.rows import csv_text, runs_csv, times_csv, units_csv
from flows.study.run import Told, run_jobs
from flows.study.tell import tell
from flows.study.words import over_seeds
from flows.textfile import write_whole

PAGE = "study.html"


@dataclass(frozen=True)
class StudySettings:
    """What a person may choose of the study."""

    out: Path
    is_quick: bool = False
    data: Path | None = None
    """Folder of recordings that are studied beside the generated ones."""
    files: Path | None = None
    """TOML list of more of them."""
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
    files = own_files(settings.data, settings.files)
    grid = only(grid_of(QUICK if settings.is_quick else FULL, files, settings.is_quick), settings.only)
    digests = {file.data_set.name: file.digest for file in files}
    checkpoints = open_checkpoints(settings.out / "checkpoints")
    done = run_jobs(grid.jobs, grid.data_sets, digests, draw_results, checkpoints, settings.n_processes, told)
    told.writing()
    seeds = (QUICK if settings.is_quick else FULL).seeds
    comparison = None if settings.data is None else compare_generator(settings.data, seeds)
    _write(Outcome(grid, tuple(done)), comparison, settings.out)
    return settings.out / PAGE


def _write(outcome: Outcome, comparison: Comparison | None, out: Path) -> None:
    done, costs = outcome.checkpoints, model_costs()
    write_whole(out / "runs.csv", runs_csv(done, outcome.grid.data_sets))
    write_whole(out / "units.csv", units_csv(done))
    write_whole(out / "times.csv", times_csv(done))
    write_whole(out / "models.csv", csv_text(costs))
    sections = tuple(tell(outcome, comparison, costs, out))
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
