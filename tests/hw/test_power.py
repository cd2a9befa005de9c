"""Toggles of small mapped netlists, and the power that follows."""

import json

import pytest

from hw.estimate.power.analytic import SLOW, at_rest, estimated
from hw.estimate.power.choice import best_of_each, clockings, working_points
from hw.estimate.power.coefficients import UP5K, coefficients_of
from hw.estimate.power.model import Switching, counted, energy
from hw.estimate.power.queueing import MOST_UTILISATION, simulated_waits, wait_99
from hw.estimate.power.ranges import Range, exactly
from hw.estimate.power.working_point import (
    Between,
    Clocking,
    Demand,
    Sorter,
    Source,
    average_power,
    delay_ms,
    keeps_up,
    slowest_mhz,
)
from hw.estimate.resources import Resources
from hw.schedule.explore import Design
from hw.schedule.types import Schedule
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


def test_a_toggling_register_is_counted_and_the_inverter_in_its_cell_is_not(tmp_path):
    invert = lut(0x5555, [4, "0", "0", "0"], 5)
    mapped = netlist(tmp_path, {"invert": invert, "bit": register(5, 4)}, {"clk": [2], "out": [4]})
    simulator = MappedSimulator(mapped)
    seen = []
    for _ in range(4):
        simulator.clock({})
        seen.append(simulator.get("out"))
    assert seen == [1, 0, 1, 0]
    assert simulator.toggles == Toggles(clocks=4, registers=4)


def test_a_glitch_is_counted_apart(tmp_path):
    """XOR of a signal with itself, one path a cell longer: its settled value never changes, but it pulses."""
    buffer = lut(0xAAAA, [3, "0", "0", "0"], 4)
    xor = lut(0x6666, [3, 4, "0", "0"], 5)
    mapped = netlist(tmp_path, {"buffer": buffer, "xor": xor}, {"clk": [2], "a": [3], "out": [5]})
    simulator = MappedSimulator(mapped)
    simulator.clock({"a": 1})
    assert simulator.get("out") == 0
    assert (simulator.toggles.luts, simulator.toggles.luts_with_glitches) == (1, 3)


def counter(tmp_path, bits, also=()):
    """A counter as synthesis maps it: carries in a row, each sum in the cell of its register."""
    state, total, carry = (list(range(first, first + bits)) for first in (10, 100, 200))
    cells = {"sum0": lut(0x5555, [state[0], "0", "0", "0"], total[0])}
    for bit in range(bits):
        cells[f"bit{bit}"] = register(total[bit], state[bit])
        if bit:
            into = carry[bit - 1] if bit > 1 else state[0]
            cells[f"sum{bit}"] = lut(0x6666, [state[bit], into, "0", "0"], total[bit])
            pins = {"I0": [state[bit]], "I1": ["0"], "CI": [into], "CO": [carry[bit]]}
            cells[f"carry{bit}"] = {"type": "SB_CARRY", "parameters": {}, "connections": pins}
    return netlist(tmp_path, cells, {"clk": [2], "out": [state[-1], *also]})


@pytest.mark.parametrize("bits", [3, 5, 8])
def test_a_counters_changes_are_those_of_binary_numbers(tmp_path, bits):
    """Over a whole period bit k changes 2^(bits - k) times, and the carry out of it twice as often as bit k + 1."""
    simulator = MappedSimulator(counter(tmp_path, bits))
    for _ in range(2**bits):
        simulator.clock({})
    assert simulator.get("out") == 0
    toggles = simulator.toggles
    assert toggles.registers == sum(2 ** (bits - k) for k in range(bits)) == 2 * (2**bits - 1)
    assert toggles.carries == sum(2 ** (bits - k) for k in range(1, bits))
    assert toggles.luts == toggles.luts_with_glitches == 0


def test_a_sum_that_leaves_its_cell_is_counted(tmp_path):
    simulator = MappedSimulator(counter(tmp_path, 4, also=[100]))
    for _ in range(16):
        simulator.clock({})
    assert simulator.toggles.luts == 16


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


COUNTED = Toggles(
    clocks=1000, registers=2000, luts=3000, luts_with_glitches=6000, carries_with_glitches=400, memory_reads=500
)


