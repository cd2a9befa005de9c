"""Every design worth having: the Pareto front over resources, latency and initiation interval."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from hw.errors import DoesNotFit
from hw.schedule.designs import Designs
from hw.schedule.reach import what_would_fit
from hw.schedule.search import limits_of
from hw.schedule.shapes import FIGURES, INTERVAL, LUTS
from hw.schedule.target import Target
from hw.schedule.types import Schedule


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
    """

    designs: tuple[Design, ...]
    n_designs: int


def explore(designs: Designs, progress: Callable[[float], None] = lambda fraction: None) -> Front:
    """Every design that fits the device and that no other one equals or beats in all five figures.

    Energy an inference grows with cells and with clocks alike, so a front over these holds every design of least
    energy too.

    Args:
        designs: what is open.
        progress: called with the fraction done.

    Raises:
        DoesNotFit: if no design fits the device.
    """
    found = designs.within(limits_of(designs.device, Target()), range(FIGURES), progress)
    if not len(found.figures):
        raise DoesNotFit(what_would_fit(designs, Target()))
    in_order = np.lexsort((found.figures[:, LUTS], found.figures[:, INTERVAL]))
    front = (Design(found.schedule(index), *map(int, found.figures[index])) for index in map(int, in_order))
    return Front(tuple(front), designs.n_designs)
