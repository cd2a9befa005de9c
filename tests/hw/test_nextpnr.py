"""Placement: the report as it is read, and a small accelerator placed."""

import json
from dataclasses import replace

import numpy as np
import pytest
from amaranth.back import rtlil
from amaranth.hdl import Cat, ClockDomain, ClockSignal, Module, ResetSignal, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hw.accelerator.accelerator import Accelerator
from hw.boards.board import board_named
from hw.clocks.source import clock_source
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
    assert placement.critical_paths == (
        nextpnr.CriticalPath(
            "clk",
            (
                nextpnr.PathStep("a", 0.0, 1.5),
                nextpnr.PathStep("b", 2.0, 1.25),
                nextpnr.PathStep("c", 3.0, 0.25),
            ),
        ),
    )
    assert placement.slowest_path.cells == ("a", "b", "c")
    assert (placement.slowest_path.logic_ns, placement.slowest_path.routing_ns) == (3.0, 5.0)


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


class Blinker(wiring.Component):
    """A design with every port of a board: a counter of what comes in, whose highest bits go out."""

    def __init__(self, ports, source):
        self.inputs = sorted(ports & {"rst", "rst_n", "uart_rx", "spi_cs_n", "spi_sck", "spi_copi"})
        self.outputs = sorted(ports - {"clk", *self.inputs})
        self.source = source
        super().__init__({"clk": In(1), **dict.fromkeys(self.inputs, In(1)), **dict.fromkeys(self.outputs, Out(1))})

    def elaborate(self, platform):
        m = Module()
        m.submodules.clock = clock = self.source.circuit()
        m.domains.sync = ClockDomain("sync")
        count = Signal(8)
        m.d.comb += [
            clock.clk_in.eq(self.clk),
            ClockSignal().eq(clock.clk_out),
            ResetSignal().eq(~clock.locked),
            Cat(getattr(self, name) for name in self.outputs).eq(count),
        ]
        m.d.sync += count.eq(count + Cat(getattr(self, name) for name in self.inputs))
        return m


@pytest.mark.synth
@pytest.mark.parametrize(
    ("name", "mhz"),
    [("icebreaker", 30), ("hx8k-b-evn", 48), ("ulx3s-25f", 85), ("ulx3s-85f", 80), ("orangecrab", 80)],
)
def test_a_board_takes_its_pins_and_a_pll(tmp_path, name, mhz):
    board = board_named(name)
    (tmp_path / "blinker.il").write_text(
        rtlil.convert(Blinker(board.ports, clock_source(board, mhz)), name="blinker", emit_src=False)
    )
    yosys.synthesise("blinker.il", "blinker", board.device, tmp_path, "mapped.json")
    placed = nextpnr.place_and_route("mapped.json", board.device, tmp_path, seed=1, target_mhz=12, board=board)
    assert [used for kind, (used, _) in placed.used.items() if "PLL" in kind] == [1]
    # nextpnr knows the clock from the file, and what the PLL makes of it.
    constraint = {
        clock["constraint"] for clock in json.loads((tmp_path / nextpnr.REPORT).read_text())["fmax"].values()
    }
    assert {round(found) for found in constraint} == {mhz}


@pytest.mark.synth
def test_a_port_without_a_pin_on_the_board_is_refused(tmp_path):
    board = board_named("hx8k-b-evn")
    source = clock_source(board, None)
    (tmp_path / "blinker.il").write_text(rtlil.convert(Blinker(board.ports | {"extra"}, source), name="blinker"))
    yosys.synthesise("blinker.il", "blinker", board.device, tmp_path, "mapped.json")
    with pytest.raises(ToolError, match="extra"):
        nextpnr.place_and_route("mapped.json", board.device, tmp_path, seed=1, target_mhz=12, board=board)
