"""Steps from a folded network to a chip on a board: synthesis, placement, simulation through the pins, packing."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from shlex import join
from shutil import copyfile
from typing import Any

from flows.errors import NotEqualError
from flows.pipeline import StepContext
from flows.report.assemble import contribution
from flows.report.figures import Figure
from flows.report.model import PathPart, Placed, PlacedCells, Resource, Simulation
from flows.runfolder import RunFolder, existing_run_folder
from flows.settings.board import ChipSettings
from flows.steps import files
from flows.steps.answers import wrong_answers
from flows.steps.gateware import check_fits, open_accelerator
from flows.steps.network import vectors
from flows.steps.simulators import CACHE
from hw.boards.board import board_named
from hw.chip.chip import TOP_NAME, Chip, Transport, check_line
from hw.chip.path import in_words, stretches
from hw.chip.vendor import BUILD_SCRIPT, build_script
from hw.clocks.source import clock_source, clocks_below
from hw.devices import Device
from hw.errors import BadInput, NoResult
from hw.netlist import rtlil_of
from hw.simulate.pins.mapped import Sorted, compile_mapped, sort_through_pins
from hw.tools import loader, nextpnr, pack, yosys

MAPPED = "mapped.json"
PLACED = "placed.txt"
_RTLIL = f"{TOP_NAME}.il"


def check_settings(settings: ChipSettings) -> None:
    """Refuse what a board cannot do before anything is made for it.

    Raises:
        BadInput: if its clock, or the line to the host, cannot be made.
    """
    board = board_named(settings.board)
    check_line(board, clock_source(board, settings.clock_mhz), Transport(settings.transport), settings.baud)


def synthesise_chip(context: StepContext) -> Mapping[str, Any]:
    """Emit the chip and map it onto the device's cells.

    Raises:
        DoesNotFit: if the device is too small for it.
    """
    chip = _open_chip(context)
    device, accelerator = chip.board.device, chip.accelerator
    (context.folder / _RTLIL).write_text(rtlil_of(chip.circuit(), TOP_NAME), encoding="utf-8", newline="\n")
    for name, text in (
        (files.NETWORK, accelerator.network.to_json()),
        (files.SCHEDULE, accelerator.schedule.to_json()),
    ):
        (context.folder / name).write_text(text, encoding="utf-8", newline="\n")
    context.progress(0.1, f"Yosys, {device.title}")
    counted = yosys.synthesise(_RTLIL, TOP_NAME, device, context.folder, MAPPED, _native(context))
    (context.folder / yosys.STATISTICS).unlink()
    check_fits(counted, device)
    return {"cells": dict(counted.cells), **contribution(resources=_resources(device, counted, _native(context)))}


def place_chip(context: StepContext) -> Mapping[str, Any]:
    """Place and route the chip, with the next seed where one misses the clock.

    Raises:
        NoResult: if all seeds miss it; the message says what clock would be met, and what is in the way.
    """
    chip, parameters = _open_chip(context), context.parameters
    seeds = range(parameters["seed"], parameters["seed"] + parameters["attempts"])
    copyfile(context.of("chip") / MAPPED, context.folder / MAPPED)
    missed: list[nextpnr.Placement] = []
    for seed in seeds:
        context.progress(len(missed) / len(seeds), f"nextpnr, {chip.clock_mhz:g} MHz, seed {seed}")
        placement = nextpnr.place_and_route(
            MAPPED,
            chip.board.device,
            context.folder,
            seed=seed,
            target_mhz=chip.clock_mhz,
            must_meet=False,
            board=chip.board,
            result=PLACED,
            native=_native(context),
        )
        if placement.slowest_mhz is None or placement.slowest_mhz >= chip.clock_mhz:
            for name in (MAPPED, nextpnr.NETLIST, chip.board.file.name):
                (context.folder / name).unlink(missing_ok=True)
            title = nextpnr.NEXTPNR[chip.board.device.family].title(_native(context))
            return contribution(placed=_placed(chip, placement, missed, title))
        missed.append(placement)
    raise NoResult(_why_missed(chip, missed))


def sort_through_the_pins(context: StepContext) -> Mapping[str, Any]:
    """Send spikes to the mapped chip through its pins, and compare each answer with the network's.

    Where the machine lacks a compiler there is nothing but a word about that.

    Raises:
        NotEqualError: if one differs.
    """
    if lacking := context.parameters["lacking"]:
        return {"spikes": None, "why": f"it takes {', '.join(lacking)}, which this machine lacks"}
    chip = _open_chip(context)
    network = chip.accelerator.network
    spikes, what = vectors(context, network, context.parameters["spikes"], context.parameters["from_spikes"])
    context.progress(0.0, "compiling, unless the program is there already")
    program = compile_mapped(chip, context.of("chip") / MAPPED, CACHE)
    told = partial(context.progress, message=f"{len(spikes)} spikes through the pins")
    result = sort_through_pins(chip, program, spikes, told)
    wrong = list(wrong_answers(network, spikes, result.answers))
    if wrong:
        raise NotEqualError(
            f"the mapped chip differs from the integer network in {len(wrong)} of {len(spikes)} answers, first in "
            f"{wrong[0]}"
        )
    return contribution(simulations=[_simulation(chip, what, result, len(wrong))])


def pack_chip(context: StepContext) -> Mapping[str, Any]:
    """Pack the placed chip into the bits that the board is loaded with."""
    board = board_named(context.parameters["board"])
    copyfile(context.of("place") / PLACED, context.folder / PLACED)
    name = f"spikeloom_{board.name}{pack.BITSTREAM_SUFFIXES[board.device.family]}"
    pack.pack(PLACED, board.device, context.folder, name, _native(context))
    (context.folder / PLACED).unlink()
    return {"board": board.name, "bitstream": name, "load": loader.load_command(board, Path(name))}


def hand_over_chip(context: StepContext) -> Mapping[str, Any]:
    """Leave what the vendor's tool makes a bitstream from: Verilog, constraints, a script."""
    chip = _open_chip(context)
    copyfile(context.of("chip") / _RTLIL, context.folder / _RTLIL)
    yosys.write_verilog(_RTLIL, f"{TOP_NAME}.v", context.folder, _native(context))
    (context.folder / _RTLIL).unlink()
    copyfile(chip.board.file, context.folder / chip.board.file.name)
    script = build_script(chip.board, f"{TOP_NAME}.v")
    (context.folder / BUILD_SCRIPT).write_text(script, encoding="utf-8", newline="\n")
    return {"board": chip.board.name, "bitstream": None, "why": f"made by the vendor's tool, with {BUILD_SCRIPT}"}


