"""Estimates of today beside the syntheses that are stored: memories exact, the rest as near as it is told to be."""

import numpy as np
import pytest

from flows.calibrate.draw import DEVICES, Purpose
from flows.calibrate.judge import resource_pairs
from flows.calibrate.rows import component_table, synthesis_table
from flows.calibrate.validate import Errors
from hw.components.engine.engine import Engine
from hw.components.inflight import InFlight
from hw.components.loader import WeightLoader
from hw.components.unrolled.argmax import ParallelArgMax
from hw.components.unrolled.layer import UnrolledLayer
from hw.devices import device_named
from hw.estimate.engine import engine_resources
from hw.estimate.parts.argmax import argmax_resources
from hw.estimate.resources import Resources
from hw.estimate.unrolled import parallel_argmax_resources, unrolled_resources
from hw.estimate.weights import in_flight_resources, loader_resources


@pytest.mark.parametrize("device", DEVICES)
def test_designs_that_no_fit_has_seen(device):
    rows = synthesis_table(Purpose.VALIDATION, device).read()
    errors = {figure: Errors.of(pairs) for figure, pairs in resource_pairs(rows).items()}
    assert len(rows) >= 60
    assert errors["LUT"].median <= 5 and errors["LUT"].percentile_95 <= 15
    assert errors["FF"].median <= 1 and errors["FF"].percentile_95 <= 5
    assert errors["block RAM"].exact == len(rows)
    assert errors["carry"].median <= 2 and errors["carry"].percentile_95 <= 10


def estimated(component, device):
    """What the estimate says of a component by itself."""
    match component:
        case Engine():
            return engine_resources(component, device) + argmax_resources(component.argmax, device)
        case ParallelArgMax():
            return parallel_argmax_resources(component, device)
        case UnrolledLayer():
            return unrolled_resources(component, device)
        case InFlight():
            return in_flight_resources(component, device)
        case WeightLoader():
            # Without the choice of the byte that is written, which is made at the memories.
            row_bytes = sum(row_bytes for _, row_bytes in component.memories)
            return loader_resources(component, device) + Resources(luts=-row_bytes)
    raise AssertionError(f"no estimate of {component} by itself")


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("kind", ["engine", "unrolled", "parallel", "loader", "notes"])
def test_components_by_themselves(device, kind):
    rows = [row for row in component_table(device).read() if row.record.kind == kind]
    assert rows
    found = [(row, estimated(row.record.component, device_named(device))) for row in rows]
    for row, ours in found:
        assert ours.block_rams == row.block_rams, row.record
        assert abs(ours.flip_flops - row.flip_flops) <= 0.1 * row.flip_flops, row.record
    assert float(np.median([abs(ours.luts - row.luts) / row.luts for row, ours in found])) <= 0.1
