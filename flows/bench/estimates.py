"""Measure how long an estimate takes: `python -m flows.bench.estimates`.

The paper's network, 48 INT8 inputs -> 256 -> 256 -> 5 with random weights, in foldings from one synapse a clock to
all of them, on the engine, and unrolled. Beside each estimate, and that of the carry cells, stands what packing the
words of the design's memories takes, in the same run: figures of a loaded machine mislead, their ratio hardly.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from flows.bench.networks import INT8, random_network
from hw.accelerator.accelerator import Accelerator
from hw.components.engine.engine import Engine
from hw.components.rom import MEMORIES, Rom, Storage
from hw.components.unrolled.layer import UnrolledLayer
from hw.devices import Device, device_named
from hw.estimate.accelerator import estimate
from hw.estimate.carries import carry_cells
from hw.network.types import Network
from hw.schedule.engine import engines_of
from hw.schedule.timing import with_banks
from hw.schedule.types import Architecture, EngineFolding, LayerFolding, Schedule
from hw.schedule.unroll import unroll

GOAL_MS = 1.0
_FOLDINGS = (
    ((1, 1, 1), (1, 1, 1)),
    ((1, 2, 1), (24, 32, 16)),
    ((4, 8, 1), (12, 32, 32)),
    ((256, 256, 5), (48, 256, 256)),
)


@dataclass(frozen=True)
class Timed:
    """Time of the estimates of one design, in milliseconds.

    Attributes:
        name: of the design.
        first_ms: of the first, which may plan a layer or choose cells for the first time in this process.
        estimate_ms: median, each of an accelerator made anew.
        carries_ms: median of its carry cells, which a search does without.
        packing_ms: of packing the words of its memories.
    """

    name: str
    first_ms: float
    estimate_ms: float
    carries_ms: float
    packing_ms: float


def measure(seed: int, repeats: int) -> list[Timed]:
    """Estimate every design some times, each time from a schedule alone."""
    network = random_network(seed, 48, (256, 256), 5, INT8)
    return [_timed(name, network, schedule, repeats) for name, schedule in _schedules(network)]


def _schedules(network: Network) -> Iterator[tuple[str, Schedule]]:
    up5k, xc7 = device_named("up5k"), device_named("xc7a35t")
    for pe, simd in _FOLDINGS:
        for storage in MEMORIES:
            name = f"PE {pe}, SIMD {simd}, weights in {storage}"
            yield name, _folded(network, up5k, pe, simd, storage)
    for engine in engines_of(network, up5k):
        folding = EngineFolding(engine.lanes, engine.count_storage, engine.cycles)
        schedule = Schedule(network.digest, up5k.name, (), Architecture.ENGINE, False, folding)
        yield f"engine, {engine.lanes} lanes, counts in {engine.count_storage}", schedule
    yield "unrolled", unroll(network, xc7)


def _folded(
    network: Network, device: Device, pe: tuple[int, ...], simd: tuple[int, ...], storage: Storage
) -> Schedule:
    layers = [
        LayerFolding(layer.name, layer.rows, layer.columns, p, s, 1, storage, Storage.LOGIC)
        for layer, p, s in zip(network.layers, pe, simd, strict=True)
    ]
    return Schedule(network.digest, device.name, with_banks(layers))


def _timed(name: str, network: Network, schedule: Schedule, repeats: int) -> Timed:
    device = device_named(schedule.device)
    accelerators = [Accelerator(network, schedule) for _ in range(repeats + 1)]
    first, *others = [_milliseconds(partial(estimate, each, device)) for each in accelerators]
    carries = [_milliseconds(partial(carry_cells, each, device)) for each in accelerators]
    return Timed(name, first, median(others), median(carries), _milliseconds(partial(_pack, accelerators[0])))


def _milliseconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - start)


def _pack(accelerator: Accelerator) -> list[Rom]:
    """The words of every memory."""
    design = accelerator.design
    if isinstance(design, Engine):
        return [*design.weight_roms, design.row_rom, design.program_rom]
    folded = [unit for unit in design.units if not isinstance(unit, UnrolledLayer)]
    return [rom for unit in folded for part in unit.parts for rom in part.bank]


def main(
    seed: Annotated[int, typer.Option(help="Of the random network.")] = 1,
    repeats: Annotated[int, typer.Option(help="Estimates of each design.")] = 30,
) -> None:
    """Time the estimates."""
    table = Table(
        "design", "first, ms", "an estimate, ms", "carries, ms", "packing, ms", f"goal: at most {GOAL_MS} ms"
    )
    for timed in measure(seed, repeats):
        figures = (f"{ms:.2f}" for ms in (timed.first_ms, timed.estimate_ms, timed.carries_ms, timed.packing_ms))
        table.add_row(
            timed.name, *figures, "met" if timed.estimate_ms + timed.carries_ms <= GOAL_MS else "[red]missed[/]"
        )
    Console(width=150).print(table)


if __name__ == "__main__":
    typer.run(main)