def load_onto_board(run: Path, runs_loader: bool) -> str:
    """Load a run's bitstream, or only tell the command that does; returns it.

    Raises:
        BadInput: if the run has no bitstream, or the loader is not installed.
        NoResult: if the loader fails.
    """
    folder = existing_run_folder(run)
    if _stands(folder, "handover"):
        raise BadInput(f"{run} has no bitstream: the board's is {folder.summary('handover')['why']}")
    if not _stands(folder, "bitstream"):
        raise BadInput(f"{run} has no bitstream yet: make it with `spikeloom bitstream`")
    made = folder.summary("bitstream")
    command = loader.load_command(board_named(made["board"]), folder.step_folder("bitstream") / made["bitstream"])
    if runs_loader:
        loader.load(command)
    return join(command)


def what_became(run: Path) -> str:
    """One line about what a run has left for a board."""
    folder = existing_run_folder(run)
    if _stands(folder, "handover"):
        made = folder.summary("handover")
        return f"No bitstream of board {made['board']}: it is {made['why']} in {folder.step_folder('handover')}"
    line = f"Onto the board: {load_onto_board(run, runs_loader=False)}"
    if _stands(folder, "pins") and (why := folder.summary("pins").get("why")):
        line += f"; not simulated through its pins: {why}"
    return line


def _stands(folder: RunFolder, step: str) -> bool:
    """Whether a step's results are those of the chip that the run has now."""
    manifest = folder.manifest()
    return step in manifest and manifest[step].status == "finished"


