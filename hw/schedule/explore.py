"""Every design worth having: the Pareto front over resources, latency and initiation interval."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from hw.devices import Device
from hw.errors import DoesNotFit
from hw.network.types import Network
from hw.schedule.reach import what_would_fit
from hw.schedule.search import limits_of, search
from hw.schedule.space import FIGURES, INTERVAL, LUTS, Fixed, space_of
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
        n_foldings: how many foldings of PE, SIMD and storage were weighed.
    """

    designs: tuple[Design, ...]
    n_foldings: int


def explore(
    network: Network,
    device: Device,
    fixed: Fixed = Fixed(),
    margin_port: bool = False,
    progress: Callable[[float], None] = lambda fraction: None,
) -> Front:
    """Every folding that fits a device and that no other one equals or beats in all five figures.

    Energy an inference grows with cells and with clocks alike, so a front over these holds every design of least
    energy too.

    Args:
        network: what to fold.
        device: what must hold it.
        fixed: choices that are given.
        margin_port: whether the margin of 'unsorted' is an input of the circuit.
        progress: called with the fraction done.

    Raises:
        BadInput: if what is fixed does not fit the network.
        DoesNotFit: if no folding fits the device.
    """
    space = space_of(network, device, fixed, margin_port)
    found = search(space, limits_of(device, Target()), range(FIGURES), progress)
    if not len(found.figures):
        raise DoesNotFit(what_would_fit(space, device, Target()))
    in_order = np.lexsort((found.figures[:, LUTS], found.figures[:, INTERVAL]))
    designs = tuple(
        Design(
            Schedule(network.digest, device.name, found.layers(index), margin_port=margin_port),
            *map(int, found.figures[index]),
        )
        for index in map(int, in_order)
    )
    return Front(designs, space.n_foldings)
