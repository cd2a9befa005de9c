"""Every design worth having: the Pareto front over resources, latency and initiation interval."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from hw.errors import DoesNotFit
from hw.schedule.designs import Designs
from hw.schedule.reach import what_would_fit
from hw.schedule.search import RESOURCES, limits_of
from hw.schedule.shapes import FIGURES, INTERVAL, LUTS
from hw.schedule.target import Target
from hw.schedule.types import Schedule

MAX_EXACT = 2**26
"""Designs up to which the whole front is found; a network of the paper's size has about fifty million."""
GRAIN = 0.02
"""Beyond that, how much better a design must be in a figure, for each layer, to stand beside another."""


@dataclass(frozen=True)
class Design:
    """A schedule and its analytic figures.

    Attributes:
        schedule: the folding.
        luts: lookup tables.
        flip_flops: flip-flops.
        block_rams: block memories.
        latency_clocks: from the first word of a spike to its result, in an empty pipeline.
        interval_clocks: from an inference to the next, while spikes wait.
    """

    schedule: Schedule
    luts: int
    flip_flops: int
    block_rams: int
    latency_clocks: int
    interval_clocks: int

    @property
    def figures(self) -> tuple[int, int, int, int, int]:
        """The five, in this order."""
        return self.luts, self.flip_flops, self.block_rams, self.latency_clocks, self.interval_clocks


@dataclass(frozen=True)
class Front:
    """Designs that no other one equals or beats in all five figures.

    Attributes:
        designs: fastest first.
        n_designs: how many foldings of PE, SIMD and storage, and engines, were weighed.
        within: 0 where this is the whole front; else latency was not weighed, and what is left out is better in a
            figure by this fraction at the most.
    """

    designs: tuple[Design, ...]
    n_designs: int
    within: float


def explore(designs: Designs, progress: Callable[[float], None] = lambda fraction: None) -> Front:
    """Every design that fits the device and that no other one equals or beats in all five figures.

    Beyond `MAX_EXACT` designs latency is not weighed, and those are left out as well that another one comes within
    a few percent of in every figure: the whole front of a large network has too many to be compared, or looked at.

    Energy an inference grows with cells and with clocks alike, so a front over these holds every design of least
    energy too.

    Args:
        designs: what is open.
        progress: called with the fraction done.

    Raises:
        DoesNotFit: if no design fits the device.
    """
    is_exact = designs.n_designs <= MAX_EXACT
    counted, grain = (range(FIGURES), 0.0) if is_exact else ((*RESOURCES, INTERVAL), GRAIN)
    found = designs.within(limits_of(designs.device, Target()), counted, progress, grain)
    if not len(found.figures):
        raise DoesNotFit(what_would_fit(designs, Target()))
    in_order = np.lexsort((found.figures[:, LUTS], found.figures[:, INTERVAL]))
    front = (Design(found.schedule(index), *map(int, found.figures[index])) for index in map(int, in_order))
    within = (1 + grain) ** len(designs.network.layers) - 1
    return Front(tuple(front), designs.n_designs, within)
