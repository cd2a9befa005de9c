"""The chip's top level: its ports, its reset, and spikes through its pins."""

import re
from dataclasses import replace

import numpy as np
import pytest
from amaranth.sim import Simulator

from hw.accelerator.accelerator import Accelerator
from hw.boards.board import BOARDS, board_named, own_board
from hw.chip.chip import TOP_NAME, Chip, Transport
from hw.chip.reset import PowerOnReset
from hw.chip.room import room_around
from hw.chip.vendor import build_script
from hw.devices import device_named
from hw.errors import BadInput
from hw.link.frames import Frame, FrameReader
from hw.link.protocol import ANSWER, Kind, SortAnswer, SortRequest
from hw.link.uart import UartReceiver
from hw.netlist import rtlil_of
from hw.network.types import IntegerFormat
from hw.network.vectors import random_inputs
from hw.schedule.fold import fold
from hw.simulate.pins.uart import levels_of
from tests.hw.networks import random_network

CLOCK = {"icebreaker": 12, "hx8k-b-evn": 12, "ulx3s-25f": 25, "ulx3s-85f": 25, "orangecrab": 48, "arty-a7-35": 100}
FAST_BAUD = 3_000_000


def chip(board="icebreaker", **choices):
    """A very small sorter on a board."""
    device = board_named(board).device
    rng = np.random.default_rng(0)
    network = random_network(rng, n_inputs=4, hidden=(4,), input_format=IntegerFormat(4, True))
    return Chip(board_named(board), Accelerator(network, fold(network, device, 32)), **choices)


@pytest.mark.parametrize("board", BOARDS)
@pytest.mark.parametrize("transport", Transport)
def test_a_chip_has_ports_of_its_board_alone(board, transport):
    built = chip(board, transport=transport)
    assert built.ports.keys() <= board_named(board).ports
    lines = {name for name in built.ports if name.startswith(("uart", "spi"))}
    assert lines == {name for name in board_named(board).ports if name.startswith(transport)}
    assert len(built.lights) == 2
    assert built.clock_mhz == CLOCK[board]


def test_a_chip_refuses_what_its_board_cannot_do():
    with pytest.raises(BadInput, match="has a hx8k; the schedule is for up5k"):
        replace(chip(), board=board_named("hx8k-b-evn"))
    with pytest.raises(BadInput, match=r"baud from 12000000 Hz is .* off"):
        chip(baud=2_100_000)
    with pytest.raises(BadInput, match="cannot be made"):
        chip("arty-a7-35", wanted_mhz=50)


def test_a_board_without_a_transport_is_told():
    board = board_named("icebreaker")
    bare = replace(board)
    bare.__dict__["constraints"] = replace(board.constraints, pins={"clk": "35", "uart_rx": "6", "uart_tx": "9"})
    assert set(replace(chip(), board=bare).ports) == {"clk", "uart_rx", "uart_tx"}
    with pytest.raises(BadInput, match="has no spi_cipo, spi_copi, spi_cs_n, spi_sck"):
        replace(chip(), board=bare, transport=Transport.SPI)


def test_a_board_of_ones_own_needs_a_clock_and_a_line_alone(tmp_path):
    file = tmp_path / "bench.pcf"
    file.write_text("set_io clk 35\nset_frequency clk 24\nset_io uart_rx 6\nset_io uart_tx 9\n")
    built = replace(chip(), board=own_board(device_named("up5k"), file, "sg48", None))
    assert (set(built.ports), built.clock_mhz) == ({"clk", "uart_rx", "uart_tx"}, 24)
    rtlil = rtlil_of(built.circuit(), TOP_NAME)
    top = rtlil.partition(f"module \\{TOP_NAME}\n")[2].partition("\nend\n")[0]
    assert set(re.findall(r"wire width 1 (?:input|output) \d+ +\\(\w+)", top)) == set(built.ports)


