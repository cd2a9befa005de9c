"""Parts by themselves, synthesised: what a feature costs is seen best where it is alone."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from flows.bench.networks import random_network
from flows.digests import digest_of_json
from hw.components.argmax import ArgMax
from hw.components.buffer import StreamBuffer
from hw.components.engine.engine import Engine
from hw.components.inflight import InFlight
from hw.components.loader import WeightLoader
from hw.components.matvec import MatrixVectorUnit
from hw.components.replay import VectorReplay
from hw.components.rom import Storage
from hw.components.table import TableLookup
from hw.components.threshold import MultiThreshold
from hw.components.unrolled.argmax import ParallelArgMax
from hw.components.unrolled.layer import UnrolledLayer
from hw.components.width import WidthConverter
from hw.network.types import InputTable, IntegerFormat

Component = (
    ArgMax
    | Engine
    | InFlight
    | MatrixVectorUnit
    | MultiThreshold
    | ParallelArgMax
    | StreamBuffer
    | TableLookup
    | UnrolledLayer
    | VectorReplay
    | WeightLoader
    | WidthConverter
)

_NAME = "component"


@dataclass(frozen=True)
class ComponentRecord:
    """A component by its kind and its sizes, from which it can be built again.

    Attributes:
        kind: one of `_BUILD`.
        sizes: arguments of what builds it.
    """

    kind: str
    sizes: Mapping[str, Any]

    @property
    def key(self) -> str:
        """The kind, and a digest of the sizes."""
        return f"{self.kind} {digest_of_json(dict(self.sizes))[:16]}"

    @property
    def component(self) -> Component:
        """The component's spec."""
        return _BUILD[self.kind](**self.sizes)


def _products(
    element: str,
    rows: int,
    columns: int,
    pe: int,
    simd: int,
    weights: str,
    bias: str,
    signs: bool,
    shift: int,
    seed: int = 0,
) -> MatrixVectorUnit:
    rng, values = np.random.default_rng(seed), IntegerFormat.from_name(element)
    greatest = columns if values.bipolar else columns * max(-values.minimum, values.maximum)
    share = 0.3 * rng.uniform(-1, 1, rows)
    constants = np.rint(-greatest / 2 * (1 + share) if values.bipolar else greatest * share).astype(np.int64)
    matrix = rng.random((rows, columns)) < 0.5
    storages = Storage(weights), Storage(bias)
    return MatrixVectorUnit(_NAME, values, matrix, constants, shift, signs, pe, simd, *storages)


def _banks(rows: int, columns: int, pe: int, simd: int, banks: int) -> MatrixVectorUnit:
    folding = pe, simd, "block", "block"
    several = [_products("BIPOLAR", rows, columns, *folding, True, 0, seed) for seed in range(banks)]
    constants = [int(bound) for unit in several for bound in (unit.bias.min(), unit.bias.max())]
    alike = [replace(unit, bias_bounds=(min(constants), max(constants))) for unit in several]
    return replace(alike[0], further=tuple(alike[1:]))


def _thresholds(total_bits: int, output: str, rows: int, pe: int) -> MultiThreshold:
    rng, values = np.random.default_rng(0), IntegerFormat.from_name(output)
    levels = np.sort(rng.integers(0, 1 << (total_bits - 2), (rows, values.n_values - 2)), axis=1)
    return MultiThreshold(_NAME, IntegerFormat(total_bits, signed=True), levels, values, values.minimum, pe)


def _winner(classes: int, score_bits: int, margin: int, margin_port: bool) -> ArgMax:
    return ArgMax(classes, IntegerFormat(score_bits, signed=True), margin, margin_port)


def _table(source: str, output: str, lanes: int) -> TableLookup:
    values, elements = IntegerFormat.from_name(source), IntegerFormat.from_name(output)
    codes = np.sort(np.random.default_rng(0).integers(0, elements.n_values, values.n_values))
    return TableLookup(InputTable(values, elements.minimum + elements.step * codes, elements), lanes)


def _parallel(classes: int, score_bits: int, margin: int, margin_port: bool) -> ParallelArgMax:
    return ParallelArgMax(classes, IntegerFormat(score_bits, signed=True), margin, margin_port)


