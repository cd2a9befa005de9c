"""Measured rows, kept as CSV: sorted by design, so that the same measurements give the same bytes."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Generic, Self, TypeVar

from flows.calibrate.components import ComponentRecord
from flows.calibrate.draw import Kind, Purpose
from flows.calibrate.record import DesignRecord
from flows.textfile import write_whole
from hw.devices import device_named
from hw.tools.yosys import CellCounts, count_cells

DATA = Path(__file__).with_name("data")


@dataclass(frozen=True)
class SynthesisRow:
    """What Yosys makes of a design.

    Attributes:
        kind: of the design.
        record: the design.
        netlist: digest of the emitted design, 16 hexadecimal digits.
        tools: version of Yosys.
        cells: for each part of the accelerator ("" for what belongs to none), how many cells of each type.
    """

    kind: Kind
    record: DesignRecord
    netlist: str
    tools: str
    cells: Mapping[str, Mapping[str, int]]

    @property
    def key(self) -> str:
        """The record's digest."""
        return self.record.digest

    @cached_property
    def parts(self) -> Mapping[str, CellCounts]:
        """Cells of each part, by their kinds."""
        device = device_named(self.record.device)
        return {part: count_cells(cells, device) for part, cells in self.cells.items()}

    @cached_property
    def total(self) -> CellCounts:
        """Of all parts together."""
        return sum(self.parts.values(), CellCounts())

    def to_text(self) -> Mapping[str, str]:
        """A text for each column; the counts stand there for a reader only."""
        return {
            "design": self.key,
            "kind": str(self.kind),
            "luts": str(self.total.luts),
            "flip_flops": str(self.total.flip_flops),
            "block_rams": str(self.total.block_rams),
            "netlist": self.netlist,
            "tools": self.tools,
            "record": self.record.to_json(),
            "cells": json.dumps(self.cells, sort_keys=True),
        }

    @classmethod
    def from_text(cls, text: Mapping[str, str]) -> Self:
        """The inverse of `to_text`."""
        record = DesignRecord.from_json(text["record"])
        return cls(Kind(text["kind"]), record, text["netlist"], text["tools"], json.loads(text["cells"]))


@dataclass(frozen=True)
class PlacementRow:
    """What nextpnr makes of a design behind few pins.

    Attributes:
        kind: of the design.
        record: the design.
        seed: of the placement.
        netlist: digest of the emitted design, 16 hexadecimal digits.
        tools: versions of Yosys and nextpnr.
        fmax_mhz: greatest frequency; None where the design was not placed.
        logic_ns: delay in cells of the critical path.
        routing_ns: delay in its wires.
        path: parts of the accelerator that the critical path passes, separated by spaces.
    """

    kind: Kind
    record: DesignRecord
    seed: int
    netlist: str
    tools: str
    fmax_mhz: float | None
    logic_ns: float | None
    routing_ns: float | None
    path: str

    @property
    def key(self) -> str:
        """The record's digest and the seed."""
        return f"{self.record.digest} {self.seed:02d}"

    def to_text(self) -> Mapping[str, str]:
        """A text for each column."""
        return {
            "design": self.record.digest,
            "seed": str(self.seed),
            "kind": str(self.kind),
            "fmax_mhz": _text(self.fmax_mhz),
            "logic_ns": _text(self.logic_ns),
            "routing_ns": _text(self.routing_ns),
            "netlist": self.netlist,
            "tools": self.tools,
            "path": self.path,
            "record": self.record.to_json(),
        }

    @classmethod
    def from_text(cls, text: Mapping[str, str]) -> Self:
        """The inverse of `to_text`."""
        return cls(
            Kind(text["kind"]),
            DesignRecord.from_json(text["record"]),
            int(text["seed"]),
            text["netlist"],
            text["tools"],
            _number(text["fmax_mhz"]),
            _number(text["logic_ns"]),
            _number(text["routing_ns"]),
            text["path"],
        )


@dataclass(frozen=True)
class ComponentRow:
    """What Yosys makes of a component.

    Attributes:
        record: the component.
        netlist: digest of the emitted component, 16 hexadecimal digits.
        tools: version of Yosys.
        luts: lookup tables.
        flip_flops: flip-flops.
        block_rams: block memories.
    """

    record: ComponentRecord
    netlist: str
    tools: str
    luts: int
    flip_flops: int
    block_rams: int

    @property
    def key(self) -> str:
        """The record's."""
        return self.record.key

    def to_text(self) -> Mapping[str, str]:
        """A text for each column."""
        counts = {name: str(getattr(self, name)) for name in ("luts", "flip_flops", "block_rams")}
        sizes = json.dumps(self.record.sizes, sort_keys=True)
        return {"kind": self.record.kind, **counts, "netlist": self.netlist, "tools": self.tools, "sizes": sizes}

    @classmethod
    def from_text(cls, text: Mapping[str, str]) -> Self:
        """The inverse of `to_text`."""
        counts = (int(text[name]) for name in ("luts", "flip_flops", "block_rams"))
        return cls(ComponentRecord(text["kind"], json.loads(text["sizes"])), text["netlist"], text["tools"], *counts)


AnyRow = TypeVar("AnyRow", ComponentRow, SynthesisRow, PlacementRow)


@dataclass(frozen=True)
class Table(Generic[AnyRow]):
    """A CSV file of rows of one kind; it need not exist yet."""

    path: Path
    row: type[AnyRow]

    def read(self) -> list[AnyRow]:
        """All rows, by key."""
        if not self.path.exists():
            return []
        with self.path.open(newline="") as file:
            return [self.row.from_text(text) for text in csv.DictReader(file)]

    def write(self, rows: Sequence[AnyRow]) -> None:
        """Replace the file, which is whole at any time; at least one row is wanted."""
        texts = [row.to_text() for row in sorted(rows, key=lambda row: row.key)]
        lines = io.StringIO()
        writer = csv.DictWriter(lines, list(texts[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(texts)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(self.path, lines.getvalue())


def component_table(device: str, folder: Path = DATA) -> Table[ComponentRow]:
    """The synthesised components of a device."""
    return Table(folder / f"{device}-components.csv", ComponentRow)


def synthesis_table(purpose: Purpose, device: str, folder: Path = DATA) -> Table[SynthesisRow]:
    """The synthesised designs of a set."""
    return Table(folder / f"{device}-{purpose}-synthesis.csv", SynthesisRow)


def placement_table(purpose: Purpose, device: str, folder: Path = DATA) -> Table[PlacementRow]:
    """The placed designs of a set."""
    return Table(folder / f"{device}-{purpose}-placement.csv", PlacementRow)


def _text(number: float | None) -> str:
    return "" if number is None else f"{number:.4f}"


def _number(text: str) -> float | None:
    return float(text) if text else None
