"""Does jobs on several processes, each once: what is finished is on disk, and found again."""

import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from threading import Thread
from typing import Any, Protocol

from threadpoolctl import threadpool_limits

from flows.errors import BadInput, one_line
from flows.study.checkpoint import Checkpoint, Checkpoints
from flows.study.job import Job
from flows.study.result import Result
from hw.errors import NoResult
from qat.datasets import DataSet

Drawing = Callable[[DataSet, int], Callable[[Job], Result]]
"""Draws a data set with a seed; what it gives does the jobs of that draw. Other processes import it."""

_POLL_S = 0.2


class Told(Protocol):
    """Who is told how the study goes."""

    def begin(self, jobs: Sequence[Job], finished: Sequence[Checkpoint]) -> None:
        """All jobs, and those that were finished before."""

    def started(self, job: Job) -> None:
        """A job is being done."""

    def finished(self, checkpoint: Checkpoint) -> None:
        """A job is done, and on disk."""

    def writing(self) -> None:
        """All jobs are done; tables, pictures and the page are being written."""


def run_jobs(
    jobs: Sequence[Job],
    data_sets: Mapping[str, DataSet],
    file_digests: Mapping[str, str],
    drawing: Drawing,
    checkpoints: Checkpoints,
    n_processes: int,
    told: Told,
) -> list[Checkpoint]:
    """Do the jobs that are not on disk yet; returns all of them, in the order of `jobs`.

    Jobs of one data set and seed are done one after another by one process, so that they share what is drawn.
    A process computes on one thread: what comes out does not depend on how many there are. After an interrupt or a
    failure, what is finished stays on disk.

    Raises:
        BadInput: a job failed; the message names it.
        NoResult: a process died.
    """
    described = {name: description(each, file_digests.get(name)) for name, each in data_sets.items()}
    found = {job: checkpoints.load(job, described[job.data_set]) for job in jobs}
    done = {job: checkpoint for job, checkpoint in found.items() if checkpoint is not None}
    told.begin(jobs, list(done.values()))
    batches = [
        _Batch(data_sets[name], seed, tuple(batch), described[name])
        for (name, seed), batch in _by_draw(job for job in jobs if job not in done).items()
    ]
    if batches:
        done |= _on_processes(batches, drawing, checkpoints, n_processes, told)
    return [done[job] for job in jobs]


def description(data_set: DataSet, file_digest: str | None = None) -> Mapping[str, Any]:
    """JSON-able: everything about a data set that a result depends on; None where it comes from no file."""
    return {
        "file": file_digest,
        "name": data_set.name,
        "provenance": data_set.provenance,
        "factors": dict(data_set.factors),
        "given_units": data_set.given_units,
        "spec": vars(data_set.spec),
    }


@dataclass(frozen=True)
class _Batch:
    """Jobs of one draw."""

    data_set: DataSet
    seed: int
    jobs: tuple[Job, ...]
    described: Mapping[str, Any]


def _by_draw(jobs: Iterator[Job]) -> dict[tuple[str, int], list[Job]]:
    """Jobs by data set and seed; draws with the most jobs come first, lest one process be left with them."""
    batches: dict[tuple[str, int], list[Job]] = {}
    for job in jobs:
        batches.setdefault((job.data_set, job.seed), []).append(job)
    return dict(sorted(batches.items(), key=lambda batch: -len(batch[1])))


def _on_processes(
    batches: Sequence[_Batch], drawing: Drawing, checkpoints: Checkpoints, n_processes: int, told: Told
) -> dict[Job, Checkpoint]:
    # Torch's threads don't survive a fork.
    context = get_context("spawn")
    messages, stop = context.SimpleQueue(), context.RawValue("b", 0)
    done: dict[Job, Checkpoint] = {}

    def tell() -> None:
        while not messages.empty():
            message = messages.get()
            if isinstance(message, Checkpoint):
                done[message.job] = message
                told.finished(message)
            else:
                told.started(message)

    n_processes = min(n_processes, len(batches))
    with ProcessPoolExecutor(n_processes, context, initializer=_begin, initargs=(messages, stop)) as pool:
        try:
            pending = {pool.submit(_work, batch, drawing, checkpoints) for batch in batches}
            while pending:
                finished, pending = wait(pending, _POLL_S, FIRST_COMPLETED)
                tell()
                _raise_failures(finished)
        finally:
            stop.value = 1  # a process ends after the job that it is at
            pool.shutdown(cancel_futures=True)
    tell()
    return done


def _raise_failures(finished: set[Future[None]]) -> None:
    for future in finished:
        try:
            future.result()
        except BrokenProcessPool as error:
            raise NoResult(
                "a process of the study died, perhaps for want of memory: what is finished is kept, run again to go "
                "on, with --jobs 1 if it happens again"
            ) from error


_to_parent: Any = None
_stop: Any = None


def _begin(messages: Any, stop: Any) -> None:
    """Make a process ready: an interrupt ends it at once, for nothing that it has finished can be lost."""
    global _to_parent, _stop
    _to_parent, _stop = messages, stop
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """A parent that is killed can tell nobody; left alone, a process would do its jobs, then wait for ever."""
    parent = parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _work(batch: _Batch, drawing: Drawing, checkpoints: Checkpoints) -> None:
    with threadpool_limits(1):
        draw = drawing(batch.data_set, batch.seed)
        for job in batch.jobs:
            if _stop.value:
                return
            _to_parent.put(job)
            checkpoint = _checkpoint_of(job, draw)
            checkpoints.save(checkpoint, batch.described)
            _to_parent.put(checkpoint)


def _checkpoint_of(job: Job, draw: Callable[[Job], Result]) -> Checkpoint:
    start = time.perf_counter()
    try:
        result = draw(job)
    except (ValueError, ArithmeticError, RuntimeError, OSError, MemoryError) as error:
        raise BadInput(f"the study's run '{job}' failed: {one_line(str(error)) or type(error).__name__}") from error
    return Checkpoint(job, result, round(time.perf_counter() - start, 3))
