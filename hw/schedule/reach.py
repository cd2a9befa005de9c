"""What a device can reach: the designs that meet a target, and where there is none, the nearest that can be met."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import count

import numpy as np
from numpy.typing import NDArray

from hw.devices import Device
from hw.schedule.designs import Designs, Selection
from hw.schedule.search import RESOURCES, limits_of
from hw.schedule.shapes import LATENCY, Figures
from hw.schedule.target import Target


def meeting(designs: Designs, target: Target, scale: int = 1) -> Selection:
    """Undominated designs that meet a target and take at most `scale` times what the device has."""
    counted = RESOURCES if target.latency_clocks is None else (*RESOURCES, LATENCY)
    return designs.within(limits_of(designs.device, target, scale), counted)


def what_would_fit(designs: Designs, target: Target) -> str:
    """One line for a target that no folding meets: what the device holds, and the nearest targets that are met."""
    device = designs.device
    holds = f"{device.name} holds {_in_words((device.luts, device.flip_flops, device.block_rams), device)}"
    open_target = replace(target, interval_clocks=None, latency_clocks=None)
    if not _is_met(designs, open_target):
        needs = _in_words(_nearest_to_fitting(designs), device)
        return f"the network does not fit at any speed: {holds}, the folding nearest to it needs about {needs}"
    ways = [*_other_interval(designs, target), *_other_latency(designs, target)]
    if not ways:
        ways = _other_interval(designs, replace(target, latency_clocks=None))
    return f"{target} cannot be met: {holds}; {' or '.join(ways)} can"


def fraction_of(device: Device, figures: Figures) -> NDArray[np.float64]:
    """The largest fraction of what the device has that a folding takes, of whichever resource."""
    has = limits_of(device, Target())[list(RESOURCES)]
    fractions: NDArray[np.float64] = (figures[:, list(RESOURCES)] / has).max(axis=1)
    return fractions


def _other_interval(designs: Designs, target: Target) -> list[str]:
    """The fewest clocks an inference that can be met, the bound on latency kept; empty if none can."""
    clocks = _least_interval(designs, target)
    if clocks is None:
        return []
    return [str(replace(target, interval_clocks=clocks))]


def _other_latency(designs: Designs, target: Target) -> list[str]:
    """The shortest latency that can be met where one is bounded, the clocks an inference kept; empty if none can."""
    if target.latency_clocks is None:
        return []
    limits = limits_of(designs.device, replace(target, latency_clocks=None))
    latencies = designs.within(limits, (*RESOURCES, LATENCY)).figures[:, LATENCY]
    return [str(replace(target, latency_clocks=int(latencies.min())))] if latencies.size else []


def _least_interval(designs: Designs, target: Target) -> int | None:
    """By halving the sorted intervals that any part can have: what fits at one fits at a longer one."""
    intervals = [int(clocks) for clocks in designs.intervals]
    low, high = 0, len(intervals)
    while low < high:
        middle = (low + high) // 2
        if _is_met(designs, replace(target, interval_clocks=intervals[middle])):
            high = middle
        else:
            low = middle + 1
    return intervals[low] if low < len(intervals) else None


def _nearest_to_fitting(designs: Designs) -> Sequence[int]:
    """Resources of the folding that overruns the device by the least factor."""
    for doublings in count(1):
        figures = meeting(designs, Target(), scale=2**doublings).figures
        if len(figures):
            nearest: list[int] = figures[np.argmin(fraction_of(designs.device, figures)), list(RESOURCES)].tolist()
            return nearest
    raise AssertionError("some multiple of a device holds any network")


def _is_met(designs: Designs, target: Target) -> bool:
    return len(meeting(designs, target).figures) > 0


def _in_words(resources: Sequence[int], device: Device) -> str:
    luts, flip_flops, block_rams = resources
    return f"{luts} LUTs, {flip_flops} flip-flops and {block_rams} {device.block_ram.name}"
