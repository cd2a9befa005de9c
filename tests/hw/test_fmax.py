"""The estimate of a clock: what it is made of, and what it says where nothing was measured."""

from dataclasses import astuple, replace

import numpy as np
import pytest

from hw.accelerator.accelerator import Accelerator
from hw.components.rom import Storage
from hw.devices import DEVICES, device_named
from hw.estimate.paths.design import paths_of
from hw.estimate.paths.path import Path
from hw.estimate.timing import Delays, estimate_fmax, features, fitted_for, longest_path
from hw.network.types import BIPOLAR
from hw.schedule.fold import fold
from hw.schedule.unroll import unroll
from tests.hw.networks import engine_schedule, random_network

MEASURED = [name for name, device in DEVICES.items() if name == "up5k" or device.family == "ecp5"]


@pytest.fixture(scope="module")
def network():
    return random_network(np.random.default_rng(3), 24, (32, 16), 4, BIPOLAR)


@pytest.mark.parametrize("name", DEVICES)
def test_a_device_on_which_nothing_was_placed_is_unknown(network, name):
    device = device_named(name)
    found = estimate_fmax(Accelerator(network, fold(network, device, 64)), device)
    assert (found is not None) == (name in MEASURED)


@pytest.mark.parametrize("name", ["up5k", "lfe5u-25f"])
def test_an_estimate_has_bounds_and_a_place_in_the_design(network, name):
    device = device_named(name)
    for schedule in (fold(network, device, 64), engine_schedule(network, device=name), unroll(network, device)):
        accelerator = Accelerator(network, schedule)
        found = estimate_fmax(accelerator, device)
        assert 0 < found.low < found.mhz < found.high
        assert found.where in {path.where for path in paths_of(accelerator)}
        assert found == estimate_fmax(accelerator, device)


@pytest.mark.parametrize("name", ["up5k", "lfe5u-25f"])
def test_more_additions_between_two_registers_are_slower(network, name):
    device = device_named(name)
    reached = [estimate_fmax(Accelerator(network, unroll(network, device, levels)), device).mhz for levels in (1, 4)]
    assert reached[0] > reached[1]


def test_block_memory_is_slower_than_logic_on_ecp5():
    """Its output alone takes more than half of the clock."""
    device, network = device_named("lfe5u-25f"), random_network(np.random.default_rng(3), 24, (32,), 4, BIPOLAR)
    schedule = fold(network, device, 64)

    def mhz(storage):
        layers = tuple(replace(one, weight_storage=storage, bias_storage=storage) for one in schedule.layers)
        return estimate_fmax(Accelerator(network, replace(schedule, layers=layers)), device).mhz

    assert mhz(Storage.LOGIC) > mhz(Storage.BLOCK)


def test_the_longest_path_is_the_sum_of_its_delays():
    delays = Delays(1, 5, 2, 0.5, 0.25, 0.125, 3, 4, 0.5)
    short = Path("short", 1)
    long = Path("long", 2, chains=1, carry_bits=8, from_memory=True, handshakes=1, enables=32)
    found, delay_ns = longest_path([short, long], 256, delays)
    assert found is long
    # A design of 256 cells is two doublings larger than a small one; three wires, and 32 loads at the end.
    assert delay_ns == 1 + 5 + 2 * 2 + 0.5 * 3 * 2 + 0.25 + 0.125 * 8 + 3 + 4 + 0.5 * 5
    assert len(features(short, 64)) == len(astuple(delays))


def test_no_delay_is_negative():
    for name in MEASURED:
        assert min(astuple(fitted_for(device_named(name)).delays)) >= 0
