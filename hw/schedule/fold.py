"""Folding that is chosen: the cheapest that meets a target within a device, or what could be met."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hw.devices import Device
from hw.errors import DoesNotFit
from hw.estimate.resources import Resources
from hw.network.types import Network
from hw.schedule.designs import Designs, designs_of
from hw.schedule.reach import fraction_of, meeting, what_would_fit
from hw.schedule.search import RESOURCES
from hw.schedule.shapes import BLOCK_RAMS, FLIP_FLOPS, LATENCY, LUTS, Figures
from hw.schedule.target import Minimise, Target
from hw.schedule.types import Architecture, Schedule

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
        n_designs: how many foldings of PE, SIMD and storage there are, and engines, met target or not; none that
            meets it and fits is cheaper.
        minimise: in what.
    """

    schedule: Schedule
    resources: Resources
    n_designs: int
    minimise: Minimise

    @property
    def proof(self) -> str:
        """What was searched, in one sentence."""
        needs = self.resources
        return (
            f"{self.n_designs:,} foldings of PE, SIMD and storage, and engines: none that meets the target and fits "
            f"is cheaper under the analytic model ({_LEAST[self.minimise]} first). Exact search, which drops a "
            f"partial folding only where another beats it: lower bound = cost = {needs.luts} LUTs, "
            f"{needs.flip_flops} flip-flops, {needs.block_rams} block memories."
        )


def fold(network: Network, device: Device, max_cycles: int, margin_port: bool = False) -> Schedule:
    """The pipeline of fewest lookup tables at `max_cycles` clocks an inference at the most; see `choose`."""
    pipelines = designs_of(network, device, Architecture.PIPELINE, margin_port=margin_port)
    return choose(pipelines, Target(max_cycles)).schedule


def choose(designs: Designs, target: Target, minimise: Minimise = Minimise.LUTS) -> Choice:
    """The cheapest design that meets a target within the device.

    Of a pipeline, every divisor of each layer's rows (PE) and columns (SIMD) and every storage is weighed by the
    analytic estimate, and so is every engine; the exact minimum under that estimate is found.

    Args:
        designs: what is open.
        target: what must be kept up with.
        minimise: what is to be least.

    Raises:
        DoesNotFit: if no design meets the target within the device; the message says what would.
    """
    found = meeting(designs, target)
    if not len(found.figures):
        raise DoesNotFit(what_would_fit(designs, target))
    best = int(np.lexsort(_keys(found.figures, minimise, designs.device))[0])
    resources = Resources(*map(int, found.figures[best, list(RESOURCES)]))
    return Choice(found.schedule(best), resources, designs.n_designs, minimise)


def _keys(figures: Figures, minimise: Minimise, device: Device) -> list[NDArray[np.number]]:
    """Sort keys as `numpy.lexsort` takes them, the last one first."""
    keys: list[NDArray[np.number]] = [figures[:, column] for column in (*_ORDERS[minimise], LATENCY)]
    if minimise is Minimise.BALANCED:
        keys.insert(0, fraction_of(device, figures))
    return keys[::-1]
