"""The step that flips bits in the memories of the gateware and counts the answers that change."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from io import StringIO
from statistics import mean, stdev
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flows.digests import canonical_json
from flows.pipeline import StepContext
from flows.report.assemble import contribution
from flows.report.model import Labels, Picture, UpsetPlace, UpsetPoint, Upsets
from flows.report.plots import upset_curves
from flows.steps import files
from flows.steps.gateware import open_accelerator
from hw.faults.memories import StoredNetwork
from hw.faults.upsets import EVERYWHERE, Measure, Point, inject
from hw.network.vectors import random_inputs

_AGREEMENT, _ACCURACY = "agreement", "accuracy"
_CHANGED = 0.99
"""Places are ordered by the flips that leave less agreement than this."""


@dataclass(frozen=True, eq=False)
class Judged:
    """Spikes, and what is known of their units.

    Attributes:
        spikes: windows `[n, n_inputs]`.
        what: they are.
        labels: what answers are held against; None where nothing is known.
        accuracy: of answers against these labels.
    """

    spikes: NDArray[np.integer]
    what: str
    labels: Labels | None = None
    accuracy: Measure | None = None


def inject_upsets(context: StepContext) -> Mapping[str, Any]:
    """Flip bits in the memories of a network of which no recording is at hand; seeded random inputs stand for it."""
    network, chosen = open_accelerator(context).network, context.parameters
    inputs = random_inputs(network.input_format, network.n_inputs, chosen["spikes"], chosen["seed"])
    return write_upsets(context, Judged(inputs, "random inputs"))


def write_upsets(context: StepContext, judged: Judged) -> Mapping[str, Any]:
    """Flip bits, and leave accuracy against flips as table, numbers and picture.

    Raises:
        BadInput: if the gateware has no memory for weights or thresholds.
    """
    run, chosen = StoredNetwork(open_accelerator(context)).run(judged.spikes), context.parameters
    unfaulted = run.answers({})
    measures: dict[str, Measure] = {_AGREEMENT: lambda answers: float((answers == unfaulted).mean())}
    if judged.accuracy is not None:
        measures[_ACCURACY] = judged.accuracy
    points = inject(
        run,
        measures,
        most_flips=chosen["most_flips"],
        draws=chosen["draws"],
        seed=chosen["seed"],
        progress=context.progress,
    )
    section = Upsets(
        vectors=judged.what,
        n_spikes=len(judged.spikes),
        draws=chosen["draws"],
        labels=judged.labels,
        accuracy=None if judged.accuracy is None else judged.accuracy(unfaulted),
        path=f"faults/{files.UPSETS}.csv",
        places=_places(points),
    )
    rows = [_row(section, place, point) for place in section.places for point in place.points]
    _write(context, "csv", _csv(rows))
    _write(context, "json", canonical_json({"points": [asdict(point) for point in points], "summary": rows}))
    upset_curves(section.places, context.folder / f"{files.UPSETS}.png")
    caption = f"Answers that stay the same with flipped bits, mean and standard deviation of {section.draws} draws"
    return {
        "memory_bits": section.places[0].bits,
        **contribution(upsets=section, pictures=[Picture(f"{files.UPSETS}.png", caption)]),
    }


def _places(points: Sequence[Point]) -> tuple[UpsetPlace, ...]:
    """All memories together, then each, the one first that bears the fewest flips."""
    by_place = {point.place: [other for other in points if other.place == point.place] for point in points}
    places = [UpsetPlace(name, of_place[0].bits, tuple(map(_point, of_place))) for name, of_place in by_place.items()]
    return tuple(sorted(places, key=lambda place: (place.name != EVERYWHERE, *_frailty(place))))


def _frailty(place: UpsetPlace) -> tuple[float, float]:
    changed = (point.flips for point in place.points if point.agreement_mean < _CHANGED)
    return next(changed, float("inf")), place.points[0].agreement_mean


def _point(point: Point) -> UpsetPoint:
    agreement, accuracy = point.accuracy[_AGREEMENT], point.accuracy.get(_ACCURACY)
    return UpsetPoint(
        flips=point.flips,
        agreement_mean=mean(agreement),
        agreement_deviation=_deviation(agreement),
        agreement_least=min(agreement),
        accuracy_mean=None if accuracy is None else mean(accuracy),
        accuracy_deviation=None if accuracy is None else _deviation(accuracy),
    )


def _deviation(draws: Sequence[float]) -> float | None:
    return stdev(draws) if len(draws) > 1 else None


def _row(section: Upsets, place: UpsetPlace, point: UpsetPoint) -> Mapping[str, Any]:
    return {
        "memory": place.name,
        "bits": place.bits,
        **asdict(point),
        "draws": section.draws,
        "spikes": section.n_spikes,
        "vectors": section.vectors,
        "labels": section.labels,
    }


def _csv(rows: Sequence[Mapping[str, Any]]) -> str:
    text = StringIO()
    table = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    return text.getvalue()


def _write(context: StepContext, suffix: str, text: str) -> None:
    (context.folder / f"{files.UPSETS}.{suffix}").write_text(text, encoding="utf-8", newline="\n")
