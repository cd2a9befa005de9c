"""Placement: the report as it is read, and a small accelerator placed."""

import json
from dataclasses import replace

import numpy as np
import pytest

from hw.accelerator.accelerator import Accelerator
from hw.devices import device_named
from hw.errors import BadInput
from hw.netlist import TOP_NAME, emit_behind_few_pins
from hw.schedule.fold import fold
from hw.tools import nextpnr, yosys
from hw.tools.run import ToolError
from tests.hw.networks import random_network


def step(kind, delay, cell_from, cell_to):
    return {"type": kind, "delay": delay, "from": {"cell": cell_from}, "to": {"cell": cell_to}}


REPORT = {
    "fmax": {"clk": {"achieved": 31.5, "constraint": 30.0}},
    "utilization": {"LC": {"used": 7, "available": 10}, "RAM": {"used": 0, "available": 4}},
    "critical_paths": [
        {
            "from": "posedge clk",
            "to": "posedge clk",
            "path": [
                step("clk-to-q", 1.5, "a", "a"),
                step("routing", 2.0, "a", "b"),
                step("logic", 1.25, "b", "b"),
                step("routing", 3.0, "b", "c"),
                step("setup", 0.25, "c", "c"),
            ],
        },
        {"from": "<async>", "to": "posedge clk", "path": [step("source", 0.0, "pin", "pin")]},
    ],
}


def test_a_report_tells_frequency_cells_and_the_path_between_registers():
    placement = nextpnr.read_report(json.dumps(REPORT), seed=3)
    assert placement.slowest_mhz == 31.5
    assert placement.used == {"LC": (7, 10)}
    assert placement.critical_paths == (nextpnr.CriticalPath("clk", "a", "c", ("a", "b", "c"), 3.0, 5.0),)


def test_no_clock_has_no_frequency():
    assert nextpnr.read_report(json.dumps(REPORT | {"fmax": {}}), seed=3).slowest_mhz is None


def test_a_device_that_nextpnr_does_not_know_is_refused(tmp_path):
    with pytest.raises(BadInput, match=r"xc7a35t cannot be placed and routed; up5k, .* can"):
        nextpnr.place_and_route("mapped.json", device_named("xc7a35t"), tmp_path, seed=1, target_mhz=10)


@pytest.mark.synth
@pytest.mark.parametrize("name", ["up5k", "lfe5u-25f"])
def test_a_small_accelerator_is_placed_the_same_way_twice(tmp_path, name):
    device = device_named(name)
    network = random_network(np.random.default_rng(4), n_inputs=12, hidden=(16, 8), n_units=3)
    accelerator = Accelerator(network, fold(network, device, 24))
    (tmp_path / "pins.il").write_text(emit_behind_few_pins(accelerator))
    counts = yosys.synthesise("pins.il", TOP_NAME, device, tmp_path, "mapped.json")
    assert counts.block_rams > 0
    assert 0 < counts.luts < device.luts
    place = [nextpnr.place_and_route("mapped.json", device, tmp_path, seed=seed, target_mhz=12) for seed in (1, 1, 2)]
    assert place[0] == place[1]
    assert place[0].critical_paths != replace(place[2], seed=1).critical_paths
    assert 12 < place[0].slowest_mhz < 500
    with pytest.raises(ToolError, match="nextpnr"):
        nextpnr.place_and_route("mapped.json", device, tmp_path, seed=1, target_mhz=500)
    missed = nextpnr.place_and_route("mapped.json", device, tmp_path, seed=1, target_mhz=500, must_meet=False)
    assert missed.slowest_mhz < 500
