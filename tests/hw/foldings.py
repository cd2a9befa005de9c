"""Every folding of a small network, one by one, priced part by part: what the search is held against."""

from dataclasses import astuple, replace
from itertools import product

from hw.accelerator.accelerator import Accelerator
from hw.components.rom import MEMORIES, Storage
from hw.components.terms import most_count_tables
from hw.estimate.accelerator import estimate
from hw.network.types import BIPOLAR
from hw.schedule.engine import LANES
from hw.schedule.timing import with_banks
from hw.schedule.types import LayerFolding, Schedule
from tests.hw.networks import divisors, engine_schedule


def every_schedule(network, device):
    """All PE, SIMD and storages of every layer, unrolled ones too; and all engines, for a network that they take."""
    layers = enumerate(network.layers)
    for folds in product(*(every_folding(layer, network.format_into(index)) for index, layer in layers)):
        yield Schedule(network.digest, device.name, with_banks(folds))
    if network.front is None and all(layer.output == BIPOLAR for layer in network.hidden):
        for lanes, storage in product(LANES, MEMORIES):
            yield engine_schedule(network, lanes, storage, device.name)


def every_folding(layer, element):
    """With every number of count tables beside weights in logic, of which these layers take a few at the most."""
    for pe, simd, weights, bias in product(divisors(layer.rows), divisors(layer.columns), MEMORIES, MEMORIES):
        fold = LayerFolding(layer.name, layer.rows, layer.columns, pe, simd, 1, weights, bias)
        most = most_count_tables(element, simd) if weights is Storage.LOGIC else 0
        yield from (replace(fold, count_tables=tables) for tables in range(most + 1))
    constant = Storage.CONSTANT
    yield LayerFolding(layer.name, layer.rows, layer.columns, layer.rows, layer.columns, 1, constant, constant)


def figures(network, schedule, device):
    """LUTs, flip-flops, block memories, latency and initiation interval."""
    accelerator = Accelerator(network, schedule)
    return (
        *astuple(estimate(accelerator, device).total),
        accelerator.latency_clocks,
        schedule.initiation_interval,
    )