def test_energy_is_the_sum_of_clocks_changes_and_accesses():
    of_one = energy(counted(COUNTED, flip_flops=100, stretches=10), UP5K)
    assert of_one.clock_network == pytest.approx(100 * UP5K.clock_picojoules / 1000)
    assert of_one.registers == pytest.approx(100 * 100 * UP5K.register_picojoules / 1000)
    assert of_one.changes.low == pytest.approx(800 * UP5K.wire_change_picojoules / 1000)
    with_glitches = 800 * UP5K.change_picojoules + 40 * UP5K.carry_picojoules.high
    assert of_one.changes.high == pytest.approx(with_glitches / 1000)
    assert (of_one.memory.low, of_one.memory.high) == pytest.approx((50 * 2.25 / 1000, 50 * 18 / 1000))
    assert of_one.total.high == pytest.approx(of_one.without_memory.high + of_one.memory.high)


def test_settled_changes_count_where_they_tell_more():
    quiet = counted(Toggles(clocks=1, registers=1000), flip_flops=0, stretches=1)
    assert energy(quiet, UP5K).changes.high == pytest.approx(UP5K.settled_change_picojoules)


def test_nothing_counted_is_no_power():
    with pytest.raises(ValueError, match="at least one clock"):
        counted(Toggles(), 10, 0)


def test_what_nobody_has_measured_is_unknown():
    assert coefficients_of("hx8k") is None
    assert coefficients_of("lfe5u-25f") is None
    assert UP5K.spram_picojoules is None
    assert UP5K.pin_picojoules is None


def test_a_spike_that_comes_alone_changes_as_much_in_more_clocks():
    resources = Resources(600, 400, 20)
    full, alone = estimated(resources, 256, 256), estimated(resources, 256, 700)
    assert alone.glitching == full.glitching
    assert full.glitching.low >= SLOW.glitching.low * 1000 * 256
    assert energy(alone, UP5K).changes == energy(full, UP5K).changes
    assert energy(alone, UP5K).clock_network == pytest.approx(energy(full, UP5K).clock_network * 700 / 256)


@pytest.mark.parametrize(
    ("interval", "resources", "spikes", "toggles"),
    [
        (4, (4514, 1717, 23), 20, (560, 47475, 128235, 192587, 0, 145866, 9980, 1840, 0)),
        (256, (1630, 2326, 27), 10, (7180, 1503514, 1273444, 1635904, 0, 1215439, 435011, 57280, 0)),
        (1024, (761, 1902, 26), 10, (22510, 4825993, 1292734, 1348928, 0, 1331340, 436074, 209920, 0)),
        (8192, (403, 1515, 24), 10, (164600, 25682997, 2324552, 2886966, 0, 2806155, 1610571, 1644480, 0)),
        (25187, (182, 103, 29), 3, (75568, 569737, 2332027, 3376641, 0, 1471980, 2322448, 2191414, 3072)),
    ],
)
def test_what_was_counted_lies_within_what_is_estimated(interval, resources, spikes, toggles):
    """On the netlists that the activity was counted on: clocks an inference, cells, spikes and their toggles."""
    spike = counted(Toggles(*toggles), resources[1], spikes)
    before = estimated(Resources(*resources), interval, int(spike.clocks))
    for name in ("settled", "glitching", "carries", "memory_accesses"):
        bounds, value = getattr(before, name), getattr(spike, name).low
        assert bounds.low <= value <= bounds.high, name
    estimate, count = energy(before, UP5K), energy(spike, UP5K)
    assert estimate.total.low <= count.total.low <= count.total.high <= estimate.total.high


def sorter(latency=700, interval=256, idle_changes=0):
    resources = Resources(600, 400, 20)
    quiet = at_rest(resources)
    idle = Switching(1, 400, exactly(idle_changes), exactly(idle_changes), exactly(0), exactly(0))
    spike = estimated(resources, interval, latency)
    return Sorter.of(latency, interval, spike, idle if idle_changes else quiet, UP5K)


def power(clocking, demand=Demand(50, 16, 10), of=None):
    return average_power(of or sorter(), clocking, demand, UP5K)


def test_a_clock_that_stops_costs_the_clocks_of_its_spikes_only():
    runs, stops = (power(Clocking(Source.EXTERNAL, 12.0, between)) for between in Between)
    per_clock = UP5K.clock_picojoules + 400 * UP5K.register_picojoules
    assert runs.clock == pytest.approx(12.0 * per_clock)
    assert stops.clock == pytest.approx(800 * 700 / 1e6 * per_clock)
    assert stops.changes == runs.changes
    assert stops.static == runs.static == UP5K.static_microwatts


