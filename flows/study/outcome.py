"""The finished runs, looked up: by what they were, and as tables of accuracies."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from flows.study.checkpoint import Checkpoint
from flows.study.grid import Grid, Part
from flows.study.job import Job
from flows.study.result import Result
from flows.study.statistics import Spread, spread_of


@dataclass(frozen=True, eq=False)
class Outcome:
    """A grid and what came of its jobs."""

    grid: Grid
    checkpoints: tuple[Checkpoint, ...]
    """In the order of `grid.jobs`."""

    @cached_property
    def _results(self) -> dict[Job, Result]:
        return {checkpoint.job: checkpoint.result for checkpoint in self.checkpoints}

    def __contains__(self, job: Job) -> bool:
        return job in self._results

    def part(self, name: str) -> Part | None:
        """A part by its name; None where the study has none of it."""
        return next((part for part in self.grid.parts if part.name == name), None)

    def result(self, job: Job) -> Result:
        """What came of a job."""
        return self._results[job]

    def accuracy(self, job: Job) -> float | None:
        """Share of right answers; None where the truth is unknown."""
        return self._results[job].accuracy

    def accuracy_alone(self, job: Job) -> float | None:
        """The same among spikes without another in their window."""
        truth = self._results[job].truth
        return None if truth is None else truth.accuracy_alone

    def spread(self, jobs: Iterable[Job]) -> Spread | None:
        """Accuracy over jobs that differ in their seed; None where the truth is unknown."""
        return known_spread(self.accuracy(job) for job in jobs)

    def table(self, part: Part, model: str, data_sets: Sequence[str]) -> NDArray[np.float64]:
        """Accuracies `[n_data_sets, n_seeds]` of a model of which the part has one job a place."""
        by_place = {(job.data_set, job.seed): job for job in part.jobs if job.model == model}
        seeds = sorted({seed for _, seed in by_place})
        return np.array([[self.accuracy(by_place[name, seed]) for seed in seeds] for name in data_sets], dtype=float)


def known_spread(values: Iterable[float | None]) -> Spread | None:
    """Mean and deviation of the values that are known; None where none is."""
    known = [value for value in values if value is not None]
    return spread_of(known) if known else None


def data_sets_in(jobs: Iterable[Job]) -> list[str]:
    """Names of the data sets, in order."""
    return list(dict.fromkeys(job.data_set for job in jobs))


def models_in(jobs: Iterable[Job]) -> list[str]:
    """Models, in order."""
    return list(dict.fromkeys(job.model for job in jobs))


def seeds_in(jobs: Iterable[Job]) -> list[int]:
    """Seeds, in order."""
    return list(dict.fromkeys(job.seed for job in jobs))
