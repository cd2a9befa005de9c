"""Fits what synthesis spends on a unit of each feature, from components and training designs."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flows.calibrate.components import Component
from flows.calibrate.draw import DEVICES, Purpose
from flows.calibrate.record import DesignRecord, accelerator_of
from flows.calibrate.rows import DATA, component_table, synthesis_table
from flows.textfile import write_whole
from hw.components.argmax import ArgMax
from hw.components.buffer import StreamBuffer
from hw.components.engine.engine import Engine
from hw.components.inflight import InFlight
from hw.components.loader import WeightLoader
from hw.components.matvec import MatrixVectorUnit
from hw.components.mvtu import LayerUnit, MatrixVectorThresholdUnit
from hw.components.replay import VectorReplay
from hw.components.table import TableLookup
from hw.components.threshold import MultiThreshold
from hw.components.unrolled.argmax import ParallelArgMax
from hw.components.unrolled.layer import UnrolledLayer
from hw.components.width import WidthConverter
from hw.devices import Device, device_named
from hw.estimate.coefficients import FILE, Features
from hw.estimate.engine import engine_features, engine_memories
from hw.estimate.memory import MemoryShape, memory_resources
from hw.estimate.parts.argmax import argmax_features
from hw.estimate.parts.buffer import buffer_features
from hw.estimate.parts.converter import converter_features
from hw.estimate.parts.matvec import matvec_features, matvec_memories
from hw.estimate.parts.replay import replay_features
from hw.estimate.parts.table import table_features
from hw.estimate.parts.thresholds import level_memory, threshold_features
from hw.estimate.unrolled import parallel_argmax_features, unrolled_features
from hw.estimate.weights import in_flight_features, loader_features

# Lookup tables that a component is taken to have at the least, so that the smallest do not outweigh the others.
_LEAST_LUTS = 20
# A whole design counts for more than a component: its error is what the estimate is judged by.
_DESIGN_WEIGHT = 2.0
# What a feature usually takes, a lookup table if not told otherwise, and how firmly a coefficient that the rows say
# little of stays there: as if so large a share of the equations said so. Chosen by leaving out training designs.
_USUAL = {
    "added_position": 1.1,
    "apart": 0.4,
    "buffer": 4.0,
    "carried_position": 0.2,
    "compared_bit": 0.5,
    "counted_digit": 1.5,
    "counter_wrap": 0.3,
    "engine": 5.0,
    "engine_block": 0.5,
    "engine_carried_bit": 0.3,
    "engine_counted": 1.4,
    "engine_counter_bit": 1.4,
    "engine_input_bit": 0.7,
    "engine_joined_bit": 1.5,
    "engine_sum_bit": 1.8,
    "few_notes": 2.5,
    "held": 4.0,
    "limit_bit": 0.5,
    "loader": 60.0,
    "loader_bank": 4.0,
    "many_notes": 5.0,
    "margin_bit": 1.5,
    "margin_port_bit": 2.7,
    "match_group": 2.5,
    "match_pair": 2.0,
    "narrow": 2.0,
    "narrow_count": 2.5,
    "notes": 12.0,
    "notes_word_bit": 1.5,
    "one_bank": 3.0,
    "operand_pair": 0.5,
    "parallel": 2.5,
    "parallel_bit": 2.0,
    "parallel_comparison": 3.0,
    "parallel_near_bit": 2.0,
    "parallel_port_bit": 2.5,
    "passed_bit": 0.7,
    "score_bit": 1.6,
    "selected": 7.0,
    "sum_chain": 0.5,
    "table": 2.0,
    "three_added_bit": 0.3,
    "thresholds": 4.0,
    "two_bank_bit": 3.0,
    "two_banks": 15.0,
    "unit": 5.0,
    "unrolled": 2.0,
    "widen": 1.5,
    "widen_count": 1.8,
    "winner": 4.0,
    "winner_count": 2.0,
}
_FIRMNESS = 0.15
_SWEEPS = 3000


@dataclass(frozen=True)
class Measured:
    """A component or a whole design.

    Attributes:
        features: what it spends lookup tables on.
        memory_luts: what its memories take, which have a model of their own.
        luts: all that were measured.
    """

    features: Features
    memory_luts: int
    luts: int


def fit(folder: Path = DATA) -> dict[str, Any]:
    """Coefficients of every family, with their provenance, from the rows in a folder."""
    return {"families": {device_named(name).family: fit_device(name, folder) for name in DEVICES}}


def write(folder: Path = DATA) -> Path:
    """Fit, and replace the coefficients that the estimates read; the file that holds them."""
    write_whole(FILE, json.dumps(fit(folder), indent=1) + "\n")
    return FILE


def measured_components(device: str, folder: Path = DATA) -> list[Measured]:
    """The components of a device."""
    rows = component_table(device, folder).read()
    return [measured([row.record.component], device_named(device), row.luts) for row in rows]


def measured_designs(device: str, purpose: Purpose, folder: Path = DATA) -> list[Measured]:
    """The designs of a set."""
    rows = synthesis_table(purpose, device, folder).read()
    return [measured(_parts(row.record), device_named(device), row.total.luts) for row in rows]


def fit_device(device: str, folder: Path = DATA) -> dict[str, Any]:
    """Coefficients of one device's family."""
    components = measured_components(device, folder)
    designs = measured_designs(device, Purpose.TRAIN, folder)
    both = components + designs
    names = sorted({name for each in both for name in each.features})
    weights = np.array([1 / max(each.luts, _LEAST_LUTS) for each in both])
    weights[len(components) :] *= _DESIGN_WEIGHT
    matrix = np.array([[each.features.get(name, 0) for name in names] for each in both], float)
    luts = np.array([each.luts - each.memory_luts for each in both], float)
    usual = np.array([_USUAL.get(name, 1.0) for name in names])
    coefficients = _non_negative(weights[:, None] * matrix, weights * luts, usual)
    return {
        "device": device,
        "tools": sorted({row.tools for row in component_table(device, folder).read()}),
        "components": len(components),
        "designs": len(designs),
        "luts": {name: round(float(value), 3) for name, value in zip(names, coefficients, strict=True)},
    }


