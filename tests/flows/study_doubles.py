"""Stand-ins for the study's tests: results made from a job alone, and a small grid."""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from flows.study.checkpoint import Checkpoint
from flows.study.job import Job
from flows.study.result import Result, Truth, UnitResult
from qat.datasets import DataSet, generated
from qat.sortings.score import FoundUnit

EASY, HARD = generated("easy", 0.10), generated("hard", 0.10)
DATA_SETS = {data_set.name: data_set for data_set in (EASY, HARD)}
JOBS = tuple(Job(name, seed, model) for name in DATA_SETS for model in ("one-bit", "twin") for seed in (0, 1))


def result_with(accuracy: float) -> Result:
    truth = Truth(
        90,
        accuracy,
        60,
        accuracy,
        3,
        2,
        (UnitResult("1", 30, accuracy, None), UnitResult("2", 60, accuracy, accuracy)),
        (FoundUnit("1", "0", 33, 25, 20), FoundUnit("2", None, 60, 0, 0)),
    )
    return Result(200, 50, 100, 3, 0.5, truth)


def draw_by_name(data_set: DataSet, seed: int) -> Callable[[Job], Result]:
    """Accuracies that differ from job to job."""
    return lambda job: result_with((len(data_set.name) + 2 * seed + len(job.model)) / 60)


def draw_failing(data_set: DataSet, seed: int) -> Callable[[Job], Result]:
    """One job of the second data set fails."""

    def result(job: Job) -> Result:
        if (job.data_set, job.model, job.seed) == (HARD.name, "twin", 1):
            raise ValueError("weights are\nnot finite")
        return draw_by_name(data_set, seed)(job)

    return result


@dataclass(frozen=True)
class DrawForever:
    """Never comes to an end; each process goes on to touch a file, named after its number, in a folder."""

    folder: Path

    def __call__(self, data_set: DataSet, seed: int) -> Callable[[Job], Result]:
        while True:
            (self.folder / str(os.getpid())).touch()
            time.sleep(0.1)


@dataclass
class Told:
    """Writes down what it is told."""

    before: int = -1
    started_jobs: list[Job] = field(default_factory=list)
    finished_jobs: list[Job] = field(default_factory=list)

    def begin(self, jobs: Sequence[Job], finished: Sequence[Checkpoint]) -> None:
        self.before = len(finished)

    def started(self, job: Job) -> None:
        self.started_jobs.append(job)

    def finished(self, checkpoint: Checkpoint) -> None:
        self.finished_jobs.append(checkpoint.job)

    def writing(self) -> None:
        pass


class Interrupted(Told):
    """Breaks off when the third job is done, as Ctrl-C would."""

    def finished(self, checkpoint: Checkpoint) -> None:
        super().finished(checkpoint)
        if len(self.finished_jobs) == 3:
            raise KeyboardInterrupt
