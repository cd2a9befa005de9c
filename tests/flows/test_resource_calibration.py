"""Estimated lookup tables, flip-flops and block memories beside what synthesis made of the same designs."""

import json

import numpy as np
import pytest

from flows.calibrate import fit_resources
from flows.calibrate.components import COMPONENTS, ComponentRecord
from flows.calibrate.draw import DEVICES
from flows.calibrate.measure import component_task, measure_missing
from flows.calibrate.rows import ComponentRow, Table, component_table
from hw.components.argmax import ArgMax
from hw.components.buffer import StreamBuffer
from hw.components.matvec import MatrixVectorUnit
from hw.components.replay import VectorReplay
from hw.components.table import TableLookup
from hw.components.threshold import MultiThreshold
from hw.components.width import WidthConverter
from hw.devices import device_named
from hw.estimate.coefficients import FILE
from hw.estimate.parts.argmax import argmax_resources
from hw.estimate.parts.buffer import buffer_resources
from hw.estimate.parts.converter import converter_resources
from hw.estimate.parts.matvec import matvec_resources
from hw.estimate.parts.replay import replay_resources
from hw.estimate.parts.table import table_resources
from hw.estimate.parts.thresholds import threshold_resources

ESTIMATES = {
    ArgMax: argmax_resources,
    MatrixVectorUnit: matvec_resources,
    MultiThreshold: threshold_resources,
    StreamBuffer: buffer_resources,
    TableLookup: table_resources,
    VectorReplay: replay_resources,
    WidthConverter: converter_resources,
}


@pytest.mark.parametrize("device", DEVICES)
def test_a_component_survives_as_text_and_is_measured_for_every_device(device, tmp_path):
    rows = {row.key: row for row in component_table(device).read()}
    assert rows.keys() == {record.key for record in COMPONENTS}
    table = Table(tmp_path / "rows.csv", ComponentRow)
    table.write(list(rows.values()))
    assert {row.key: row for row in table.read()} == rows


@pytest.mark.parametrize("device", DEVICES)
def test_registers_of_folded_parts_are_counted_one_by_one(device):
    rows = [(row, row.record.component) for row in component_table(device).read()]
    for row, component in ((row, component) for row, component in rows if type(component) in ESTIMATES):
        estimated = ESTIMATES[type(component)](component, device_named(device))
        assert (estimated.flip_flops, estimated.block_rams) == (row.flip_flops, row.block_rams), row.record


def test_a_fit_finds_what_features_take(tmp_path, monkeypatch):
    """Rows that are sums of known coefficients, of one kind of component."""
    known = {"widen": 3.0, "widen_count": 2.0}
    sizes = [{"element_bits": 1, "lanes_in": 1, "lanes_out": lanes} for lanes in (2, 4, 16, 256)]
    records = [ComponentRecord("converter", each) for each in sizes]
    parts = [fit_resources.measured([each.component], device_named("up5k"), luts=0) for each in records]
    rows = [
        ComponentRow(each, "", "", round(sum(known[name] * n for name, n in part.features.items())), 0, 0)
        for each, part in zip(records, parts, strict=True)
    ]
    component_table("up5k", tmp_path).write(rows)
    found = fit_resources.fit_device("up5k", tmp_path)["luts"]
    assert found == pytest.approx(known, abs=0.3)


def test_a_feature_that_no_row_has_stays_at_what_it_usually_takes():
    matrix, luts = np.array([[1.0, 0.0], [2.0, 0.0], [5.0, 0.0]]), np.array([3.0, 6.0, 15.0])
    found = fit_resources._non_negative(matrix, luts, usual=np.array([3.0, 1.5]))
    assert found == pytest.approx([3.0, 1.5])


def test_the_stored_coefficients_are_what_the_fit_makes_of_the_stored_rows():
    stored = json.loads(FILE.read_text())["families"]
    for family, fitted in fit_resources.fit()["families"].items():
        assert fitted["luts"] == pytest.approx(stored[family]["luts"], abs=0.01)
        assert fitted | {"luts": None} == stored[family] | {"luts": None}


@pytest.mark.synth
@pytest.mark.parametrize("device", DEVICES)
def test_a_stored_component_is_what_the_tools_say_today(tmp_path, device):
    stored = {row.key: row for row in component_table(device).read()}
    table = Table(tmp_path / "rows.csv", ComponentRow)
    tasks = [component_task(each, device_named(device)) for each in COMPONENTS[::16]]
    measure_missing(table, tasks, 1, lambda *_: None)
    for row in table.read():
        assert row == stored[row.key]