def clocked(circuit, levels, outputs):
    """Levels of outputs in every clock, for levels of inputs `{name: [clocks]}`."""
    seen = {name: [] for name in outputs}

    async def bench(ctx):
        for values in zip(*levels.values(), strict=True):
            for name, value in zip(levels, values, strict=True):
                ctx.set(getattr(circuit, name), value)
            for level in (0, 1):
                await ctx.delay(1e-6)
                ctx.set(circuit.clk, level)
            for name in outputs:
                seen[name].append(ctx.get(getattr(circuit, name)))

    simulator = Simulator(circuit)
    simulator.add_testbench(bench)
    simulator.run()
    return seen


def test_a_reset_is_held_from_power_on_and_after_whatever_asks_for_it():
    spec = PowerOnReset(1.0)
    assert spec.clocks == 15
    asked = [0] * 30 + [1, 0, 1] + [0] * 30
    held = clocked(spec.circuit(), {"asked": asked}, ["held"])["held"]
    falls = [clock for clock in range(1, len(held)) if held[clock - 1] and not held[clock]]
    rises = [clock for clock in range(1, len(held)) if held[clock] and not held[clock - 1]]
    assert (held[0], falls, rises) == (1, [spec.clocks - 1, 32 + 2 + spec.clocks], [30 + 2])


@pytest.mark.verify("simulated")
def test_spikes_through_the_pins(record_property):
    """A small chip answers spikes that come over its serial line, after a damaged frame too."""
    built = chip(baud=FAST_BAUD)
    network = built.accelerator.network
    spikes = random_inputs(network.input_format, network.n_inputs, 4, seed=1)
    frames = [
        Frame(Kind.SORT, number, SortRequest(tuple(map(int, spike)), network.input_format).encode()).encode()
        for number, spike in enumerate(spikes)
    ]
    damaged = frames[0][:3] + bytes([frames[0][3] ^ 1]) + frames[0][4:]
    line, after_damage = [1] * (2 * built.reset.clocks), 0
    for sent in (damaged, *frames):
        line += [int(level) for level in np.repeat(levels_of(sent), built.divisor)]
        line += [1] * (30 * 10 * built.divisor)  # enough for an answer
        after_damage = after_damage or len(line) - 1
    pressed = [1] * len(line)
    seen = clocked(built.circuit(), {"uart_rx": line, "rst_n": pressed}, ["uart_tx", "led_ready_n", "led_error_n"])
    answers = list(FrameReader().feed(bytes(UartReceiver(built.divisor).compute(seen["uart_tx"]))))
    assert [(answer.kind, answer.sequence) for answer in answers] == [(Kind.SORT | ANSWER, n) for n in range(4)]
    sorted_ = [SortAnswer.decode(answer.payload) for answer in answers]
    record_property("spikes", len(spikes))
    units = network.classes(spikes).tolist()
    wrong = sum(answer.unit != unit for answer, unit in zip(sorted_, units, strict=True))
    record_property("mismatches", wrong)
    assert [answer.unit for answer in sorted_] == units
    assert [answer.score for answer in sorted_] == network.scores(spikes).max(axis=1).tolist()
    # The light of readiness goes on with the end of the reset, that of errors with the damaged frame; low is on.
    assert (seen["led_ready_n"][0], seen["led_ready_n"][-1]) == (1, 0)
    assert (seen["led_error_n"][after_damage], seen["led_error_n"][-1]) == (0, 1)


def test_room_is_left_for_the_store_of_a_frame():
    few, many = (room_around(device_named("up5k"), window_bytes) for window_bytes in (48, 2048))
    assert (few.block_rams, many.block_rams) == (1 + 3, 8 + 3)
    assert few.luts == many.luts > 0


def test_the_vendors_script_names_part_and_files():
    script = build_script(board_named("arty-a7-35"), "chip.v")
    for line in ("read_verilog chip.v", "read_xdc arty-a7-35.xdc", "-part xc7a35ticsg324-1L\n"):
        assert line in script
