"""Every folding of a small network, one by one, priced part by part: what the search is held against."""

from dataclasses import astuple
from itertools import product

from hw.accelerator.accelerator import Accelerator
from hw.components.rom import MEMORIES
from hw.estimate.accelerator import estimate
from hw.schedule.timing import with_banks
from hw.schedule.types import LayerFolding, Schedule
from tests.hw.networks import divisors


def every_schedule(network, device):
    """All PE, SIMD and storages."""
    options = [
        [
            LayerFolding(layer.name, layer.rows, layer.columns, pe, simd, 1, weights, bias)
            for pe, simd, weights, bias in product(divisors(layer.rows), divisors(layer.columns), MEMORIES, MEMORIES)
        ]
        for layer in network.layers
    ]
    for folds in product(*options):
        yield Schedule(network.digest, device.name, with_banks(folds))


def figures(network, schedule, device):
    """LUTs, flip-flops, block memories, latency and initiation interval."""
    accelerator = Accelerator(network, schedule)
    return (
        *astuple(estimate(accelerator, device).total),
        accelerator.latency_clocks,
        schedule.initiation_interval,
    )
