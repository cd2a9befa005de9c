"""What the study runs: plain data, part by part."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import TypeVar

from flows.errors import BadInput
from flows.study.job import ONE_BIT, PRESORTER, Job
from flows.study.own import OwnFile
from qat.datasets import DataSet, generated
from qat.models import MODELS
from qat.training import VARIANTS

T = TypeVar("T")

TWIN, CNN, LSTM, LDA, TEMPLATES = "twin", "cnn", "lstm", "lda", "template-matching"
CLASSICAL_MODELS = (TEMPLATES, LDA, "nearest-centroid")
RIVALS = (TWIN, CNN, LSTM)
"""Full-precision networks that the 1-bit network is held against."""

_SIMILARITIES = ("easy", "moderate", "hard", "hardest")
PRESORT_NOISE = 0.15
"""Noise at which labels are compared."""
_NETWORKS = (ONE_BIT, TWIN)
_FITTED = (*_NETWORKS, LDA)
_CURVE = (*_FITTED, PRESORTER)
"""Models of the curves."""
ORDERS = ((0,), (1,), (2,), (1, 2))
"""What a network is given: samples as they are, first differences, second ones, and both beside each other."""


@dataclass(frozen=True)
class Part:
    """Jobs that answer one question. A job may stand in several parts: it is done once."""

    name: str
    title: str
    jobs: tuple[Job, ...]


@dataclass(frozen=True)
class Grid:
    """All that a study runs."""

    is_quick: bool
    data_sets: Mapping[str, DataSet]
    parts: tuple[Part, ...]

    @property
    def jobs(self) -> tuple[Job, ...]:
        """Every job once, in the order of the parts."""
        return tuple(dict.fromkeys(job for part in self.parts for job in part.jobs))


@dataclass(frozen=True)
class Choices:
    """How much of everything a study takes."""

    seeds: tuple[int, ...]
    main: tuple[DataSet, ...]
    presort: tuple[DataSet, ...]
    ablation: tuple[DataSet, ...]
    noise: tuple[DataSet, ...]
    drift: tuple[DataSet, ...]
    units: tuple[DataSet, ...]
    base: DataSet
    """On which jitter, training spikes, bits and widths are varied."""
    shifts: tuple[int, ...]
    training_spikes: tuple[int | None, ...]
    differences: tuple[DataSet, ...]
    bits: tuple[int, ...]
    widths: tuple[int, ...]


_BASE = generated("hard", PRESORT_NOISE)
_AT_ONE_NOISE = tuple(generated(similarity, PRESORT_NOISE) for similarity in _SIMILARITIES)

FULL = Choices(
    seeds=(0, 1, 2, 3, 4),
    main=(
        *_AT_ONE_NOISE,
        generated("moderate", 0.10, units=5),
        generated("moderate", 0.10, units=8),
        generated("moderate", 0.10, drift=0.3),
        generated("moderate", 0.10, channels=4),
    ),
    presort=_AT_ONE_NOISE,
    # Where the 1-bit network gives up most.
    ablation=(_AT_ONE_NOISE[3], generated("moderate", 0.10, units=8)),
    noise=(
        *(generated("easy", noise) for noise in (0.05, 0.10, 0.15, 0.20, 0.30, 0.40)),
        *(generated("hardest", noise) for noise in (0.05, 0.10, 0.15, 0.20)),
    ),
    drift=tuple(generated("moderate", 0.10, drift=drift) for drift in (0.0, 0.3, 0.6)),
    units=tuple(generated("moderate", 0.10, units=units) for units in (3, 5, 8)),
    base=_BASE,
    shifts=(-4, -3, -2, -1, 0, 1, 2, 3, 4),
    training_spikes=(100, 200, 500, 1000, None),
    differences=(_AT_ONE_NOISE[3],),
    bits=(2, 3, 4, 5, 6, 8),
    widths=(16, 32, 64, 128, 256, 512),
)

QUICK = Choices(
    seeds=(0, 1),
    main=(_AT_ONE_NOISE[0], *_AT_ONE_NOISE[2:]),
    presort=(_AT_ONE_NOISE[0], _AT_ONE_NOISE[3]),
    ablation=(_BASE,),
    noise=tuple(generated("easy", noise) for noise in (0.05, 0.15, 0.30)),
    drift=tuple(generated("moderate", 0.10, drift=drift) for drift in (0.0, 0.6)),
    units=tuple(generated("moderate", 0.10, units=units) for units in (3, 5)),
    base=_BASE,
    shifts=(-4, -2, 0, 2, 4),
    training_spikes=(200, None),
    differences=(_AT_ONE_NOISE[3],),
    bits=(2, 4, 8),
    widths=(32, 128, 256),
)


def grid_of(choices: Choices, files: Sequence[OwnFile] = (), is_quick: bool = False) -> Grid:
    """The parts of a study; that of the files is there only where files are given.

    Raises:
        BadInput: a file has the name of a generated data set.
    """
    seeds, base = choices.seeds, choices.base.name
    parts = [
        Part("main", "Models", _each(choices.main, seeds, (*MODELS, *CLASSICAL_MODELS, PRESORTER))),
        Part("presort", "Pre-sorting", tuple(_labels(choices.presort, seeds))),
        Part("ablation", "Ablation of the training", tuple(_variants(choices.ablation, seeds))),
        Part("noise", "Noise", _each(choices.noise, seeds, _CURVE)),
        Part("jitter", "Alignment jitter", _varied(base, seeds, _FITTED, choices.shifts, _with_shift)),
        Part("drift", "Drift", _each(choices.drift, seeds, _CURVE)),
        Part("units", "Number of units", _each(choices.units, seeds, _CURVE)),
        Part("spikes", "Training spikes", _varied(base, seeds, _CURVE, choices.training_spikes, _with_spikes)),
        Part("differences", "Differences of samples", tuple(_differences(choices.differences, seeds))),
        Part("bits", "Input bits", _varied(base, seeds, _FITTED, choices.bits, _with_bits)),
        Part("width", "Hidden width", _varied(base, seeds, _NETWORKS, choices.widths, _with_width)),
    ]
    if files:
        parts.append(Part("files", "Files", tuple(_of_files(files, seeds))))
    own = [each.data_set for each in files]
    generated_sets = (
        *choices.main,
        *choices.presort,
        *choices.ablation,
        *choices.noise,
        *choices.drift,
        *choices.units,
        *choices.differences,
        choices.base,
    )
    taken = {each.name for each in generated_sets}.intersection(each.name for each in own)
    if taken:
        raise BadInput(f"recording {min(taken)!r} has the name of a generated data set: give it another")
    return Grid(is_quick, {each.name: each for each in (*generated_sets, *own)}, tuple(parts))


def _each(data_sets: Iterable[DataSet], seeds: Iterable[int], models: Iterable[str]) -> tuple[Job, ...]:
    return tuple(Job(each.name, seed, model) for each, model, seed in product(data_sets, models, seeds))


def _labels(data_sets: Iterable[DataSet], seeds: Iterable[int]) -> Iterable[Job]:
    """The labels themselves, and networks on the pre-sorter's and on true ones."""
    for each, seed in product(data_sets, seeds):
        yield from (Job(each.name, seed, PRESORTER, labels) for labels in ("baseline", "pseudo", "pseudo-given"))
        yield from (Job(each.name, seed, TWIN, labels) for labels in ("pseudo", "true"))
        yield Job(each.name, seed, ONE_BIT)


