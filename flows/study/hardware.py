"""What the gateware of a network of some shape takes, by formula."""

from bisect import bisect_left
from dataclasses import dataclass

from flows.bench.networks import random_network
from flows.settings.folding import DEFAULT_CYCLES
from hw.devices import device_named
from hw.errors import DoesNotFit
from hw.network.types import IntegerFormat
from hw.schedule.designs import Designs, designs_of
from hw.schedule.fold import Choice, choose
from hw.schedule.target import Target

DEVICE = "up5k"
CLOCKS = DEFAULT_CYCLES
"""Clocks an inference that are aimed at; where no folding fits so, the fewest that do."""
_SEED = 0


@dataclass(frozen=True)
class HardwareCost:
    """Analytic figures of the folding with the fewest lookup tables."""

    luts: int
    flip_flops: int
    block_rams: int
    clocks: int
    """Between inferences."""


def hardware_cost(n_inputs: int, hidden: tuple[int, ...], n_units: int, bits: int) -> HardwareCost | None:
    """What a 1-bit network with inputs of some bits takes; None where it does not fit at any speed.

    The weights are random: in memories, all weights cost the same.
    """
    network = random_network(_SEED, n_inputs, hidden, n_units, IntegerFormat(bits, signed=True))
    designs = designs_of(network, device_named(DEVICE))
    slower = [int(clocks) for clocks in designs.intervals if clocks > CLOCKS]
    if (chosen := _within(designs, CLOCKS)) is not None:
        return _cost(chosen)
    if not slower or _within(designs, slower[-1]) is None:
        return None
    fewest = bisect_left(slower, True, key=lambda clocks: _within(designs, clocks) is not None)
    return _cost(choose(designs, Target(slower[fewest])))


def _within(designs: Designs, clocks: int) -> Choice | None:
    try:
        return choose(designs, Target(clocks))
    except DoesNotFit:
        return None


def _cost(choice: Choice) -> HardwareCost:
    needs = choice.resources
    return HardwareCost(needs.luts, needs.flip_flops, needs.block_rams, choice.schedule.initiation_interval)
