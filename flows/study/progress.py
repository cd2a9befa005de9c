"""How the study shows that it goes on: a bar in a terminal, lines in a log."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import fmean

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Column
from rich.text import Text

from flows.study.checkpoint import Checkpoint
from flows.study.job import Job
from flows.study.run import Told

_LINES = 20
"""Lines that a log gets."""


_Alike = tuple[str, bool, int | None]


def _alike(job: Job) -> _Alike:
    """What a job's time depends on most; a shift alone needs no training."""
    return job.model, job.shift == 0, job.training_spikes


@dataclass
class Pace:
    """How long is left, from how long jobs alike have taken."""

    n_processes: int
    waiting: Counter[_Alike] = field(default_factory=Counter)
    seconds: dict[_Alike, list[float]] = field(default_factory=dict)

    def begin(self, jobs: Sequence[Job], finished: Sequence[Checkpoint]) -> None:
        """Take note of what is to be done and what was finished before."""
        self.waiting = Counter(map(_alike, jobs))
        for checkpoint in finished:
            self.finished(checkpoint)

    def finished(self, checkpoint: Checkpoint) -> None:
        """Take note of a finished job."""
        alike = _alike(checkpoint.job)
        self.waiting[alike] -= 1
        self.seconds.setdefault(alike, []).append(checkpoint.seconds)

    @property
    def n_waiting(self) -> int:
        """Jobs that are not finished."""
        return self.waiting.total()

    def in_words(self) -> str:
        """Such as `about 12 min left`; nothing before anything is known."""
        if not self.seconds or not self.n_waiting:
            return ""
        means = {alike: fmean(values) for alike, values in self.seconds.items()}
        unknown = fmean(means.values())
        left_s = sum(n * means.get(alike, unknown) for alike, n in self.waiting.items()) / self.n_processes
        return f"about {left_s / 60:.0f} min left" if left_s >= 90 else f"about {left_s:.0f} s left"


class _Bar:
    def __init__(self, progress: Progress, task: TaskID, pace: Pace):
        self._progress, self._task, self._pace = progress, task, pace
        self._under_way: dict[Job, None] = {}

    def begin(self, jobs: Sequence[Job], finished: Sequence[Checkpoint]) -> None:
        self._pace.begin(jobs, finished)
        self._progress.update(self._task, total=len(jobs), completed=len(finished))

    def started(self, job: Job) -> None:
        self._under_way[job] = None
        self._show()

    def finished(self, checkpoint: Checkpoint) -> None:
        self._under_way.pop(checkpoint.job, None)
        self._pace.finished(checkpoint)
        self._progress.advance(self._task)
        self._show()

    def writing(self) -> None:
        self._progress.update(self._task, left="", under_way="writing tables, pictures and the page")

    def _show(self) -> None:
        words = " | ".join(str(job) for job in self._under_way)
        self._progress.update(self._task, left=self._pace.in_words(), under_way=words)


class _Lines:
    def __init__(self, console: Console, pace: Pace):
        self._console, self._pace, self._total, self._told = console, pace, 0, 0

    def begin(self, jobs: Sequence[Job], finished: Sequence[Checkpoint]) -> None:
        self._pace.begin(jobs, finished)
        self._total = len(jobs)
        self._print(f"{len(jobs)} runs, {len(finished)} of them finished before")

    def started(self, job: Job) -> None:
        pass

    def finished(self, checkpoint: Checkpoint) -> None:
        self._pace.finished(checkpoint)
        done = self._total - self._pace.n_waiting
        step = done * _LINES // self._total
        if step > self._told:
            self._told = step
            self._print(f"{done} of {self._total} runs, {checkpoint.job}; {self._pace.in_words()}".rstrip("; "))

    def writing(self) -> None:
        self._print("writing tables, pictures and the page")

    def _print(self, line: str) -> None:
        self._console.print(Text(line), soft_wrap=True)


@contextmanager
def study_on(console: Console, n_processes: int) -> Iterator[Told]:
    """Who is to be told, closed (its cursor restored) at the end."""
    pace = Pace(n_processes)
    if not console.is_terminal:
        yield _Lines(console, pace)
        return
    columns = (
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TextColumn("runs"),
        TimeElapsedColumn(),
        TextColumn("{task.fields[left]}"),
        TextColumn("[dim]{task.fields[under_way]}", table_column=Column(no_wrap=True, overflow="ellipsis", ratio=1)),
    )
    with Progress(*columns, console=console, expand=True) as progress:
        yield _Bar(progress, progress.add_task("", total=None, left="", under_way=""), pace)
