"""Toggles of small mapped netlists, and the power that follows."""

import json

import pytest

from hw.estimate.power import (
    ACTIVITY,
    CLOCK_PICOJOULES,
    STATIC_MICROWATTS,
    TOGGLE_PICOJOULES,
    up5k_energy_nanojoules,
    up5k_power,
)
from hw.simulate.mapped import MappedNetlist, MappedSimulator, Toggles, UnmappedCellError


def netlist(tmp_path, cells, ports):
    module = {"ports": {name: {"bits": bits} for name, bits in ports.items()}, "cells": cells}
    path = tmp_path / "mapped.json"
    path.write_text(json.dumps({"modules": {"top": module}}))
    return MappedNetlist.read(path, "top")


def lut(table, inputs, output):
    pins = {f"I{i}": [bit] for i, bit in enumerate(inputs)} | {"O": [output]}
    return {"type": "SB_LUT4", "parameters": {"LUT_INIT": f"{table:016b}"}, "connections": pins}


def register(data, output, kind="SB_DFF", **pins):
    connections = {"C": [2], "D": [data], "Q": [output]} | {pin: [bit] for pin, bit in pins.items()}
    return {"type": kind, "parameters": {}, "connections": connections}


def test_a_toggling_register_is_counted_with_its_inverter(tmp_path):
    invert = lut(0x5555, [4, "0", "0", "0"], 5)
    mapped = netlist(tmp_path, {"invert": invert, "bit": register(5, 4)}, {"clk": [2], "out": [4]})
    simulator = MappedSimulator(mapped)
    seen = []
    for _ in range(4):
        simulator.clock({})
        seen.append(simulator.get("out"))
    assert seen == [1, 0, 1, 0]
    assert simulator.toggles == Toggles(clocks=4, registers=4, logic=4, logic_with_glitches=4)


def test_a_glitch_is_counted_apart(tmp_path):
    """XOR of a signal with itself, one path a cell longer: its settled value never changes, but it pulses."""
    buffer = lut(0xAAAA, [3, "0", "0", "0"], 4)
    xor = lut(0x6666, [3, 4, "0", "0"], 5)
    mapped = netlist(tmp_path, {"buffer": buffer, "xor": xor}, {"clk": [2], "a": [3], "out": [5]})
    simulator = MappedSimulator(mapped)
    simulator.clock({"a": 1})
    assert simulator.get("out") == 0
    assert (simulator.toggles.logic, simulator.toggles.logic_with_glitches) == (1, 3)


@pytest.mark.parametrize(
    ("kind", "pins", "after"),
    [
        ("SB_DFFSR", {"R": 6}, [1, 0, 1]),
        ("SB_DFFESR", {"R": 6, "E": 7}, [1, 1, 1]),
        ("SB_DFFSS", {"S": 6}, [1, 1, 1]),
        ("SB_DFFE", {"E": 7}, [1, 1, 1]),
    ],
)
def test_resets_and_enables(tmp_path, kind, pins, after):
    """Loads a 1; then reset while disabled; then loads again."""
    mapped = netlist(tmp_path, {"bit": register("1", 4, kind, **pins)}, {"r": [6], "e": [7], "out": [4]})
    simulator = MappedSimulator(mapped)
    simulator.clock({"r": 0, "e": 1})
    seen = []
    for inputs in ({"r": 1, "e": 0}, {"r": 0, "e": 1}, {"r": 0, "e": 0}):
        simulator.clock(inputs)
        seen.append(simulator.get("out"))
    assert seen == after


def test_an_unknown_cell_is_named(tmp_path):
    with pytest.raises(UnmappedCellError, match="cell odd: SB_MAC16 is not known"):
        netlist(tmp_path, {"odd": {"type": "SB_MAC16", "parameters": {}, "connections": {}}}, {})


def test_power_is_the_sum_of_what_is_known():
    counted = Toggles(clocks=1000, registers=2000, logic=3000, logic_with_glitches=6000, memory_reads=500)
    power = up5k_power(counted, inferences=10, clock_mhz=12.0)
    assert power.memory is None
    assert power.memory_reads_per_inference == 50
    assert power.static == STATIC_MICROWATTS
    assert power.clock_tree.low == CLOCK_PICOJOULES.low * 12.0
    assert power.toggles.low == 5 * TOGGLE_PICOJOULES.low * 12.0
    assert power.toggles.high == 8 * TOGGLE_PICOJOULES.high * 12.0
    assert power.without_memory.high == power.static.high + power.clock_tree.high + power.toggles.high
    assert power.at_rate(0).low == power.static.low


def test_the_coefficients_are_those_of_the_measurement():
    """44 uA/MHz, 0.105 mW and 0.2 pJ, as the measurement's own arithmetic gives them."""
    assert 0.104e3 < STATIC_MICROWATTS.low < 0.106e3
    assert 52 < CLOCK_PICOJOULES.low < CLOCK_PICOJOULES.high < 54
    assert 0.19 < TOGGLE_PICOJOULES.high < 0.21


def test_nothing_counted_is_no_power():
    with pytest.raises(ValueError, match="at least one clock"):
        up5k_power(Toggles(), 0, 12.0)


def test_energy_before_a_netlist_is_that_of_a_netlist_with_such_activity():
    settled, glitching = 1000 * ACTIVITY.low, 1000 * ACTIVITY.high
    counted = Toggles(clocks=512, registers=0, logic=int(512 * settled), logic_with_glitches=int(512 * glitching))
    counted_energy = up5k_power(counted, inferences=2, clock_mhz=12.0).inference_nanojoules
    energy = up5k_energy_nanojoules(luts=600, flip_flops=400, clocks=256)
    assert (energy.low, energy.high) == pytest.approx((counted_energy.low, counted_energy.high))
