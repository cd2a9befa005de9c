"""What each part of an accelerator computes when its memories hold other bits than they should.

Sums wrap, comparisons halve and tables are read just as in the circuit, so that the outputs are the circuit's for any
contents.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from hw.components.engine.engine import Engine
from hw.components.engine.layers import EngineLayer, offset_codes
from hw.components.matvec import MatrixVectorUnit
from hw.components.mvtu import MatrixVectorThresholdUnit
from hw.components.table import TableLookup
from hw.components.terms import COUNT, TABLE_PATTERNS
from hw.components.threshold import MultiThreshold
from hw.components.unrolled.layer import UnrolledLayer
from hw.faults.bits import Bits, bits_of, numbers, side_by_side, wrapped

WEIGHTS, COUNT_TABLES, THRESHOLDS, FURTHER_THRESHOLDS, OFFSETS, TABLE = (
    "weights",
    "count tables",
    "thresholds",
    "further thresholds",
    "offsets",
    "input table",
)
"""What a memory holds. A row's first threshold, or the offset of its score, is what its total begins with."""


class Stage(Protocol):
    """A part with memories, and the outputs that it makes of its inputs."""

    @property
    def memories(self) -> Mapping[str, Bits]:
        """The bits of each memory, by what it holds."""

    def compute(self, values: NDArray[np.integer], faulty: Mapping[str, Bits]) -> NDArray[np.int64]:
        """Outputs `[n, rows]` for inputs `[n, columns]`; memories that are not in `faulty` are as they should be."""


@dataclass(frozen=True, eq=False)
class TableStage:
    """The input table; one memory, though a device may keep a copy for each lane."""

    lookup: TableLookup

    @cached_property
    def memories(self) -> Mapping[str, Bits]:
        """The bits of each memory, by what it holds."""
        rom = self.lookup.rom
        return {TABLE: bits_of(rom.rows, rom.width)}

    def compute(self, values: NDArray[np.integer], faulty: Mapping[str, Bits]) -> NDArray[np.int64]:
        """Elements of the values."""
        source, output = self.lookup.table.source, self.lookup.table.output
        codes = (values > 0).astype(np.int64) if source.bipolar else values & ((1 << source.bits) - 1)
        bits = faulty.get(TABLE, self.memories[TABLE])
        elements = numbers(bits, output.bits, output.signed and not output.bipolar)[:, 0]
        return (2 * elements - 1 if output.bipolar else elements)[codes]


@dataclass(frozen=True, eq=False)
class ProductStage:
    """A folded layer's weights and row constants: signs or totals."""

    unit: MatrixVectorUnit
    constants: str

    @cached_property
    def memories(self) -> Mapping[str, Bits]:
        """The bits of each memory, by what it holds."""
        n_weights, n_tables = len(self.unit.weight_roms), len(self.unit.count_roms)
        weights, tables = self.unit.bank[:n_weights], self.unit.bank[n_weights : n_weights + n_tables]
        counts = {COUNT_TABLES: np.concatenate([bits_of(rom.rows, rom.width) for rom in tables])} if tables else {}
        return {WEIGHTS: side_by_side(weights), **counts, self.constants: side_by_side(self.unit.bank[-1:])}

    def compute(self, values: NDArray[np.integer], faulty: Mapping[str, Bits]) -> NDArray[np.int64]:
        """Signs of the rows' totals where the unit gives these, else the totals."""
        totals, sign = self.totals(values, faulty), self.unit.sign
        return np.where(totals >= 0, sign.maximum, sign.minimum) if self.unit.emit_signs else totals

    def totals(self, values: NDArray[np.integer], faulty: Mapping[str, Bits]) -> NDArray[np.int64]:
        """The rows' totals."""
        unit = self.unit
        weights = self._weights(faulty[WEIGHTS]) if WEIGHTS in faulty else unit.weights
        constants = unit.row_constants
        if self.constants in faulty:
            constants = numbers(faulty[self.constants], unit.bias_bits, signed=True).reshape(-1)
        bias = constants + (unit.terms.excess(weights) << unit.shift)
        totals = replace(unit, weights=weights, bias=bias, emit_signs=False).compute(values)
        if COUNT_TABLES in faulty:
            totals += self._miscounts(values, faulty[COUNT_TABLES]) << unit.shift
        return wrapped(totals, unit.total_format.bits)

    def _weights(self, bits: Bits) -> NDArray[np.bool_]:
        unit = self.unit
        stored = bits.reshape(unit.depth, unit.pe, unit.terms.stored)
        return unit.from_words(unit.terms.decode(stored, unit.to_words(unit.weights)))

    def _miscounts(self, values: NDArray[np.integer], bits: Bits) -> NDArray[np.int64]:
        """What wrong counts add to every row, `[n, rows]`."""
        unit = self.unit
        wrong, right = (numbers(b, COUNT.bits, signed=False) for b in (bits, self.memories[COUNT_TABLES]))
        shape = (len(unit.count_roms), unit.row_groups, unit.column_groups, TABLE_PATTERNS, unit.pe)
        errors = (wrong - right).reshape(shape)
        added = np.zeros((len(values), unit.weights.shape[0]), np.int64)
        for table, row_group, column_group, pattern, lane in np.argwhere(errors):
            columns = column_group * unit.simd + np.array(unit.terms.table_columns[table])
            met = ((values[:, columns] > 0) << np.arange(len(columns))).sum(axis=1) == pattern
            added[met, row_group * unit.pe + lane] += errors[table, row_group, column_group, pattern, lane]
        return added


