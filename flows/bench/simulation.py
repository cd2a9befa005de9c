"""Measure how fast both simulators run the designs of the gateware benchmark: `python -m flows.bench.simulation`.

Every design is compiled anew. Speeds are those of the whole call: emission, packing and reading back included.
"""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from flows.bench.cases import CASES, Case
from hw.network.vectors import random_inputs
from hw.simulate import amaranth, compiled
from hw.simulate.result import Simulation

_CLOCKS_IN_AMARANTH = 20_000
"""Of the slow simulator: seconds to a minute of its time, and at least two inferences."""


@dataclass(frozen=True)
class Measured:
    """Speeds of one design.

    Attributes:
        name: of the case.
        clocks_per_inference: simulated, spikes back to back.
        compile_s: seconds from an empty cache to the first results.
        compiled_per_s: inferences a second by Verilator.
        amaranth_per_s: inferences a second by Amaranth's simulator.
        n_equal: inferences of which both gave the same words, scores, classes and clocks.
    """

    name: str
    clocks_per_inference: int | None
    compile_s: float
    compiled_per_s: float
    amaranth_per_s: float
    n_equal: int

    @property
    def ratio(self) -> float:
        """How many times as fast the compiled simulation is."""
        return self.compiled_per_s / self.amaranth_per_s


def measure(case: Case, seed: int, n_inputs: int, cache: Path) -> Measured:
    """Simulate a case both ways.

    Raises:
        AssertionError: if they differ.
    """
    accelerator = case.accelerator(seed)
    network = accelerator.network
    n_slow = max(2, _CLOCKS_IN_AMARANTH // accelerator.schedule.initiation_interval)
    x = random_inputs(network.input_format, network.n_inputs, max(n_inputs, n_slow), seed)
    _, compile_s = _timed(lambda: compiled.simulate(accelerator, x[:n_slow], cache=cache))
    fast, fast_s = _timed(lambda: compiled.simulate(accelerator, x, cache=cache))
    slow, slow_s = _timed(lambda: amaranth.simulate(accelerator, x[:n_slow]))
    if not _equal(fast.part(slice(n_slow)), slow):
        raise AssertionError(f"{case.name}: the simulators differ")
    return Measured(
        case.name, fast.initiation_interval_cycles, compile_s, len(x) / fast_s, n_slow / slow_s, len(slow.classes)
    )


def _timed(simulate: Callable[[], Simulation]) -> tuple[Simulation, float]:
    start = time.perf_counter()
    return simulate(), time.perf_counter() - start


def _equal(one: Simulation, other: Simulation) -> bool:
    results = ((run.classes, run.best_scores, np.diff(run.starts), np.diff(run.ends)) for run in (one, other))
    layers = ([layer.packed for layer in run.layers] for run in (one, other))
    return all(np.array_equal(ours, theirs) for pair in (results, layers) for ours, theirs in zip(*pair, strict=True))


def report(console: Console, results: Sequence[Measured]) -> None:
    """Print the speeds."""
    names = ("Design", "Clocks an inference", "Compile, s", "Verilator, 1/s", "Amaranth, 1/s", "Ratio", "Equal")
    table = Table(*names, header_style="cyan", box=None, pad_edge=False)
    for one in results:
        speeds = (f"{one.compile_s:.1f}", f"{one.compiled_per_s:.0f}", f"{one.amaranth_per_s:.2f}")
        table.add_row(one.name, str(one.clocks_per_inference), *speeds, f"{one.ratio:.0f}", str(one.n_equal))
    console.print(table)


def main(
    only: Annotated[list[str] | None, typer.Option(help="A design, by name; may be repeated.")] = None,
    seed: Annotated[int, typer.Option(help="Of the random networks and inputs.")] = 1,
    inputs: Annotated[int, typer.Option(help="Random inputs for the compiled simulation.")] = 10_000,
    out: Annotated[Path, typer.Option(help="File for the figures.")] = Path("runs/bench/simulation.json"),
) -> None:
    """Measure both simulators on the designs of the gateware benchmark."""
    console = Console(width=120)
    chosen = [case for case in CASES if only is None or case.name in only]
    if only and len(chosen) < len(set(only)):
        console.print(f"error: there are the designs {', '.join(case.name for case in CASES)}")
        raise typer.Exit(1)
    results = []
    for case in chosen:
        with console.status(f"{case.name}: compiling and simulating"), TemporaryDirectory() as cache:
            results.append(measure(case, seed, inputs, Path(cache)))
    report(console, results)
    out.parent.mkdir(parents=True, exist_ok=True)
    record = {"seed": seed, "inputs": inputs, "verilator": version("verilator"), "amaranth": version("amaranth")}
    out.write_text(
        json.dumps({**record, "designs": [asdict(one) for one in results]}, indent=1, sort_keys=True) + "\n"
    )
    console.print(f"\nfigures: {out}")


if __name__ == "__main__":
    typer.run(main)
