"""The tables of all runs as CSV; the same results give the same bytes."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from io import StringIO
from typing import Any

from flows.study.checkpoint import Checkpoint
from flows.study.job import numbered
from flows.study.result import Truth, UnitResult
from qat.datasets import DataSet
from qat.sortings.score import FoundUnit

Line = Mapping[str, Any]
_SORTED = ("n_true", "n_found", "n_hits", "accuracy", "precision", "recall")
_TRUTH = tuple(field.name for field in fields(Truth) if field.name not in ("units", "sorted_units"))


def runs_csv(checkpoints: Sequence[Checkpoint], data_sets: Mapping[str, DataSet]) -> str:
    """A line for each run: what was done, to what, and what came of it. No wall time stands here."""
    return csv_text([_run_line(checkpoint, data_sets[checkpoint.job.data_set]) for checkpoint in checkpoints])


def units_csv(checkpoints: Sequence[Checkpoint]) -> str:
    """A line for each true unit of each run: precision and recall in the test part.

    Columns that begin with `sorted` count what detection missed and made up, by SpikeInterface's comparison.
    """
    return csv_text(
        [
            {**_job_fields(checkpoint), **vars(unit), **_sorted_fields(found)}
            for checkpoint in checkpoints
            for unit, found in _units(checkpoint)
        ]
    )


def times_csv(checkpoints: Sequence[Checkpoint]) -> str:
    """Wall time of each run; what runs share counts for the one that came first."""
    return csv_text([{**_job_fields(checkpoint), "seconds": checkpoint.seconds} for checkpoint in checkpoints])


def csv_text(lines: Sequence[Line]) -> str:
    """Lines with a heading; shares with six decimals, nothing where a value is unknown."""
    text = StringIO()
    if lines:
        table = csv.DictWriter(text, list(lines[0]), lineterminator="\n")
        table.writeheader()
        table.writerows({name: _text(value) for name, value in line.items()} for line in lines)
    return text.getvalue()


def _run_line(checkpoint: Checkpoint, data_set: DataSet) -> Line:
    result = {name: value for name, value in vars(checkpoint.result).items() if name != "truth"}
    truth = checkpoint.result.truth
    return {
        "data_set": data_set.name,
        **{name: _shown(value) for name, value in data_set.factors.items()},
        **_job_fields(checkpoint),
        "differences": numbered(checkpoint.job.differences or data_set.differences),
        **result,
        **{name: None if truth is None else getattr(truth, name) for name in _TRUTH},
    }


def _units(checkpoint: Checkpoint) -> Iterator[tuple[UnitResult, FoundUnit | None]]:
    truth = checkpoint.result.truth
    if truth is not None:
        found = {each.unit: each for each in truth.sorted_units}
        yield from ((unit, found.get(unit.unit)) for unit in truth.units)


def _sorted_fields(found: FoundUnit | None) -> Line:
    return {f"sorted_{name}": None if found is None else getattr(found, name) for name in _SORTED}


def _shown(factor: Any) -> Any:
    return f"{factor:g}" if isinstance(factor, float) else factor


def _job_fields(checkpoint: Checkpoint) -> dict[str, Any]:
    orders = checkpoint.job.differences
    return {**vars(checkpoint.job), "differences": None if orders is None else numbered(orders)}


def _text(value: Any) -> Any:
    return f"{value:.6f}" if isinstance(value, float) else value