@dataclass(frozen=True, eq=False)
class LevelStage:
    """A folded layer of several thresholds a row."""

    products: ProductStage
    thresholds: MultiThreshold

    @cached_property
    def memories(self) -> Mapping[str, Bits]:
        """The bits of each memory, by what it holds."""
        levels = {FURTHER_THRESHOLDS: side_by_side(self.thresholds.bank)} if self.thresholds.levels.size else {}
        return {**self.products.memories, **levels}

    def compute(self, values: NDArray[np.integer], faulty: Mapping[str, Bits]) -> NDArray[np.int64]:
        """How many thresholds each row's total has passed, from the lowest output on."""
        levels = self.thresholds.levels
        if FURTHER_THRESHOLDS in faulty:
            stored = numbers(faulty[FURTHER_THRESHOLDS], self.thresholds.level_bits, signed=False)
            levels = stored.reshape(levels.shape)
        return self.thresholds.outputs(self.products.totals(values, faulty), levels)


@dataclass(frozen=True, eq=False)
class ConstantStage:
    """A layer whose weights are constants: in no memory."""

    layer: UnrolledLayer

    @property
    def memories(self) -> Mapping[str, Bits]:
        """The bits of each memory, by what it holds."""
        return {}

    def compute(self, values: NDArray[np.integer], faulty: Mapping[str, Bits]) -> NDArray[np.int64]:
        """Outputs of the layer, in which nothing can be faulty."""
        return self.layer.layer.compute(values).astype(np.int64)


@dataclass(frozen=True, eq=False)
class EngineStage:
    """A layer on the engine: its words of weights, those that fill up a row included, and its row constants.

    The engine's program and the marks of a layer's last row say what happens, not with which numbers: they are left
    out.
    """

    engine: Engine
    index: int

    @property
    def layer(self) -> EngineLayer:
        """The sums of the layer."""
        return self.engine.layers[self.index]

    @cached_property
    def memories(self) -> Mapping[str, Bits]:
        """The bits of each memory, by what it holds."""
        width, lanes = self.engine.total_bits, self.engine.lanes
        constants = [int(constant) & ((1 << width) - 1) for constant in self.layer.bias]
        return {WEIGHTS: bits_of(self.layer.words(lanes), lanes), self._constants: bits_of(constants, width)}

    @property
    def _constants(self) -> str:
        return OFFSETS if self.layer.is_head else THRESHOLDS

    def compute(self, values: NDArray[np.integer], faulty: Mapping[str, Bits]) -> NDArray[np.int64]:
        """Signs of the rows' totals, or the scores."""
        engine, layer = self.engine, self.layer
        weights, constants = ({**self.memories, **faulty}[name] for name in (WEIGHTS, self._constants))
        # Columns that fill up a row meet activations that stay 0.
        weights = weights.reshape(layer.rows, -1)
        codes = offset_codes(values, engine.network.format_into(self.index))
        codes = np.pad(codes, ((0, 0), (0, weights.shape[1] - layer.columns)))
        sums = replace(layer, weights=weights, bias=np.zeros_like(layer.bias)).compute(codes)
        starts = numbers(constants, engine.total_bits, signed=True)[:, 0]
        totals = wrapped((sums & ((1 << engine.sum_bits) - 1)) + starts, engine.total_bits)
        return wrapped(totals, engine.score_format.bits) if layer.is_head else np.where(totals >= 0, 1, -1)


def stage_of(unit: MatrixVectorUnit | MatrixVectorThresholdUnit | UnrolledLayer, is_head: bool) -> Stage:
    """The stage of a pipeline's layer."""
    if isinstance(unit, UnrolledLayer):
        return ConstantStage(unit)
    if isinstance(unit, MatrixVectorThresholdUnit):
        return LevelStage(ProductStage(unit.products, THRESHOLDS), unit.thresholds)
    return ProductStage(unit, OFFSETS if is_head else THRESHOLDS)
