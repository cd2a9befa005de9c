"""Exact search: layer by layer, every partial folding that no other one beats in every figure that counts.

What a layer adds depends on the layer before it alone, and figures only grow. So a partial folding that another one
with the same last shape equals or beats in every figure can be dropped without loss, and so can one beyond a limit.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count

import numpy as np
from numpy.typing import NDArray

from hw.devices import Device
from hw.schedule.shapes import BLOCK_RAMS, FIGURES, FLIP_FLOPS, INTERVAL, LATENCY, LUTS, Figures, Shape
from hw.schedule.space import Space
from hw.schedule.target import Target
from hw.schedule.types import LayerFolding

RESOURCES = (LUTS, FLIP_FLOPS, BLOCK_RAMS)
_BLOCK = 64  # rows that are compared with all others at once
_NO_LIMIT = np.iinfo(np.int64).max


@dataclass(frozen=True, eq=False)
class _Step:
    """Partial foldings that end with one layer: figures, and by index the shape, its storage and what was before."""

    figures: Figures
    shape: NDArray[np.intp]
    storage: NDArray[np.intp]
    before: NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Found:
    """Whole foldings within the limits, none of which another one equals or beats in every figure that counts."""

    space: Space
    figures: Figures
    steps: Sequence[_Step]

    def layers(self, index: int) -> tuple[LayerFolding, ...]:
        """The folding that row `index` of the figures stands for."""
        folds = []
        for step, shapes in zip(reversed(self.steps), reversed(self.space.shapes), strict=True):
            folds.append(shapes[step.shape[index]].folding(step.storage[index]))
            index = step.before[index]
        return tuple(reversed(folds))


def limits_of(device: Device, target: Target, scale: int = 1) -> Figures:
    """The most that a folding may take: `scale` times what the device has, and the target's clocks."""
    limits = np.full(FIGURES, _NO_LIMIT)
    limits[list(RESOURCES)] = scale * np.array([device.luts, device.flip_flops, device.block_rams])
    for figure, clocks in ((LATENCY, target.latency_clocks), (INTERVAL, target.interval_clocks)):
        if clocks is not None:
            limits[figure] = clocks
    return limits


def search(
    space: Space,
    limits: Figures,
    counted: Sequence[int],
    progress: Callable[[float], None] = lambda fraction: None,
    grain: float = 0.0,
) -> Found:
    """Every folding within the limits that no other one equals or beats in the counted figures.

    Args:
        space: what to choose from.
        limits: the most of each figure.
        counted: figures by which foldings are weighed, such as `LUTS`; one that has a limit must be among them,
            unless it is the initiation interval, which is no sum.
        progress: called with the fraction of shapes done.
        grain: how much worse, as a fraction, a figure of a partial folding may be than that of one that it takes the
            place of. What is found is then within `(1 + grain) ** layers` of whatever is left out; 0 is exact.
    """

    def best(figures: Figures) -> NDArray[np.intp]:
        return undominated(_coarse(figures[:, list(counted)], grain))

    first = _Step(np.zeros((1, FIGURES), np.int64), *(np.zeros(1, np.intp) for _ in range(3)))
    steps = [first]
    done, whole = count(1), sum(map(len, space.shapes))
    for index, shapes in enumerate(space.shapes):
        parts = []
        for number, shape in enumerate(shapes):
            reached = _reached(space, index, number, steps[-1])
            parts.append(_with_shape(shape, number, *reached, limits, best))
            progress(next(done) / whole)
        steps.append(_joined(parts))
    ends = _plus(steps[-1].figures, space.ends[steps[-1].shape])
    kept = np.flatnonzero((ends <= limits).all(axis=1))
    kept = kept[best(ends[kept])]
    last = steps[-1]
    steps[-1] = _Step(ends[kept], last.shape[kept], last.storage[kept], last.before[kept])
    return Found(space, ends[kept], steps[1:])


def undominated(rows: NDArray[np.int64]) -> NDArray[np.intp]:
    """Indices of the rows that no other row equals or beats in every column; of equal rows the first.

    Args:
        rows: `[n, columns]`, where less is better.
    """
    ranks = np.array([np.unique(column, return_inverse=True)[1] for column in rows.T]).reshape(rows.T.shape)
    # What beats a row in some column and loses in none has a smaller sum of ranks: it stands before that row.
    left = np.argsort(ranks.sum(axis=0), kind="stable")
    ranks = ranks[:, left]
    kept = []
    while left.size:
        head, rest = ranks[:, :_BLOCK], ranks[:, _BLOCK:]
        is_best = ~np.triu(_beats(head, head), k=1).any(axis=0)
        kept.append(left[:_BLOCK][is_best])
        remain = ~_beats(head[:, is_best], rest).any(axis=0)
        left, ranks = left[_BLOCK:][remain], rest[:, remain]
    return np.concatenate([*kept, np.zeros(0, np.intp)])


def _coarse(figures: Figures, grain: float) -> NDArray[np.int64]:
    """The figures, or by number the steps of `1 + grain` that they lie in."""
    if not grain:
        return figures
    steps = np.floor(np.log(np.maximum(figures, 1)) / np.log1p(grain)).astype(np.int64)
    return np.where(figures == 0, -1, steps)


def _beats(some: NDArray[np.intp], others: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Where a column of `some` equals or beats one of `others` in every row: bool `[some, others]`."""
    beats = np.ones((some.shape[1], others.shape[1]), np.bool_)
    for ours, theirs in zip(some, others, strict=True):
        beats &= ours[:, None] <= theirs[None, :]
    return beats


def _reached(space: Space, index: int, shape: int, step: _Step) -> tuple[Figures, NDArray[np.intp]]:
    """Figures of the partial foldings that a shape may follow, with what the pair adds; and which they are."""
    if index == 0:
        return step.figures, np.zeros(1, np.intp)
    before = np.flatnonzero(space.possible[index - 1][step.shape, shape])
    return _plus(step.figures[before], space.links[index - 1][step.shape[before], shape]), before


def _with_shape(
    shape: Shape,
    number: int,
    figures: Figures,
    before: NDArray[np.intp],
    limits: Figures,
    best: Callable[[Figures], NDArray[np.intp]],
) -> _Step:
    n_storages = len(shape.storages)
    ahead = best(figures)
    figures, before = figures[ahead], before[ahead]
    joint = _plus(figures[:, None, :], shape.figures[None, :, :]).reshape(-1, FIGURES)
    within = np.flatnonzero((joint <= limits).all(axis=1))
    kept = within[best(joint[within])]
    return _Step(joint[kept], np.full(kept.size, number), kept % n_storages, before[kept // n_storages])


def _plus(some: Figures, more: Figures) -> Figures:
    """Figures of two parts together: sums, but the initiation interval is the longer one."""
    together = some + more
    together[..., INTERVAL] = np.maximum(some[..., INTERVAL], more[..., INTERVAL])
    return together


def _joined(parts: Sequence[_Step]) -> _Step:
    names = ("figures", "shape", "storage", "before")
    return _Step(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))
