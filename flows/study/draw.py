"""One draw of a data set: what is made from it once, for all jobs that need it."""

from collections.abc import Callable
from dataclasses import fields, replace
from functools import cache, cached_property

import numpy as np
from numpy.typing import NDArray
from torch import nn

from flows.study.job import BITS, CHOSEN, ONE_BIT, PRESORTER, Job, Labels
from flows.study.result import Result
from flows.study.score import score
from flows.study.shifted import shifted_windows
from qat.classical import CLASSICAL
from qat.datasets import DataSet
from qat.errors import BadInput
from qat.models import MODELS, classify
from qat.presort import Presorting, PresortSpec, presort
from qat.presort.baseline import presort_baseline
from qat.recordings.source import RecordedSource, StoredWindows
from qat.spikes.spikeset import TEST, TRAIN, VALIDATION, SpikeSet
from qat.training import VARIANTS, LabelledSpikes, recipe_of, train

_Classify = Callable[[NDArray[np.integer]], NDArray[np.integer]]
"""Inputs `[n, n_inputs]` -> unit `[n]`."""
_DISTILLED = (ONE_BIT, "one-hidden", "partial")
"""Networks with binary weights: what the 1-bit network learns from a teacher, those held against it do too."""
_NOISE = "noise"
"""The one array of a `SpikeSet` that has no row for each spike."""
_VARIANTS = {variant.name: variant for variant in VARIANTS}


class Draw:
    """A seed's draw of a data set. Spikes, labels and models are made when first asked for, and kept."""

    def __init__(self, data_set: DataSet, seed: int):
        self.data_set, self.seed = data_set, seed
        self._spikes, self._labels, self._network = cache(self._cut), cache(self._label), cache(self._train)
        self._classifier = cache(self._fit)

    def result(self, job: Job) -> Result:
        """Do a job of this data set and seed.

        Raises:
            BadInput: the data cannot be used so; training diverged.
        """
        spikes = self._spikes(job.bits, job.differences, job.training_spikes)
        labels = self._labels(job.labels, job.training_spikes)
        test = spikes.part == TEST
        if job.model == PRESORTER:
            return score(self._source, spikes, labels, labels.labels[test])
        fitted = self._classifier(replace(job, shift=0))
        windows = self._windows(job, spikes)[test]
        return score(self._source, spikes, labels, fitted(windows.reshape(len(windows), -1)))

    @cached_property
    def _source(self) -> RecordedSource | StoredWindows:
        return self.data_set.source(self.seed)

    def _with(self, bits: int, differences: tuple[int, ...] | None) -> DataSet:
        """The data set with its source drawn already."""
        spec = replace(self.data_set.spec, bits=bits, differences=differences)
        return replace(self.data_set, source=lambda seed: self._source, spec=spec)

    def _cut(self, bits: int, differences: tuple[int, ...] | None, training_spikes: int | None) -> SpikeSet:
        if training_spikes is None:
            return self._with(bits, differences).spikes(self.seed)
        return _first_of(self._spikes(bits, differences, None), training_spikes)

    def _label(self, labels: Labels, training_spikes: int | None) -> Presorting:
        # Pre-sorting is done offline: however few bits the network sees, the pre-sorter has them all.
        spikes = self._spikes(BITS, None, training_spikes)
        if labels == "true":
            return _true_labels(spikes)
        if labels == "baseline":
            return presort_baseline(spikes, len(spikes.unit_names), self.seed)
        n_units = len(spikes.unit_names) if labels == "pseudo-given" else self.data_set.given_units
        return presort(spikes, PresortSpec(n_units=n_units, seed=self.seed))

    def _windows(self, job: Job, spikes: SpikeSet) -> NDArray[np.integer]:
        if job.shift == 0:
            return spikes.network_windows
        if not isinstance(self._source, RecordedSource):
            raise BadInput(f"{job.data_set}: windows that came cut cannot be cut anew {job.shift} samples later")
        return shifted_windows(self._source, self._with(job.bits, job.differences).spec, spikes, job.shift)

    def _part(self, job: Job, part: int) -> LabelledSpikes:
        spikes = self._spikes(job.bits, job.differences, job.training_spikes)
        labels = self._labels(job.labels, job.training_spikes)
        chosen = spikes.part == part
        return LabelledSpikes(spikes.network_windows[chosen], labels.labels[chosen], labels.confidence[chosen])

    def _fit(self, job: Job) -> _Classify:
        if job.model in MODELS:
            network = self._network(job)
            return lambda inputs: classify(network, inputs)
        n_units = self._labels(job.labels, job.training_spikes).n_units
        return CLASSICAL[job.model].fit(self._part(job, TRAIN), n_units).classify

    def _train(self, job: Job) -> nn.Module:
        kind, variant = MODELS[job.model], _VARIANTS[job.variant]
        n_rows = self._spikes(job.bits, job.differences, job.training_spikes).n_network_rows
        build, recipe, teacher = kind.builder(n_rows, _widths(kind.hidden, job.hidden)), recipe_of(kind), None
        if job.model == ONE_BIT:
            build, recipe = variant.builder(build, job.bits), variant.recipe
        if job.model in _DISTILLED and variant.teacher is not None:
            teacher = self._network(replace(job, model=variant.teacher, variant=CHOSEN, hidden=None))
        return train(
            build,
            self._part(job, TRAIN),
            self._part(job, VALIDATION),
            n_units=self._labels(job.labels, job.training_spikes).n_units,
            recipe=recipe,
            seed=job.seed,
            teacher=teacher,
        ).model


def _widths(hidden: tuple[int, ...], width: int | None) -> tuple[int, ...]:
    return hidden if width is None else (width,) * len(hidden)


def _true_labels(spikes: SpikeSet) -> Presorting:
    """The true units as labels; a detection that is no unit's gets confidence 0."""
    if spikes.true_unit is None:
        raise BadInput("true labels: the true units of these spikes are unknown")
    known = spikes.true_unit >= 0
    labels = np.where(known, spikes.true_unit, 0).astype(np.int32)
    return Presorting(labels, known.astype(np.float32), len(spikes.unit_names), 1.0, {"name": "true units"})


def _first_of(spikes: SpikeSet, n_train: int) -> SpikeSet:
    """As if the recording's training part had held only so many spikes, and its validation part as much less."""
    keep = spikes.part == TEST
    n_all = int((spikes.part == TRAIN).sum())
    for part in (TRAIN, VALIDATION):
        rows = np.flatnonzero(spikes.part == part)
        keep[rows[: round(len(rows) * min(1.0, n_train / n_all))]] = True
    arrays = {field.name: getattr(spikes, field.name) for field in fields(spikes) if field.name != _NOISE}
    per_spike = {name: array[keep] for name, array in arrays.items() if isinstance(array, np.ndarray)}
    return replace(spikes, **per_spike)


def draw_results(data_set: DataSet, seed: int) -> Callable[[Job], Result]:
    """Draw a data set; what comes back does the jobs of that draw."""
    return Draw(data_set, seed).result
