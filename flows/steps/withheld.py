"""What it does to the answers of the test part to withhold those of a small lead."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from flows.report.figures import percent
from flows.report.model import Labels, MarginPoint, Picture, Withheld
from flows.report.plots import precision_over_recall
from flows.steps.judging import units_of_answers
from hw.network.types import Network
from qat.presort import Presorting
from qat.spikes.spikeset import TEST, SpikeSet
from qat.training import TrainingRecipe
from qat.unsorted import MarginCurve, leads, margin_curve

MIN_CONFIDENCE = TrainingRecipe.min_confidence
"""Of pseudo-labels, from which on they are trusted."""
_CURVE = "precision_recall.png"


def withheld_answers(
    spikes: SpikeSet, presorting: Presorting, network: Network, scores: NDArray[np.int64], folder: Path
) -> tuple[Withheld, Picture]:
    """What margins do on the test part, and the picture of it in `folder`; scores `[n, units]` of all spikes."""
    test = spikes.part == TEST
    against, counted, right, n_to_find = _judged(spikes, presorting, scores.argmax(axis=1))
    lead = leads(scores)
    used = test & counted
    whole = margin_curve(lead[used], right[used], n_to_find)
    table = margin_curve(lead[used], right[used], n_to_find, np.unique([0, network.margin]))
    chosen = int(np.searchsorted(whole.margin, network.margin)) if 0 < network.margin <= whole.margin[-1] else None
    precision_over_recall(whole.recall, whole.precision, chosen, network.margin, folder / _CURVE)
    caption = f"Test part against {against}: precision over recall as the margin of 'unsorted' grows"
    withheld = Withheld(against, n_to_find, _calibration(network), tuple(_points(table, network.margin)))
    return withheld, Picture(_CURVE, caption)


def _judged(
    spikes: SpikeSet, presorting: Presorting, answers: NDArray[np.int64]
) -> tuple[Labels, NDArray[np.bool_], NDArray[np.bool_], int]:
    """Against what, which answers count, which are right, both `[n]` over all parts, and the test spikes to find."""
    test = spikes.part == TEST
    if spikes.true_unit is None or not (spikes.true_unit[test] >= 0).any():
        trusted = presorting.confidence >= MIN_CONFIDENCE
        right = trusted & (answers == presorting.labels)
        return "pseudo-labels", np.ones(len(answers), dtype=np.bool_), right, int((trusted & test).sum())
    units = units_of_answers(spikes, presorting.labels)[answers]
    # A unit that is matched to no true one may be a neuron that nobody has listed.
    known = spikes.true_unit >= 0
    n_true = int((known & test).sum()) if spikes.detection is None else spikes.detection["parts"]["test"]["n_true"]
    return spikes.labels_are, units >= 0, known & (units == spikes.true_unit), n_true


def _points(curve: MarginCurve, chosen: int) -> Iterator[MarginPoint]:
    rows = zip(curve.margin, curve.n_answered, curve.n_right, curve.precision, curve.recall, strict=True)
    for margin, n_answers, n_right, precision, recall in rows:
        shares = (None if np.isnan(share) else float(share) for share in (precision, recall))
        yield MarginPoint(int(margin), bool(margin == chosen), int(n_answers), int(n_right), *shares)


def _calibration(network: Network) -> str:
    """How the margin came about, from the file's metadata."""
    record = network.metadata.get("unsorted", {}).get("calibration")
    if record is None:
        return "The margin was given." if network.margin else "No margin is in force: no answer is withheld."
    return (
        f"The margin was calibrated to keep {percent(record['keeps'], 0)} at least of the validation part's "
        f"{record['n_answers']} answers that are the spikes' pseudo-labels."
    )
