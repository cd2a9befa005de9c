"""Steps from a spike set to a QONNX file."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from flows.pipeline import StepContext
from flows.report.assemble import contribution
from flows.report.model import Accuracy, Picture, UnitScore
from flows.report.plots import unit_waveforms
from flows.steps import files
from flows.steps.labels import labelled_test_spikes, sorter_name
from flows.steps.recordings import load_spikes
from qat.export import describe, export_qonnx
from qat.models import MODELS, ModelKind, binarized, classify, scores
from qat.plots import draw_confusion_matrix, draw_learning_curves
from qat.presort import Presorting, PresortSpec, labels_from_sorting, presort
from qat.recordings.sortings import read_sorting
from qat.scoring import TruthScore, match_clusters, score_against_truth
from qat.spikes.spikeset import TEST, TRAIN, VALIDATION, SpikeSet
from qat.training import TEACHER, LabelledSpikes, TrainedModel, recipe_of, train
from qat.unsorted import calibrate_margin
from qat.weights import load_weights, save_weights

_STUDENT = MODELS["one-bit"]
_ONE_BIT, _TWIN = _STUDENT.title, MODELS[TEACHER].title
_EFFORT = {_STUDENT.name: 3.0, TEACHER: 1.0}
"""Time of one training against another's, as seen on one core; the share of the progress that is told."""


def presort_spikes(context: StepContext, path: Path | None) -> Mapping[str, Any]:
    """Pre-sort, or take a sorting made elsewhere, and compare it with true units where these are known."""
    spikes = load_spikes(context)
    sorting = _presorted(context, spikes) if path is None else _given(spikes, path)
    sorting.save(context.folder / files.PSEUDO_LABELS)
    names = _unit_names(sorting)
    unit_waveforms(
        spikes.waveforms, sorting.labels, names, spikes.lsb, spikes.unit_of_measure, context.folder / "units.png"
    )
    number = "as given" if path or context.parameters["units"] else "their number chosen by the data"
    caption = f"Spikes by pseudo-label ({sorting.n_units} units, {number})"
    return {
        "n_units": sorting.n_units,
        "score": sorting.score,
        "method": dict(sorting.method),
        **contribution(
            accuracy=_against_truth(sorter_name(sorting), spikes, sorting, [sorting.labels]),
            pictures=[Picture("units.png", caption)],
        ),
    }


def _presorted(context: StepContext, spikes: SpikeSet) -> Presorting:
    chosen = context.parameters
    spec = PresortSpec(n_units=chosen["units"], max_components=chosen["components"], seed=chosen["seed"])
    return presort(spikes, spec, context.progress)


def _given(spikes: SpikeSet, path: Path) -> Presorting:
    return labels_from_sorting(spikes, read_sorting(path, spikes.sampling_rate_hz))


def train_networks(context: StepContext) -> Mapping[str, Any]:
    """Train both networks once for each seed, the 1-bit one with its twin as a teacher.

    Every 1-bit network is kept, and the best on the validation part named.
    """
    spikes, sorting, seeds = load_spikes(context), _load_presorting(context), context.parameters["seeds"]
    trainings = _Trainings(context, spikes, sorting)
    twins = [trainings.run(MODELS[TEACHER], seed) for seed in seeds]
    one_bits = [trainings.run(_STUDENT, twin.seed, teacher=twin.model) for twin in twins]
    trained = {_ONE_BIT: one_bits, _TWIN: twins}
    best = min(trained[_ONE_BIT], key=_best_first)
    for one_bit in trained[_ONE_BIT]:
        save_weights(one_bit.model, context.folder / _weights_file(one_bit.seed))
    answers = {
        model: [classify(network.model, spikes.inputs()) for network in networks]
        for model, networks in trained.items()
    }
    curves = {
        f"{model}, seed {best.seed}": _of_seed(networks, best.seed).history for model, networks in trained.items()
    }
    draw_learning_curves(curves, context.folder / "learning_curves.png")
    accuracy = [
        row
        for model, labels in answers.items()
        for row in (
            _against_pseudo_labels(model, spikes, sorting, labels),
            *_against_truth(model, spikes, sorting, labels),
        )
    ]
    return {
        "best_seed": best.seed,
        "metrics": {model: {str(n.seed): asdict(n.metrics) for n in networks} for model, networks in trained.items()},
        **contribution(
            accuracy=accuracy,
            pictures=[Picture("learning_curves.png", "Loss and accuracy against pseudo-labels over the epochs")],
        ),
    }


