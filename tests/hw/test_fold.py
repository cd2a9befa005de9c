"""Automatic folding: keeps up, fits, is no dearer than any other folding, and says what would fit."""

from itertools import product

import numpy as np
import pytest

from hw.accelerator.accelerator import Accelerator
from hw.components.mvtu import layer_unit
from hw.components.rom import Storage
from hw.devices import DEVICES, EBR, Device, device_named
from hw.errors import BadInput, DoesNotFit
from hw.estimate.accelerator import estimate
from hw.network.types import IntegerFormat
from hw.schedule.fold import banks_needed, fold
from hw.schedule.types import LayerFolding, Schedule
from tests.hw.networks import divisors, random_network

PAPER = {"n_inputs": 48, "hidden": (256, 256), "n_units": 5}


@pytest.mark.parametrize("max_cycles", [256, 1024, 8192])
def test_the_papers_network_fits_up5k(max_cycles):
    network = random_network(np.random.default_rng(0), **PAPER)
    device = device_named("up5k")
    schedule = fold(network, device, max_cycles)
    needs = estimate(Accelerator(network, schedule), device).total
    assert schedule.initiation_interval <= max_cycles
    assert needs.luts <= device.luts
    assert needs.block_rams <= device.block_rams


def every_schedule(network, max_cycles):
    options = []
    for layer in network.layers:
        rows, columns = layer.weights.shape
        options.append(
            [
                LayerFolding(layer.name, rows, columns, pe, simd, 1, weights, bias)
                for pe, simd, weights, bias in product(divisors(rows), divisors(columns), Storage, Storage)
                if (rows // pe) * (columns // simd) <= max_cycles
            ]
        )
    for first, second in product(*options):
        banks = banks_needed(first, second)
        yield Schedule(network.digest, "tiny", (first, LayerFolding(**{**vars(second), "banks": banks})))


@pytest.mark.parametrize("block_rams", [2, 3, 8])
def test_no_other_folding_is_cheaper(block_rams):
    network = random_network(np.random.default_rng(1), n_inputs=8, hidden=(6,), n_units=2)
    device = Device("tiny", "made for this test", "ice40", "u", 4, 5000, 5000, EBR, block_rams)
    chosen = estimate(Accelerator(network, fold(network, device, 24)), device).total
    others = [estimate(Accelerator(network, s), device).total for s in every_schedule(network, 24)]
    assert chosen.luts == min(o.luts for o in others if o.block_rams <= block_rams)


def test_too_small_a_device_is_told_with_what_it_would_take():
    network = random_network(np.random.default_rng(0), **PAPER)
    with pytest.raises(
        DoesNotFit, match=r"not fit at any speed: hx1k holds 1280 LUTs, 1280 flip-flops and 16 EBR, .* about"
    ):
        fold(network, device_named("hx1k"), 256)


def test_too_fast_a_target_is_told_with_what_could_be_met():
    network = random_network(np.random.default_rng(0), **PAPER)
    with pytest.raises(DoesNotFit, match=r"^16 clocks an inference cannot be met: up5k holds .*; 256 clocks .* fit$"):
        fold(network, device_named("up5k"), 16)


def test_flip_flops_are_held_to_the_device_too():
    """500 INT16 samples kept for a second pass are 8000 flip-flops; up5k has 5280."""
    network = random_network(np.random.default_rng(0), 500, (16,), 3, IntegerFormat(16, signed=True))
    device = device_named("up5k")
    needs = estimate(Accelerator(network, fold(network, device, 256)), device).total
    assert needs.flip_flops <= device.flip_flops
    few = Device("few", "made for this test", "ice40", "u", 4, 5280, 500, EBR, 30)
    with pytest.raises(
        DoesNotFit, match=r"few holds 5280 LUTs, 500 flip-flops and 30 EBR, .* about \d+ LUTs, \d+ fl"
    ):
        fold(network, few, 256)


def test_fewer_clocks_than_scores_cannot_be_met():
    network = random_network(np.random.default_rng(0), n_units=5)
    with pytest.raises(DoesNotFit, match=r"3 clocks an inference cannot be met: .*; 6 clocks an inference fit"):
        fold(network, device_named("up5k"), 3)


def test_an_unknown_device_is_named_with_the_known_ones():
    with pytest.raises(BadInput, match=f"'up6k' is not known; known are {', '.join(DEVICES)}"):
        device_named("up6k")


@pytest.mark.parametrize(
    ("depth", "width", "count"), [(256, 16, 1), (257, 16, 2), (256, 17, 2), (40, 32, 2), (2048, 2, 1)]
)
def test_block_memories_come_in_shapes(depth, width, count):
    assert EBR.count(depth, width) == count


def test_a_units_memories_hold_every_weight_once():
    network = random_network(np.random.default_rng(2))
    unit = layer_unit(network.hidden[0], network.input_format).folded(4, 3, Storage.BLOCK, Storage.LOGIC)
    (rom,) = unit.weight_roms
    rows = rom.rows
    ones = sum(row.bit_count() for row in rows)
    assert ones == int(unit.weights.sum())
    assert len(rows) * rom.width == unit.weights.size