def _non_negative(
    matrix: NDArray[np.float64], wanted: NDArray[np.float64], usual: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Least squares without negative coefficients, by turns along each axis."""
    firmness = _FIRMNESS**2 * (matrix**2).sum(axis=0)
    square = matrix.T @ matrix + np.diag(firmness)
    toward = matrix.T @ wanted + firmness * usual
    found = usual.copy()
    for _ in range(_SWEEPS):
        for axis in np.flatnonzero(square.diagonal()):  # what no row has stays at what is usual
            found[axis] = max(0.0, found[axis] + (toward[axis] - square[axis] @ found) / square[axis, axis])
    return found


def _parts(record: DesignRecord) -> list[Component]:
    accelerator = accelerator_of(record)
    if accelerator.engine is not None:
        return [accelerator.engine]
    design = accelerator.pipeline
    assert design is not None, "what is no engine is a pipeline"
    front, buffers = [design.front] if design.front else [], [buffer for buffer in design.buffers if buffer]
    converters = [*design.converters, design.score_converter]
    changing = [design.weights.in_flight] if design.weights else []
    loading = [design.weights.loader] if design.weights and design.weights.loads else []
    units = [part for unit in design.units for part in _parts_of_unit(unit)]
    return [*front, *converters, *design.replays, *units, *buffers, design.argmax, *changing, *loading]


def _parts_of_unit(unit: LayerUnit | UnrolledLayer) -> list[MatrixVectorUnit | MultiThreshold | UnrolledLayer]:
    if isinstance(unit, MatrixVectorThresholdUnit):
        return [unit.products, unit.thresholds]
    return [unit]


def measured(parts: Iterable[Component], device: Device, luts: int) -> Measured:
    """Several parts together, of which so many lookup tables were measured."""
    features: Counter[str] = Counter()
    memory_luts = 0
    for part in parts:
        features.update(_features(part, device))
        memory_luts += _memory_luts(part, device)
    return Measured(features, memory_luts, luts)


def _memory_luts(part: Component, device: Device) -> int:
    if isinstance(part, Engine):
        return engine_memories(part, device).luts
    return sum(memory_resources(memory, device).luts for memory in _memories(part))


def _features(part: Component, device: Device) -> Features:
    if isinstance(part, VectorReplay):
        return replay_features(part, device)
    if isinstance(part, InFlight):
        return in_flight_features(part, device)
    if isinstance(part, Engine):
        return {**engine_features(part), **argmax_features(part.argmax)}
    return _FEATURES[type(part)](part)


_FEATURES: Mapping[type[Component], Callable[[Any], Features]] = {
    ArgMax: argmax_features,
    ParallelArgMax: parallel_argmax_features,
    UnrolledLayer: unrolled_features,
    WeightLoader: loader_features,
    MatrixVectorUnit: matvec_features,
    MultiThreshold: threshold_features,
    StreamBuffer: buffer_features,
    TableLookup: table_features,
    WidthConverter: converter_features,
}


def _memories(part: Component) -> list[MemoryShape]:
    if isinstance(part, MatrixVectorUnit):
        return matvec_memories(part)
    return [level_memory(part)] if isinstance(part, MultiThreshold) and part.levels.size else []