def _unrolled(
    element: str, rows: int, columns: int, scores: bool, lut_inputs: int, levels: int, seed: int
) -> UnrolledLayer:
    values, hidden = IntegerFormat.from_name(element), () if scores else (rows,)
    network = random_network(seed, columns, hidden, rows, values)
    return UnrolledLayer(network.layers[0], values, lut_inputs, levels)


def _engine(
    inputs: int, input_format: str, hidden: tuple[int, ...], units: int, lanes: int, counts: str, seed: int
) -> Engine:
    network = random_network(seed, inputs, tuple(hidden), units, IntegerFormat.from_name(input_format))
    return Engine(network, lanes, count_storage=Storage(counts))


def _loader(memories: tuple[tuple[int, int], ...], weight_sets: int) -> WeightLoader:
    return WeightLoader(tuple((rows, row_bytes) for rows, row_bytes in memories), weight_sets, start=77)


_BUILD: Mapping[str, Callable[..., Component]] = {
    "products": _products,
    "banks": _banks,
    "thresholds": _thresholds,
    "replay": VectorReplay,
    "converter": WidthConverter,
    "buffer": StreamBuffer,
    "table": _table,
    "winner": _winner,
    "parallel": _parallel,
    "unrolled": _unrolled,
    "engine": _engine,
    "loader": _loader,
    "notes": InFlight,
}


