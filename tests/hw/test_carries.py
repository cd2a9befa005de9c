"""Carry chains: what synthesis makes of adders, counters and comparisons, and which of them designs have."""

import numpy as np
import pytest
from amaranth.back import rtlil
from amaranth.hdl import Module, Signal
from hypothesis import given
from hypothesis import strategies as st

from hw.accelerator.accelerator import Accelerator
from hw.components.argmax import ArgMax
from hw.components.counters import successor
from hw.components.matvec import MatrixVectorUnit
from hw.components.sums import add
from hw.components.threshold import MultiThreshold
from hw.devices import DEVICES, device_named
from hw.estimate.carries import carry_cells
from hw.estimate.chains import Chain, added, cells_of, compared, counters, plus
from hw.estimate.parts.argmax import argmax_chains
from hw.estimate.parts.matvec import matvec_chains
from hw.estimate.parts.thresholds import threshold_chains
from hw.network.types import BIPOLAR, IntegerFormat
from hw.schedule.fold import fold
from hw.tools import yosys
from tests.hw.networks import random_network

FAMILIES = ("up5k", "lfe5u-25f", "xc7a35t")
WIDTHS = (1, 2, 3, 4, 5, 6, 8, 9, 13)


@pytest.mark.parametrize(
    ("chain", "cells"),
    [
        (Chain(2), (0, 0, 0)),  # lookup tables alone
        (Chain(4), (3, 0, 1)),
        (Chain(9), (8, 5, 3)),
        (Chain(9, known=1), (7, 5, 3)),
        (Chain(9, compares=2), (9, 4, 1)),
        (Chain(6, compares=1), (6, 3, 0)),
        (Chain(4, compares=1), (0, 0, 0)),
    ],
)
def test_cells_of_a_chain(chain, cells):
    assert tuple(chain.cells(device_named(name)) for name in FAMILIES) == cells


@given(st.integers(1, 64), st.booleans(), st.sampled_from(FAMILIES))
def test_a_carry_in_takes_no_cell_of_ice40_and_a_wider_adder_never_fewer(bits, has_carry, name):
    device = device_named(name)
    cells = added(bits, has_carry).cells(device)
    assert cells <= added(bits + 1, has_carry).cells(device)
    assert cells <= device.carries
    if name == "up5k" and bits > 2:
        assert cells == bits - 1


def test_a_constant_takes_part_from_its_lowest_one_on():
    assert list(plus(8, 0)) == []
    assert list(plus(8, 12)) == [Chain(6, known=1)]
    assert compared(8, 4) == Chain(6, known=1, compares=1)


def test_a_row_has_its_adders_its_total_and_its_unit_counters():
    """PE 1, SIMD 8: one adder of 3 bits with a carry-in, the total with another, 256 words, 32 rows."""
    weights = np.random.default_rng(0).random((32, 64)) < 0.5
    unit = MatrixVectorUnit("layer", BIPOLAR, weights, np.full(32, -32), 0, True, 1, 8)
    bits = unit.total_format.bits
    found = sorted(matvec_chains(unit), key=lambda chain: chain.bits)
    assert found == [added(3, True), Chain(5, known=1), added(bits, True), Chain(8, known=1)]
    assert cells_of(found, device_named("up5k")) == 2 + 3 + (bits - 1) + 6


def test_thresholds_compare_every_level_and_a_margin_is_one_more_sum():
    levels = np.array([[1, 5]] * 6)
    thresholds = MultiThreshold("layer", IntegerFormat(9, signed=True), levels, IntegerFormat(2, False), 0, 2)
    assert [chain for chain in threshold_chains(thresholds) if chain.compares] == [Chain(8, 0, 2, times=4)]
    score = IntegerFormat(8, signed=True)
    plain, near = (cells_of(argmax_chains(ArgMax(2, score, margin)), device_named("up5k")) for margin in (0, 2))
    assert (plain, near) == (8, 16)
    assert argmax_chains(ArgMax(1, score)) == []


@pytest.mark.parametrize("name", FAMILIES)
def test_parts_add_up_to_the_whole(name):
    network = random_network(np.random.default_rng(3), 24, (16,), 4)
    device = device_named(name)
    found = carry_cells(Accelerator(network, fold(network, device, 64)), device)
    assert list(found.layers) == [layer.name for layer in network.layers]
    assert found.weights == 0
    assert found.total == sum(found.layers.values()) + found.winner > 0


def test_devices_have_a_bit_of_carry_for_every_lookup_table():
    for device in DEVICES.values():
        assert device.carries * device.carry.bits == device.luts
    assert {name for name, device in DEVICES.items() if device.sprams} == {"up5k"}


@pytest.mark.synth
@pytest.mark.parametrize("name", FAMILIES)
def test_synthesis_makes_of_each_chain_what_is_told(name, tmp_path):
    """Adders, with and without carry-in, counters, constants added and comparisons of many widths, each by itself."""
    device = device_named(name)
    m, ports, chains = Module(), [], []

    def operand(bits):
        ports.append(Signal(bits, name=f"in{len(ports)}"))
        return ports[-1]

    def result(value, bits):
        ports.append(Signal(bits, name=f"out{len(ports)}"))
        m.d.sync += ports[-1].eq(value)

    for bits in WIDTHS:
        result(operand(bits) + operand(bits), bits + 1)
        result(add(operand(bits), operand(bits), operand(1)), bits + 1)
        result((operand(bits) + 5)[:bits], bits)
        result((operand(bits) + 12)[:bits], bits)
        result(operand(bits) >= operand(bits), 1)
        count = Signal(bits)
        m.d.sync += count.eq(successor(count, 1 << bits))
        result(count, bits)
        chains += [added(bits + 1), added(bits + 1, True), *plus(bits, 5), *plus(bits, 12)]
        chains += [Chain(bits, compares=2), *counters(1 << bits)]
    (tmp_path / "top.il").write_text(rtlil.convert(m, name="top", ports=ports, emit_src=False))
    counted = yosys.synthesise("top.il", "top", device, tmp_path, "mapped.json")
    assert counted.carries == cells_of(chains, device)