def _variants(data_sets: Iterable[DataSet], seeds: Iterable[int]) -> Iterable[Job]:
    for each, variant, seed in product(data_sets, VARIANTS, seeds):
        yield Job(each.name, seed, ONE_BIT, variant=variant.name)


def _varied(
    data_set: str, seeds: Iterable[int], models: Iterable[str], values: Iterable[T], vary: Callable[[Job, T], Job]
) -> tuple[Job, ...]:
    """Jobs of one data set, each varied by every value."""
    return tuple(vary(Job(data_set, seed, model), value) for model, value, seed in product(models, values, seeds))


def _with_shift(job: Job, shift: int) -> Job:
    return replace(job, shift=shift)


def _with_spikes(job: Job, n_spikes: int | None) -> Job:
    return replace(job, training_spikes=n_spikes)


def _differences(data_sets: Iterable[DataSet], seeds: Iterable[int]) -> Iterable[Job]:
    for each, model, orders, seed in product(data_sets, (*_FITTED, CNN), ORDERS, seeds):
        # The job of other parts where the orders are those that the channels ask for.
        yield Job(each.name, seed, model, differences=None if orders == each.differences else orders)


def _with_bits(job: Job, bits: int) -> Job:
    return replace(job, bits=bits)


def _with_width(job: Job, width: int) -> Job:
    """The job of other parts where a width is the model's own."""
    return job if MODELS[job.model].hidden == (width, width) else replace(job, hidden=width)


def _of_files(files: Iterable[OwnFile], seeds: Iterable[int]) -> Iterable[Job]:
    for file, seed in product(files, seeds):
        name = file.data_set.name
        yield from (Job(name, seed, model) for model in (ONE_BIT, TWIN, PRESORTER))
        if file.has_truth:
            yield Job(name, seed, LDA, "true")
