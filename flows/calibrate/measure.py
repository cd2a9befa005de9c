"""Measuring what has not been measured yet: designs through Yosys and nextpnr, a row for each."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Generic

from amaranth.back import rtlil

from flows.calibrate.components import ComponentRecord
from flows.calibrate.draw import Drawn
from flows.calibrate.record import accelerator_of
from flows.calibrate.rows import AnyRow, ComponentRow, PlacementRow, SynthesisRow, Table
from hw.devices import Device, device_named
from hw.netlist import TOP_NAME, emit, emit_behind_few_pins
from hw.tools import nextpnr, yosys
from hw.tools.run import ToolError

_COMPONENT = "component"

TARGET_MHZ = {"ice40": 60.0, "ecp5": 150.0}
"""What nextpnr works towards: more than all but the smallest designs reach."""


_INSIDE = "sorter.accelerator."
"""What the names of cells of the accelerator begin with, behind few pins."""


@dataclass(frozen=True)
class Task(Generic[AnyRow]):
    """A design that is to be measured.

    Attributes:
        key: of its row.
        rtlil: makes the text that the tools are given.
        tools: their versions.
        measure: makes the row, of that text and its digest.
    """

    key: str
    rtlil: Callable[[], str]
    tools: str
    measure: Callable[[str, str], AnyRow]


def measure_missing(
    table: Table[AnyRow],
    tasks: Sequence[Task[AnyRow]],
    jobs: int,
    done: Callable[[int, int], None],
    first: int | None = None,
) -> int:
    """Measure each task whose row is missing, or was measured on another netlist or by other tools.

    The file is written after every row, so that a run that was broken off goes on where it was.

    Args:
        table: where the rows are kept; those of no task are dropped.
        tasks: what the table shall hold.
        jobs: tools that run at once.
        done: told after each task how many there are of how many.
        first: how many of the tasks are looked at; None: all.

    Returns:
        How many tasks were measured.
    """
    keys = {task.key for task in tasks}
    rows = {row.key: row for row in table.read() if row.key in keys}
    now = tasks[:first]
    measured = 0
    with ThreadPoolExecutor(jobs) as pool:
        pending = [pool.submit(_row_of, task, rows.get(task.key)) for task in now]
        try:
            for count, future in enumerate(as_completed(pending), 1):
                row = future.result()
                measured += rows.get(row.key) is not row
                rows[row.key] = row
                table.write(list(rows.values()))
                done(count, len(now))
        finally:
            pool.shutdown(cancel_futures=True)
    return measured


def count_missing(table: Table[AnyRow], tasks: Sequence[Task[AnyRow]]) -> int:
    """How many tasks `measure_missing` would measure."""
    rows = {row.key: row for row in table.read()}
    return sum(not _is_of_today(rows.get(task.key), task, _digest(task.rtlil())) for task in tasks)


def _row_of(task: Task[AnyRow], known: AnyRow | None) -> AnyRow:
    rtlil = task.rtlil()
    digest = _digest(rtlil)
    if known is not None and _is_of_today(known, task, digest):
        return known
    return task.measure(rtlil, digest)


def _is_of_today(row: AnyRow | None, task: Task[AnyRow], digest: str) -> bool:
    return row is not None and (row.netlist, row.tools) == (digest, task.tools)


def _digest(rtlil: str) -> str:
    return hashlib.sha256(rtlil.encode()).hexdigest()[:16]


def component_task(record: ComponentRecord, device: Device) -> Task[ComponentRow]:
    """Cells of a component by itself."""
    tools = f"yosys {yosys.yosys_version()}"

    def measure(rtlil_text: str, digest: str) -> ComponentRow:
        with TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "component.il").write_text(rtlil_text)
            counts = yosys.synthesise("component.il", _COMPONENT, device, folder, "mapped.json")
        return ComponentRow(record, digest, tools, counts.luts, counts.flip_flops, counts.block_rams)

    return Task(
        record.key, lambda: rtlil.convert(record.component.circuit(), name=_COMPONENT, emit_src=False), tools, measure
    )


def synthesis_task(design: Drawn) -> Task[SynthesisRow]:
    """Cells of a design."""
    record, device = design.record, device_named(design.record.device)
    tools = f"yosys {yosys.yosys_version()}"

    def measure(rtlil: str, digest: str) -> SynthesisRow:
        with TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "top.il").write_text(rtlil)
            yosys.synthesise("top.il", TOP_NAME, device, folder, "mapped.json")
            parts = yosys.count_by_part(folder / "mapped.json", TOP_NAME, device)
        cells = {part: _without_notes(counts.cells) for part, counts in parts.items()}
        return SynthesisRow(design.kind, record, digest, tools, cells)

    return Task(record.digest, lambda: emit(accelerator_of(record)).rtlil, tools, measure)


def _without_notes(cells: Mapping[str, int]) -> dict[str, int]:
    """Without what Yosys counts as a cell and is none."""
    return {name: count for name, count in cells.items() if not name.startswith("$")}


def _parts_on(cells: Iterable[str]) -> str:
    """Parts of the accelerator in the order in which a path passes them; "pins" for registers around it."""
    names = ("/".join(cell.split(".")[2:-1]) if cell.startswith(_INSIDE) else "pins" for cell in cells)
    return " ".join(name or "top" for name, _ in groupby(names))


def placement_tasks(designs: Sequence[Drawn], several: int, seeds: int) -> list[Task[PlacementRow]]:
    """Each design once, then the first `several` of them with other seeds, `seeds` of them in all."""
    once = [_placement_task(design, 1) for design in designs]
    return once + [_placement_task(design, seed) for design in designs[:several] for seed in range(2, seeds + 1)]


def _placement_task(design: Drawn, seed: int) -> Task[PlacementRow]:
    record, device = design.record, device_named(design.record.device)
    tools = f"yosys {yosys.yosys_version()}, nextpnr {nextpnr.nextpnr_version(device)}"

    def measure(rtlil: str, digest: str) -> PlacementRow:
        with TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "pins.il").write_text(rtlil)
            yosys.synthesise("pins.il", TOP_NAME, device, folder, "pins.json")
            try:
                target_mhz = TARGET_MHZ[device.family]
                placed = nextpnr.place_and_route(
                    "pins.json", device, folder, seed=seed, target_mhz=target_mhz, must_meet=False
                )
            except ToolError:  # it does not fit, or was not routed
                return PlacementRow(design.kind, record, seed, digest, tools, None, None, None, "")
        path = min(placed.critical_paths, key=lambda path: placed.fmax_mhz.get(path.clock, float("inf")))
        return PlacementRow(
            *(design.kind, record, seed, digest, tools, placed.slowest_mhz),
            *(round(path.logic_ns, 4), round(path.routing_ns, 4), _parts_on(path.cells)),
        )

    return Task(f"{record.digest} {seed:02d}", lambda: emit_behind_few_pins(accelerator_of(record)), tools, measure)
