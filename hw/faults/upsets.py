"""Single-event upsets: accuracy against the number of flipped bits, memory by memory."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hw.errors import BadInput
from hw.faults.bits import Bits
from hw.faults.memories import Memory, StoredRun

Measure = Callable[[NDArray[np.int64]], float]
"""Accuracy of answers `[n]`, 0 to 1."""

EVERYWHERE = "all memories"
"""Name of the place that is all memories together."""


@dataclass(frozen=True, eq=False)
class Point:
    """So many flipped bits in one place.

    Attributes:
        place: name of a memory, or `EVERYWHERE`.
        bits: that the place has.
        flips: how many of them are flipped, no bit twice.
        accuracy: for each measure, that of every draw.
    """

    place: str
    bits: int
    flips: int
    accuracy: Mapping[str, tuple[float, ...]]


def upset(memories: Sequence[Memory], flips: int, rng: np.random.Generator) -> Mapping[str, Bits]:
    """Contents of memories with so many different bits flipped, every bit as likely as any other."""
    ends = np.cumsum([0, *(memory.bits.size for memory in memories)])
    places = rng.choice(ends[-1], flips, replace=False)
    faulty = {}
    for memory, start, end in zip(memories, ends[:-1], ends[1:], strict=True):
        of_memory = places[(start <= places) & (places < end)] - start
        if of_memory.size:
            contents = memory.bits.copy()
            contents.reshape(-1)[of_memory] ^= True
            faulty[memory.name] = contents
    return faulty


def inject(
    run: StoredRun,
    measures: Mapping[str, Measure],
    *,
    most_flips: int,
    draws: int,
    seed: int,
    progress: Callable[[float], None],
) -> tuple[Point, ...]:
    """Flip 1, 2, 4, ... bits at random places, in each memory by itself and in all of them.

    A draw depends on the seed, its place, number of flips and number alone.

    Args:
        run: spikes through the accelerator.
        measures: what answers are judged by, by name.
        most_flips: the flips stop here, or where a memory has no more bits.
        draws: random places for each number of flips.
        seed: of the draws.
        progress: called with the fraction of draws done.

    Raises:
        BadInput: if the accelerator has no memory.
    """
    memories = run.stored.memories
    if not memories:
        raise BadInput("no memory holds weights or thresholds: every layer is unrolled, its weights are constants")
    places = [(EVERYWHERE, memories), *((memory.name, (memory,)) for memory in memories)]
    cells = [
        (index, name, among, flips)
        for index, (name, among) in enumerate(places)
        for flips in _powers_of_two(min(most_flips, _n_bits(among)))
    ]
    points = []
    for done, (index, name, among, flips) in enumerate(cells):
        answers = []
        for draw in range(draws):
            rng = np.random.default_rng([seed, index, flips, draw])
            answers.append(run.answers(upset(among, flips, rng)))
            progress((done + (draw + 1) / draws) / len(cells))
        accuracy = {label: tuple(measure(one) for one in answers) for label, measure in measures.items()}
        points.append(Point(name, _n_bits(among), flips, accuracy))
    return tuple(points)


def _powers_of_two(most: int) -> list[int]:
    return [1 << exponent for exponent in range(most.bit_length())]


def _n_bits(memories: Sequence[Memory]) -> int:
    return sum(memory.bits.size for memory in memories)