def test_how_fast_a_stopped_clock_was_does_not_matter():
    slow, fast = (power(Clocking(Source.EXTERNAL, mhz, Between.STOPS)) for mhz in (6.0, 24.0))
    assert slow == fast


def test_the_oscillator_draws_while_it_runs():
    runs, stops = (power(Clocking(Source.HFOSC, 12.0, between)) for between in Between)
    assert runs.oscillator == UP5K.oscillator_microwatts
    assert stops.oscillator == pytest.approx(UP5K.oscillator_microwatts * 800 * 700 / 12e6)
    assert stops.static == UP5K.oscillator_off_microwatts
    assert power(Clocking(Source.EXTERNAL, 12.0, Between.RUNS)).oscillator == 0


def test_an_oscillator_that_may_be_a_tenth_slow_has_to_keep_up_all_the_same():
    demand = Demand(rate_per_s=1.0, channels=1, within_ms=700 / 5700)  # 700 clocks at 5.7 MHz
    assert 5.4 < slowest_mhz(sorter(), demand) < 6
    of_oscillator = [each.mhz for each in clockings(sorter(), demand, 48.0) if each.source is Source.HFOSC]
    assert min(of_oscillator) == 12.0


def test_a_design_has_to_reach_what_an_oscillator_may_be_too_fast():
    design, demand = Design(Schedule("", "up5k", ()), 600, 400, 20, 700, 256), Demand(50, 16, 10)
    points = working_points({design: sorter()}, demand, UP5K, 12.0)
    found = best_of_each(points, lambda design, mhz: mhz <= 6.5)
    assert all(point.clocking.source is not Source.HFOSC for point in found)
    found = best_of_each(points, lambda design, mhz: mhz <= 6.7)
    assert {point.clocking.mhz for point in found if point.clocking.source is Source.HFOSC} == {6.0}


def test_idle_stretches_count():
    restless = power(Clocking(Source.EXTERNAL, 12.0, Between.RUNS), of=sorter(idle_changes=3))
    quiet = power(Clocking(Source.EXTERNAL, 12.0, Between.RUNS))
    idle_clocks = 12e6 - 800 * 700
    added = restless.changes.low - quiet.changes.low
    assert added == pytest.approx(idle_clocks * 3 * UP5K.wire_change_picojoules / 1e6)
    stopped = power(Clocking(Source.EXTERNAL, 12.0, Between.STOPS), of=sorter(idle_changes=3))
    assert stopped.changes == quiet.changes


def test_twice_the_spikes_take_twice_the_energy():
    clocking = Clocking(Source.EXTERNAL, 12.0, Between.STOPS)
    once, twice = (power(clocking, Demand(rate, 16, 10)) for rate in (50, 100))
    for part in ("changes", "memory"):
        assert getattr(twice, part).high == pytest.approx(2 * getattr(once, part).high)
    assert twice.static == once.static


def test_the_slowest_clock_keeps_up_and_a_slower_one_does_not():
    demand = Demand(50, 16, 2.0)
    mhz = slowest_mhz(sorter(), demand)
    assert keeps_up(sorter(), mhz, demand)
    assert not keeps_up(sorter(), mhz / 1.01, demand)
    assert 1.9 < delay_ms(sorter(), mhz, demand) <= 2.0


def test_spikes_that_pile_up_have_no_delay():
    assert delay_ms(sorter(), 0.2, Demand(50, 16, 10)) is None
    assert wait_99(MOST_UTILISATION + 0.01) is None


@pytest.mark.parametrize("utilisation", [0.2, 0.5, 0.8])
def test_waiting_is_that_of_an_m_d_1_queue(utilisation):
    """Its mean wait is utilisation / 2 / (1 - utilisation) service times (Pollaczek, Khinchin)."""
    assert simulated_waits(utilisation).mean() == pytest.approx(utilisation / 2 / (1 - utilisation), rel=0.05)
    assert wait_99(utilisation) > wait_99(utilisation - 0.1)


def test_nobody_waits_where_nothing_else_comes():
    assert wait_99(0.0) == 0.0
    assert Range(1, 3).middle == 2