def export_network(context: StepContext) -> Mapping[str, Any]:
    """Export the best network and score it, unit by unit, on the test part."""
    spikes, sorting = load_spikes(context), _load_presorting(context)
    trained = context.summary("train")
    best_seed = trained["best_seed"]
    hidden = tuple(context.parameters["hidden"])
    model = binarized(spikes.inputs().shape[1], sorting.n_units, hidden=hidden)
    load_weights(model, context.of("train") / _weights_file(best_seed))
    training = {"seed": best_seed, "labels": "pseudo-labels", "presorting": dict(sorting.method)}
    metadata = {
        **describe(spikes, _unit_names(sorting), training),
        **_unsorted(context.parameters["unsorted"], spikes, sorting, model.eval()),
    }
    check = export_qonnx(model, context.folder / files.MODEL, metadata, spikes.inputs(TEST))
    labels = classify(model, spikes.inputs())
    unit_scores, picture = _unit_scores(spikes, sorting, labels, context.folder)
    name = f"{_ONE_BIT}, exported (seed {best_seed})"
    rows = [
        _against_pseudo_labels(name, spikes, sorting, [labels]),
        *_against_truth(name, spikes, sorting, [labels]),
    ]
    return {
        "best_seed": best_seed,
        "checked_against_torch": asdict(check),
        **contribution(
            accuracy=[replace(row, exported=True) for row in rows], unit_scores=unit_scores, pictures=[picture]
        ),
    }


def _unsorted(chosen: str | int, spikes: SpikeSet, sorting: Presorting, model: nn.Module) -> dict[str, Any]:
    """The file's margin of 'unsorted': calibrated on the validation part, given, or none."""
    if chosen == "off":
        return {}
    if chosen != "auto":
        return {"unsorted": {"margin": chosen}}
    integers = scores(model, spikes.inputs(VALIDATION)).astype(np.int64)
    calibrated = asdict(calibrate_margin(integers, sorting.labels[spikes.part == VALIDATION]))
    return {"unsorted": {"margin": calibrated.pop("margin"), "calibration": calibrated}}


class _Trainings:
    """Runs trainings one after the other, and tells how far all of them have come."""

    def __init__(self, context: StepContext, spikes: SpikeSet, sorting: Presorting):
        chosen = context.parameters
        self.context, self.done = context, 0.0
        self.total = len(chosen["seeds"]) * sum(_EFFORT.values())
        self.epochs, self.hidden = chosen["epochs"], tuple(chosen["hidden"])
        self.n_units, self.n_rows = sorting.n_units, spikes.n_network_rows
        self.training, self.validation = (_labelled(spikes, sorting, part) for part in (TRAIN, VALIDATION))

    def run(self, kind: ModelKind, seed: int, teacher: nn.Module | None = None) -> TrainedModel:
        done, effort, message = self.done, _EFFORT[kind.name], f"{kind.title}, seed {seed}"
        self.done += effort
        return train(
            kind.builder(self.n_rows, self.hidden),
            self.training,
            self.validation,
            n_units=self.n_units,
            recipe=replace(recipe_of(kind), epochs=self.epochs),
            seed=seed,
            teacher=teacher,
            progress=lambda fraction: self.context.progress((done + effort * fraction) / self.total, message),
        )


def _labelled(spikes: SpikeSet, sorting: Presorting, part: int) -> LabelledSpikes:
    of_part = spikes.part == part
    return LabelledSpikes(spikes.network_windows[of_part], sorting.labels[of_part], sorting.confidence[of_part])


def _load_presorting(context: StepContext) -> Presorting:
    return Presorting.load(context.of("presort") / files.PSEUDO_LABELS)


def _unit_names(sorting: Presorting) -> tuple[str, ...]:
    return tuple(str(unit) for unit in range(sorting.n_units))


