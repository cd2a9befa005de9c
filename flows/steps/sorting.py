"""The step that sorts the whole recording with the exported network, and scores what came of it."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from spikeinterface.core import BaseSorting, read_npz_sorting

from flows.pipeline import StepContext
from flows.report.assemble import contribution
from flows.report.figures import percent
from flows.report.model import Labels, MarginPoint, Picture, SortedUnit, Withheld
from flows.report.plots import precision_over_recall
from flows.steps import files
from flows.steps.answers import scores_of
from flows.steps.judging import units_of_answers
from flows.steps.recordings import load_spikes
from hw.network.decide import decide
from hw.network.lower import lower
from hw.network.types import Network
from qat.presort import Presorting
from qat.sortings.files import write_npz
from qat.sortings.make import sorting_of
from qat.sortings.score import score_sorting
from qat.spikes.spec import SpikeSpec
from qat.spikes.spikeset import TEST, SpikeSet
from qat.training import TrainingRecipe
from qat.unsorted import MarginCurve, leads, margin_curve

_MIN_CONFIDENCE = TrainingRecipe.min_confidence
_CURVE = "precision_recall.png"


def sort_recording(context: StepContext) -> Mapping[str, Any]:
    """Sort every detection with the integer network; score the test stretch, detection included."""
    spikes = load_spikes(context)
    presorting = Presorting.load(context.of("presort") / files.PSEUDO_LABELS)
    network = lower(context.of("export") / files.MODEL)
    scores = scores_of(network, spikes.inputs())
    answers = decide(scores, network.margin)
    sorting = _sorting(spikes, answers, network.unit_names)
    if sorting is not None:
        write_npz(sorting, context.folder / files.SORTING)
    withheld, picture = _withheld(context, spikes, presorting, network, scores)
    return {
        "n_sorted": int((answers < len(network.unit_names)).sum()),
        "n_unsorted": int((answers == len(network.unit_names)).sum()),
        "margin": network.margin,
        **contribution(
            sorted_units=list(_sorted_units(context, spikes, presorting, network, scores)),
            withheld=withheld,
            pictures=[picture],
        ),
    }


def _sorting(spikes: SpikeSet, answers: NDArray[np.integer], names: tuple[str, ...]) -> BaseSorting | None:
    """None where the spikes' times are unknown."""
    if spikes.sample_index is None or spikes.sampling_rate_hz is None:
        return None
    return sorting_of(spikes.sample_index, answers, names, spikes.sampling_rate_hz)


def _sorted_units(
    context: StepContext, spikes: SpikeSet, presorting: Presorting, network: Network, scores: NDArray[np.int64]
) -> Iterator[SortedUnit]:
    """The network's sorting and the pre-sorter's, each with every answer and with the doubtful ones left out."""
    path, first_sample = context.of("spikes") / files.TRUE_SORTING, context.summary("spikes")["first_test_sample"]
    if not path.exists():
        return
    true, found = read_npz_sorting(path), spikes.detection or {}
    for sorter, answers in _sorters(presorting, network, scores).items():
        sorting = _sorting(spikes, answers, network.unit_names)
        assert sorting is not None, "true spike times are known, and the detections' are"
        units = score_sorting(
            true,
            sorting,
            lag_samples=found.get("lag_samples", 0),
            first_sample=first_sample,
            match_ms=found.get("match_ms", SpikeSpec.match_ms),
        )
        for unit in units:
            shares = (unit.accuracy, unit.precision, unit.recall)
            yield SortedUnit(sorter, unit.unit, unit.found_as, unit.n_true, unit.n_found, unit.n_hits, *shares)


def _sorters(
    presorting: Presorting, network: Network, scores: NDArray[np.int64]
) -> Mapping[str, NDArray[np.integer]]:
    """Name -> answer to every detection; the one that the hardware gives first."""
    trusted = np.where(presorting.confidence >= _MIN_CONFIDENCE, presorting.labels, -1)
    with_margin = {f"1-bit network, unsorted below {network.margin}": decide(scores, network.margin)}
    return {
        **(with_margin if network.margin else {}),
        "1-bit network, every answer": decide(scores, 0),
        f"pre-sorter, confidence from {_MIN_CONFIDENCE}": trusted,
        "pre-sorter, every label": presorting.labels,
    }


def _withheld(
    context: StepContext, spikes: SpikeSet, presorting: Presorting, network: Network, scores: NDArray[np.int64]
) -> tuple[Withheld, Picture]:
    """What margins do on the test part, and the picture of it."""
    test = spikes.part == TEST
    against, counted, right, n_to_find = _judged(spikes, presorting, scores.argmax(axis=1))
    lead = leads(scores)
    used = test & counted
    whole = margin_curve(lead[used], right[used], n_to_find)
    table = margin_curve(lead[used], right[used], n_to_find, np.unique([0, network.margin]))
    chosen = int(np.searchsorted(whole.margin, network.margin)) if 0 < network.margin <= whole.margin[-1] else None
    precision_over_recall(whole.recall, whole.precision, chosen, network.margin, context.folder / _CURVE)
    caption = f"Test part against {against}: precision over recall as the margin of 'unsorted' grows"
    withheld = Withheld(against, n_to_find, _calibration(network), tuple(_points(table, network.margin)))
    return withheld, Picture(_CURVE, caption)


def _judged(
    spikes: SpikeSet, presorting: Presorting, answers: NDArray[np.int64]
) -> tuple[Labels, NDArray[np.bool_], NDArray[np.bool_], int]:
    """Against what, which answers count, which are right, both `[n]` over all parts, and the test spikes to find."""
    test = spikes.part == TEST
    if spikes.true_unit is None or not (spikes.true_unit[test] >= 0).any():
        trusted = presorting.confidence >= _MIN_CONFIDENCE
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