_SIZES: Mapping[str, tuple[tuple[str, ...], tuple[tuple[Any, ...], ...]]] = {
    "products": (
        ("element", "rows", "columns", "pe", "simd", "weights", "bias", "signs", "shift"),
        (
            ("BIPOLAR", 32, 64, 1, 8, "block", "block", True, 0),
            ("BIPOLAR", 32, 64, 4, 8, "block", "block", True, 0),
            ("BIPOLAR", 32, 64, 4, 16, "block", "block", True, 0),
            ("BIPOLAR", 32, 64, 8, 32, "block", "block", True, 0),
            ("BIPOLAR", 32, 64, 4, 4, "block", "block", True, 0),
            ("BIPOLAR", 32, 64, 4, 1, "block", "block", True, 0),
            ("BIPOLAR", 32, 64, 4, 2, "block", "block", True, 0),
            ("BIPOLAR", 32, 64, 4, 64, "block", "block", True, 0),
            ("BIPOLAR", 32, 60, 4, 12, "block", "block", True, 0),
            ("INT8", 32, 48, 4, 1, "block", "block", True, 0),
            ("INT8", 32, 48, 4, 2, "block", "block", True, 0),
            ("INT8", 32, 48, 4, 6, "block", "block", True, 0),
            ("INT8", 32, 48, 8, 12, "block", "block", True, 0),
            ("INT8", 32, 48, 1, 12, "block", "block", True, 0),
            ("INT8", 32, 48, 4, 48, "block", "block", True, 0),
            ("BIPOLAR", 5, 64, 1, 16, "block", "block", False, 1),
            ("BIPOLAR", 32, 64, 4, 8, "logic", "block", True, 0),
            ("BIPOLAR", 32, 64, 4, 8, "block", "logic", True, 0),
        ),
    ),
    "banks": (("rows", "columns", "pe", "simd", "banks"), ((32, 48, 2, 8, 2), (24, 60, 2, 6, 3))),
    "thresholds": (
        ("total_bits", "output", "rows", "pe"),
        ((8, "UINT2", 8, 2), (11, "UINT2", 12, 1), (9, "INT3", 8, 2)),
    ),
    "replay": (
        ("word_bits", "words", "repeats", "banks"),
        (
            (8, 6, 4, 1),
            (8, 16, 5, 1),
            (24, 6, 4, 1),
            (8, 6, 4, 2),
            (24, 6, 4, 2),
            (8, 40, 16, 2),
            (8, 2, 4, 2),
            (8, 3, 6, 2),
            (8, 4, 16, 2),
            (8, 1, 4, 1),
            (24, 1, 12, 2),
            (16, 2, 8, 1),
            (16, 3, 8, 1),
            (16, 4, 8, 1),
            (16, 24, 1, 2),
        ),
    ),
    "converter": (
        ("element_bits", "lanes_in", "lanes_out"),
        (
            (1, 1, 4),
            (1, 2, 16),
            (8, 1, 4),
            (8, 1, 6),
            (1, 4, 24),
            (1, 16, 2),
            (8, 4, 1),
            (8, 6, 1),
            (1, 32, 4),
            (1, 12, 1),
            (1, 3, 2),
            (4, 6, 4),
        ),
    ),
    "buffer": (("bits",), ((1,), (6,), (16,))),
    "table": (("source", "output", "lanes"), (("INT8", "UINT3", 1), ("INT8", "INT4", 1), ("INT8", "UINT3", 3))),
    "winner": (
        ("classes", "score_bits", "margin", "margin_port"),
        (
            (2, 6, 0, False),
            (3, 8, 0, False),
            (5, 8, 0, False),
            (8, 10, 0, False),
            (5, 14, 0, False),
            (5, 8, 2, False),
            (5, 14, 2, False),
            (5, 8, 0, True),
            (5, 14, 0, True),
        ),
    ),
    "parallel": (
        ("classes", "score_bits", "margin", "margin_port"),
        (
            (2, 8, 0, False),
            (5, 9, 0, False),
            (8, 14, 0, False),
            (4, 8, 2, False),
            (7, 12, 2, False),
            (3, 9, 0, True),
            (6, 11, 0, True),
        ),
    ),
    "loader": (
        ("memories", "weight_sets"),
        (
            (((4, 1),), 1),
            (((64, 6), (32, 2), (16, 9), (4, 5)), 2),
            (((100, 4), (20, 7)), 1),
            (((256, 12), (64, 2), (256, 4), (32, 3), (5, 1), (40, 2)), 4),
            (((12, 9), (7, 2), (30, 3)), 3),
        ),
    ),
    "notes": (
        ("word_bits", "words", "tag_bits", "readers", "capacity"),
        ((8, 6, 1, 2, 4), (16, 1, 2, 3, 2), (4, 12, 2, 4, 4), (8, 48, 3, 6, 8), (1, 24, 2, 3, 16)),
    ),
    "unrolled": (
        ("element", "rows", "columns", "scores", "lut_inputs", "levels", "seed"),
        (
            ("BIPOLAR", 16, 16, False, 4, 1, 1),
            ("BIPOLAR", 8, 32, False, 4, 1, 2),
            ("BIPOLAR", 6, 48, False, 6, 2, 3),
            ("BIPOLAR", 6, 20, False, 6, 3, 4),
            ("BIPOLAR", 12, 12, False, 4, 3, 5),
            ("BIPOLAR", 8, 24, True, 6, 3, 6),
            ("BIPOLAR", 7, 32, True, 4, 1, 7),
            ("BIPOLAR", 5, 64, True, 6, 2, 8),
            ("UINT2", 12, 24, False, 4, 1, 9),
            ("UINT2", 4, 48, False, 6, 3, 10),
            ("UINT8", 4, 24, True, 4, 2, 11),
            ("INT8", 6, 16, True, 4, 2, 12),
            ("INT8", 16, 12, False, 6, 3, 13),
            ("INT4", 6, 12, True, 6, 1, 14),
            ("INT4", 6, 8, False, 4, 3, 15),
        ),
    ),
    "engine": (
        ("inputs", "input_format", "hidden", "units", "lanes", "counts", "seed"),
        (
            (12, "INT4", (128, 200), 3, 32, "logic", 1),
            (30, "INT8", (128,), 4, 32, "block", 2),
            (12, "UINT8", (32, 48, 128), 5, 8, "block", 3),
            (96, "INT4", (), 9, 32, "block", 4),
            (96, "BIPOLAR", (64,), 4, 32, "block", 5),
            (12, "INT8", (48, 64, 32), 6, 16, "block", 6),
            (30, "BIPOLAR", (128, 48), 2, 16, "logic", 7),
            (64, "UINT8", (64, 200), 2, 8, "logic", 8),
            (64, "BIPOLAR", (), 9, 32, "logic", 9),
            (16, "INT8", (128, 32), 6, 8, "block", 10),
            (96, "INT6", (128, 128), 5, 16, "logic", 11),
        ),
    ),
}
COMPONENTS = tuple(
    ComponentRecord(kind, dict(zip(names, sizes, strict=True)))
    for kind, (names, several) in _SIZES.items()
    for sizes in several
)
"""Every component that is measured: sizes that tell the features apart."""