def _weights_file(seed: int) -> str:
    return f"weights_1bit_seed{seed}.pt"


def _of_seed(networks: Sequence[TrainedModel], seed: int) -> TrainedModel:
    return next(network for network in networks if network.seed == seed)


def _best_first(network: TrainedModel) -> tuple[float, float]:
    """Sorts by accuracy, then by loss, on the validation part; without one all are equal."""
    metrics = network.metrics
    if metrics.validation_accuracy is None or metrics.validation_loss is None:
        return 0.0, 0.0
    return -metrics.validation_accuracy, metrics.validation_loss


def _against_pseudo_labels(
    model: str, spikes: SpikeSet, sorting: Presorting, answers: Sequence[NDArray[np.integer]]
) -> Accuracy:
    labelled = labelled_test_spikes(spikes, sorting)
    n = int(labelled.sum())
    shares = [float((labels == sorting.labels)[labelled].mean()) if n else None for labels in answers]
    return _accuracy_row(model, "pseudo-labels", n, shares)


def _against_truth(
    model: str, spikes: SpikeSet, sorting: Presorting, answers: Sequence[NDArray[np.integer]]
) -> list[Accuracy]:
    """With overlapping spikes and, where they are known, without; nothing where the true units are unknown."""
    scores = [score for labels in answers if (score := _truth_score(spikes, sorting, labels)) is not None]
    if not scores or scores[0].accuracy is None:
        return []
    rows = [_accuracy_row(model, spikes.labels_are, scores[0].n, [score.accuracy for score in scores])]
    alone = scores[0].n_without_overlap
    if alone and alone < scores[0].n:
        shares = [score.accuracy_without_overlap for score in scores]
        rows.append(replace(_accuracy_row(model, spikes.labels_are, alone, shares), overlapping_counted=False))
    return rows


def _truth_score(spikes: SpikeSet, sorting: Presorting, labels: NDArray[np.integer]) -> TruthScore | None:
    """Score on the test part; clusters are matched to units by the pseudo-labels of the training part."""
    if spikes.true_unit is None:
        return None
    training, test = spikes.part == TRAIN, spikes.part == TEST
    return score_against_truth(
        spikes.true_unit[test],
        labels[test].astype(np.int32),
        match_clusters(spikes.true_unit[training], sorting.labels[training]),
        len(spikes.unit_names),
        None if spikes.overlap is None else spikes.overlap[test],
    )


def _accuracy_row(model: str, against: Any, n_spikes: int, shares: Sequence[float | None]) -> Accuracy:
    known = [share for share in shares if share is not None]
    return Accuracy(
        model=model,
        against=against,
        overlapping_counted=True,
        part="test",
        n_seeds=len(shares),
        n_spikes=n_spikes,
        mean=mean(known) if known else None,
        standard_deviation=stdev(known) if len(known) > 1 else None,
    )


def _unit_scores(
    spikes: SpikeSet, sorting: Presorting, labels: NDArray[np.integer], folder: Path
) -> tuple[list[UnitScore], Picture]:
    """Precision and recall of the exported network, and its confusion matrix: against the truth where it is known."""
    test, labelled = spikes.part == TEST, labelled_test_spikes(spikes, sorting)
    score = _truth_score(spikes, sorting, labels)
    clusters = [f"unit {name}" for name in _unit_names(sorting)]
    path = folder / "confusion.png"
    if score is None or spikes.true_unit is None:
        draw_confusion_matrix(sorting.labels[labelled], labels[labelled], clusters, clusters, path)
        return [], Picture(path.name, "Test part: pseudo-label (row) and the exported network's answer (column)")
    known = test & (spikes.true_unit >= 0)
    names = [f"true {name}" for name in spikes.unit_names]
    draw_confusion_matrix(spikes.true_unit[known], labels[known], names, clusters, path)
    rows = [
        UnitScore(name, unit.n, unit.precision, unit.recall)
        for name, unit in zip(spikes.unit_names, score.units, strict=True)
    ]
    return rows, Picture(path.name, "Test part: true unit (row) and the exported network's answer (column)")
