"""Cells of a mapped netlist by their kinds: lookup tables, flip-flops, memories, carry cells."""

import pytest

from hw.devices import device_named
from hw.tools.yosys import CellCounts, count_cells


@pytest.mark.parametrize(
    ("device", "cells", "luts"),
    [
        ("up5k", {"SB_LUT4": 3, "SB_CARRY": 9, "SB_DFFE": 5}, 3),
        ("lfe5u-25f", {"LUT4": 1, "CCU2C": 2, "TRELLIS_DPR16X4": 3, "PFUMX": 8}, 1 + 2 * 2 + 3 * 6),
        ("xc7a35t", {"LUT1": 1, "LUT6": 2, "INV": 3, "SRL16E": 4, "CARRY4": 5}, 1 + 2 + 3 + 4),
        ("xc7a35t", {"RAM32M": 2, "RAM64M": 3}, 4 * 2 + 4 * 3),
        ("xc7a35t", {"RAM32X1D": 2, "RAM64X1D": 3, "RAM128X1D": 1, "RAM64X1S": 1}, 2 * 2 + 2 * 3 + 4 + 1),
    ],
)
def test_lookup_tables(device, cells, luts):
    assert count_cells(cells, device_named(device)).luts == luts


def test_a_block_memory_of_36_kbit_is_two_of_18():
    assert count_cells({"RAMB18E1": 1, "RAMB36E1": 2, "FDRE": 7}, device_named("xc7a35t")).block_rams == 5


@pytest.mark.parametrize(
    ("device", "cells", "carries", "sprams"),
    [
        ("up5k", {"SB_CARRY": 9, "SB_SPRAM256KA": 2, "SB_RAM40_4K": 1}, 9, 2),
        ("lfe5u-25f", {"CCU2C": 5, "LUT4": 3}, 5, 0),
        ("xc7a35t", {"CARRY4": 7, "FDRE": 2}, 7, 0),
    ],
)
def test_carry_cells_and_large_memories(device, cells, carries, sprams):
    counted = count_cells(cells, device_named(device))
    assert (counted.carries, counted.sprams) == (carries, sprams)
    assert (counted + counted).carries == 2 * carries
    assert counted + CellCounts() == counted
