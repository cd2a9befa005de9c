"""The step that shows what a network could be folded to."""

import csv
from collections.abc import Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import Any

from flows.pipeline import StepContext
from flows.report.assemble import contribution
from flows.report.figures import Figure
from flows.report.model import Design as DesignRow
from flows.report.model import Front as FrontSection
from flows.report.model import Picture
from flows.report.plots import pareto_front
from flows.steps import files
from flows.steps.folding import open_designs
from flows.steps.network import load_network
from hw.devices import Device, device_named
from hw.estimate.power.analytic import estimated
from hw.estimate.power.coefficients import coefficients_of
from hw.estimate.power.model import energy
from hw.estimate.power.ranges import Range
from hw.estimate.resources import Resources
from hw.schedule.explore import Design, explore
from hw.schedule.types import Schedule


def explore_foldings(context: StepContext) -> Mapping[str, Any]:
    """Write down every folding that no other one beats, and draw them."""
    network, device = load_network(context), device_named(context.parameters["device"])
    designs = open_designs(network, context.parameters, device)
    front = explore(designs, context.progress)
    clock_mhz = context.parameters["clock_mhz"]
    rows = [_row(design, device, clock_mhz) for design in front.designs]
    (context.folder / files.FRONT).write_text(_csv(rows), encoding="utf-8", newline="\n")
    _draw(front.designs, device, context.folder / "front.png")
    section = FrontSection(
        device=device.name,
        n_foldings=front.n_designs,
        n_designs=len(rows),
        within=front.within,
        path=f"explore/{files.FRONT}",
        designs=tuple(_shown(design, device, clock_mhz) for design in _fewest_luts(front.designs)),
    )
    caption = f"{device.title}: every folding that no other one beats, by formula"
    return {"designs": len(rows), **contribution(front=section, pictures=[Picture("front.png", caption)])}


def _energy(design: Design, device: Device) -> Range | None:
    """Energy of an inference at full speed, in nanojoules; unknown where no coefficients were measured."""
    coefficients = coefficients_of(device.name)
    if coefficients is None:
        return None
    resources = Resources(design.luts, design.flip_flops, design.block_rams)
    switching = estimated(resources, design.interval_clocks, design.interval_clocks)
    return energy(switching, coefficients).total


def _row(design: Design, device: Device, clock_mhz: float) -> Mapping[str, Any]:
    """A line of the table of all designs; PE, SIMD, storage and count tables are as the command line takes them."""
    layers, energy = design.schedule.layers, _energy(design, device)
    return {
        "luts": design.luts,
        "flip_flops": design.flip_flops,
        "block_rams": design.block_rams,
        "latency_clocks": design.latency_clocks,
        "latency_us": f"{design.latency_clocks / clock_mhz:.6g}",
        "interval_clocks": design.interval_clocks,
        "inferences_per_s": f"{clock_mhz * 1e6 / design.interval_clocks:.6g}",
        "energy_low_nj": None if energy is None else f"{energy.low:.6g}",
        "energy_high_nj": None if energy is None else f"{energy.high:.6g}",
        "provenance": "analytic",
        "architecture": str(design.schedule.architecture),
        "lanes": None if design.schedule.engine is None else design.schedule.engine.lanes,
        "pe": ",".join(str(fold.pe) for fold in layers),
        "simd": ",".join(str(fold.simd) for fold in layers),
        "weight_storage": ",".join(fold.weight_storage for fold in layers),
        "bias_storage": ",".join(fold.bias_storage for fold in layers),
        "count_tables": ",".join(str(fold.count_tables) for fold in layers),
    }


def _csv(rows: Sequence[Mapping[str, Any]]) -> str:
    text = StringIO()
    table = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    return text.getvalue()


def _draw(designs: Sequence[Design], device: Device, path: Path) -> None:
    energies = (_energy(design, device) for design in designs)
    pareto_front(
        [design.luts for design in designs],
        [design.block_rams for design in designs],
        {
            "clocks between inferences": [design.interval_clocks for design in designs],
            "latency, clocks": [design.latency_clocks for design in designs],
        },
        [(energy.low, energy.high) for energy in energies if energy is not None],
        path,
    )


def _fewest_luts(designs: Sequence[Design]) -> list[Design]:
    """Of designs by initiation interval and LUTs, those with fewer LUTs than every one before."""
    chosen: list[Design] = []
    for design in designs:
        if not chosen or design.luts < chosen[-1].luts:
            chosen.append(design)
    return chosen


def _shown(design: Design, device: Device, clock_mhz: float) -> DesignRow:
    energy = _energy(design, device)
    per_s = clock_mhz * 1e6 / design.interval_clocks
    low, high = (None, None) if energy is None else (energy.low, energy.high)
    return DesignRow(
        folding=folding_in_words(design.schedule),
        luts=Figure(design.luts, "", "analytic"),
        flip_flops=Figure(design.flip_flops, "", "analytic"),
        block_rams=Figure(design.block_rams, "", "analytic"),
        latency_clocks=Figure(design.latency_clocks, "", "analytic"),
        interval_clocks=Figure(design.interval_clocks, "", "analytic"),
        inferences_per_s=Figure(per_s, "", "analytic", f"at {clock_mhz:g} MHz"),
        energy_low=Figure(low, "nJ", "analytic", "block memories included"),
        energy_high=Figure(high, "nJ", "analytic", "block memories included"),
    )


def folding_in_words(schedule: Schedule) -> str:
    """Such as `4x12 block, 8x32 block, 1x32 logic`: PE x SIMD and where weights are kept, or the engine."""
    if schedule.engine is not None:
        return f"engine of {schedule.engine.lanes} lanes, counts in {schedule.engine.count_storage}"
    return ", ".join(f"{fold.pe}x{fold.simd} {fold.weight_storage}" for fold in schedule.layers)
