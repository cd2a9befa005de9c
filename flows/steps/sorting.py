"""The step that sorts the whole recording with the exported network, and scores what came of it."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from spikeinterface.core import BaseSorting, read_npz_sorting

from flows.pipeline import StepContext
from flows.report.assemble import contribution
from flows.report.model import SortedUnit
from flows.steps import files
from flows.steps.answers import scores_of
from flows.steps.labels import sorter_name
from flows.steps.recordings import load_spikes
from flows.steps.withheld import MIN_CONFIDENCE, withheld_answers
from hw.network.decide import decide
from hw.network.lower import lower
from hw.network.types import Network
from qat.presort import Presorting
from qat.sortings.files import write_npz
from qat.sortings.make import sorting_of
from qat.sortings.score import score_sorting
from qat.spikes.spec import SpikeSpec
from qat.spikes.spikeset import SpikeSet


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
    withheld, picture = withheld_answers(spikes, presorting, network, scores, context.folder)
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
    with_margin = {f"1-bit network, unsorted below {network.margin}": decide(scores, network.margin)}
    return {
        **(with_margin if network.margin else {}),
        "1-bit network, every answer": decide(scores, 0),
        **_labels(presorting),
    }


def _labels(presorting: Presorting) -> Mapping[str, NDArray[np.integer]]:
    """Name -> label of every detection; of a given sorting all are trusted."""
    name = sorter_name(presorting)
    if presorting.is_given:
        return {name: presorting.labels}
    trusted = np.where(presorting.confidence >= MIN_CONFIDENCE, presorting.labels, -1)
    return {f"{name}, confidence from {MIN_CONFIDENCE}": trusted, f"{name}, every label": presorting.labels}
