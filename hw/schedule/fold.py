"""Folding that is chosen: the cheapest that meets a target within a device, or what could be met."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hw.devices import Device
from hw.errors import DoesNotFit
from hw.estimate.resources import Resources
from hw.network.types import Network
from hw.schedule.reach import fraction_of, meeting, what_would_fit
from hw.schedule.search import RESOURCES
from hw.schedule.space import BLOCK_RAMS, FLIP_FLOPS, LATENCY, LUTS, Figures, Fixed, space_of
from hw.schedule.target import Minimise, Target
from hw.schedule.types import Schedule

_ORDERS = {
    Minimise.LUTS: (LUTS, FLIP_FLOPS, BLOCK_RAMS),
    Minimise.MEMORY: (BLOCK_RAMS, LUTS, FLIP_FLOPS),
    Minimise.BALANCED: (LUTS, FLIP_FLOPS, BLOCK_RAMS),
}

_LEAST = {
    Minimise.LUTS: "LUTs",
    Minimise.MEMORY: "block memories",
    Minimise.BALANCED: "largest fraction of the device",
}


@dataclass(frozen=True)
class Choice:
    """A schedule and why it is this one.

    Attributes:
        schedule: the cheapest that meets the target.
        resources: what it takes, by formula.
        n_foldings: how many foldings of PE, SIMD and storage there are, met target or not; none that meets it and
            fits is cheaper.
        minimise: in what.
    """

    schedule: Schedule
    resources: Resources
    n_foldings: int
    minimise: Minimise

    @property
    def proof(self) -> str:
        """What was searched, in one sentence."""
        needs = self.resources
        return (
            f"{self.n_foldings:,} foldings of PE, SIMD and storage: none that meets the target and fits is cheaper "
            f"under the analytic model ({_LEAST[self.minimise]} first). Exact search, which drops a partial folding "
            f"only where another beats it: lower bound = cost = {needs.luts} LUTs, {needs.flip_flops} flip-flops, "
            f"{needs.block_rams} block memories."
        )


def fold(network: Network, device: Device, max_cycles: int, margin_port: bool = False) -> Schedule:
    """The schedule of fewest lookup tables at `max_cycles` clocks an inference at the most; see `choose`."""
    return choose(network, device, Target(max_cycles), margin_port=margin_port).schedule


def choose(
    network: Network,
    device: Device,
    target: Target,
    minimise: Minimise = Minimise.LUTS,
    fixed: Fixed = Fixed(),
    margin_port: bool = False,
) -> Choice:
    """The cheapest folding that meets a target within a device.

    Every divisor of each layer's rows (PE) and columns (SIMD) and every storage is weighed by the analytic estimate,
    and the exact minimum under that estimate is found; where several are equal, the one of the shortest latency.

    Args:
        network: what to fold.
        device: what must hold it.
        target: what it must keep up with.
        minimise: what is to be least.
        fixed: choices that are given.
        margin_port: whether the margin of 'unsorted' is an input of the circuit.

    Raises:
        BadInput: if what is fixed does not fit the network.
        DoesNotFit: if no folding meets the target within the device; the message says what would.
    """
    space = space_of(network, device, fixed, margin_port)
    found = meeting(space, device, target)
    if not len(found.figures):
        raise DoesNotFit(what_would_fit(space, device, target))
    best = int(np.lexsort(_keys(found.figures, minimise, device))[0])
    schedule = Schedule(network.digest, device.name, found.layers(best), margin_port=margin_port)
    resources = Resources(*map(int, found.figures[best, list(RESOURCES)]))
    return Choice(schedule, resources, space.n_foldings, minimise)


def _keys(figures: Figures, minimise: Minimise, device: Device) -> list[NDArray[np.number]]:
    """Sort keys as `numpy.lexsort` takes them, the last one first."""
    keys: list[NDArray[np.number]] = [figures[:, column] for column in (*_ORDERS[minimise], LATENCY)]
    if minimise is Minimise.BALANCED:
        keys.insert(0, fraction_of(device, figures))
    return keys[::-1]