def _native(context: StepContext) -> bool:
    """Whether the machine's own tools run."""
    return context.parameters["native_tools"] is not None


def _open_chip(context: StepContext) -> Chip:
    parameters = context.parameters
    return Chip(
        board_named(parameters["board"]),
        open_accelerator(context),
        parameters["clock_mhz"],
        Transport(parameters["transport"]),
        parameters["baud"],
        parameters["scores"],
    )


def _resources(device: Device, counted: yosys.CellCounts, native: bool) -> list[Resource]:
    tool = yosys.YOSYS.title(native)
    rows = (
        (f"LUT{device.lut_inputs}", counted.luts, device.luts),
        ("flip-flops", counted.flip_flops, device.flip_flops),
        (device.block_ram.name, counted.block_rams, device.block_rams),
        (device.carry.name, counted.carries, device.carries),
        *([("SPRAM", counted.sprams, device.sprams)] if device.sprams else []),
    )
    return [
        Resource(
            device.name,
            "chip",
            name,
            Figure(None, "", "analytic"),
            Figure(count, "", "synthesised", tool),
            available,
        )
        for name, count, available in rows
    ]


def _placed(chip: Chip, placement: nextpnr.Placement, missed: list[nextpnr.Placement], tool: str) -> Placed:
    def ns(value: float) -> Figure:
        return Figure(round(value, 3), "ns", "placed and routed")

    fmax = None if placement.slowest_mhz is None else round(placement.slowest_mhz, 2)
    return Placed(
        chip.board.name,
        chip.board.device.name,
        Figure(chip.clock_mhz, "MHz", "chosen"),
        Figure(fmax, "MHz", "placed and routed", tool),
        placement.seed,
        tuple(one.seed for one in missed),
        tuple(
            PathPart(part.part, part.what, ns(part.logic_ns), ns(part.routing_ns))
            for part in (stretches(placement.slowest_path, _layers(chip)) if placement.slowest_path else ())
        ),
        tuple(
            PlacedCells(kind, Figure(used, "", "placed and routed"), available)
            for kind, (used, available) in placement.used.items()
        ),
    )


def _why_missed(chip: Chip, missed: list[nextpnr.Placement]) -> str:
    best = max(missed, key=lambda placement: placement.slowest_mhz or 0.0)
    path, reached = best.slowest_path, best.slowest_mhz or 0.0
    assert path is not None, "what misses a clock has a path"
    nearest = next((clock for clock in clocks_below(chip.board, reached) if _runs_at(chip, clock)), None)
    would = "no clock of the board would be met" if nearest is None else f"--clock-mhz {nearest:g} would be met"
    seeds = ", ".join(str(placement.seed) for placement in missed)
    return (
        f"board {chip.board.name}: {chip.clock_mhz:g} MHz is not met, seeds {seeds} reach {reached:.2f} MHz at most "
        f"(seed {best.seed}); {would}. In the way: {in_words(stretches(path, _layers(chip)))} "
        f"({path.logic_ns:.1f} ns of logic, {path.routing_ns:.1f} ns of wires)"
    )


def _runs_at(chip: Chip, clock_mhz: float) -> bool:
    """Whether the chip could have another clock, of which its UART makes the baud rate."""
    with suppress(BadInput):
        replace(chip, wanted_mhz=clock_mhz)
        return True
    return False


def _layers(chip: Chip) -> list[str]:
    return [layer.name for layer in chip.accelerator.network.layers]


def _simulation(chip: Chip, what: str, result: Sorted, mismatches: int) -> Simulation:
    latencies = [answer.latency_clocks for answer in result.answers]
    return Simulation(
        simulator="Verilator, mapped chip, through its pins",
        vectors=what,
        n_spikes=len(result.answers),
        class_mismatches=mismatches,
        layer_word_mismatches=None,
        latency_cycles_min=min(latencies),
        latency_cycles_max=max(latencies),
        initiation_interval_cycles=None,
        clock_mhz=chip.clock_mhz,
        n_unsorted=sum(answer.unsorted for answer in result.answers),
        cycles=result.clocks,
    )
