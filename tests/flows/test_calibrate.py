"""Calibration: drawing, measuring only what is missing, and the figures of a validation."""

from dataclasses import replace

import pytest

from flows.calibrate.draw import COUNTS, DEVICES, Kind, Purpose, draw, drawn
from flows.calibrate.measure import Task, measure_missing, synthesis_task
from flows.calibrate.record import DesignRecord, LayerRecord, accelerator_of
from flows.calibrate.rows import SynthesisRow, Table, synthesis_table
from flows.calibrate.validate import Errors, Pair, lines_of, plot
from hw.tools.run import ToolError

SMALL = DesignRecord("up5k", 1, 6, "INT4", (LayerRecord(8, 2, 3), LayerRecord(2)))


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("kind", list(Kind))
def test_a_draw_is_the_same_each_time_and_survives_as_text(device, kind):
    record = draw(Purpose.TRAIN, device, kind, 0)
    again = draw(Purpose.TRAIN, device, kind, 0)
    assert DesignRecord.from_json(record.to_json()) == record == again
    one, other = accelerator_of(record), accelerator_of(again)
    assert one.network.digest == other.network.digest
    assert one.schedule == other.schedule


@pytest.mark.parametrize("device", DEVICES)
def test_designs_that_judge_a_fit_are_none_that_it_saw(device):
    designs = {purpose: {design.record.digest for design in drawn(purpose, device)} for purpose in Purpose}
    assert not designs[Purpose.TRAIN] & designs[Purpose.VALIDATION]
    assert {purpose: len(found) for purpose, found in designs.items()} == {p: sum(COUNTS[p]) for p in Purpose}
    assert len(designs[Purpose.VALIDATION]) >= 60


def test_the_first_designs_of_a_set_are_of_every_kind():
    assert {design.kind for design in drawn(Purpose.VALIDATION, "up5k")[:15]} == set(Kind)


class Tools:
    """Stands in the place of the tools, and counts how often it is asked."""

    def __init__(self, fails_at=None):
        self.asked, self._fails_at = [], fails_at

    def task(self, seed, rtlil="module", tools="yosys 1"):
        def measure(text, digest):
            self.asked.append(seed)
            if seed == self._fails_at:
                raise ToolError("broken off")
            cells = {"layer0": {"SB_LUT4": 10 + seed, "SB_DFFE": 3}, "": {"SB_LUT4": 1}}
            return SynthesisRow(Kind.FOLDED, replace(SMALL, seed=seed), digest, tools, cells)

        return Task(replace(SMALL, seed=seed).digest, lambda: rtlil, tools, measure)


def measured(table, tasks):
    return measure_missing(table, tasks, 1, lambda done, total: None)


def test_a_second_run_measures_nothing_and_changes_no_byte(tmp_path):
    table, tools = Table(tmp_path / "rows.csv", SynthesisRow), Tools()
    assert measured(table, [tools.task(seed) for seed in (2, 1, 3)]) == 3
    before = table.path.read_bytes()
    assert measured(table, [tools.task(seed) for seed in (3, 2, 1)]) == 0
    assert table.path.read_bytes() == before
    assert tools.asked == [2, 1, 3]


def test_rows_are_read_as_they_were_measured(tmp_path):
    table = Table(tmp_path / "rows.csv", SynthesisRow)
    measured(table, [Tools().task(5)])
    (row,) = table.read()
    assert row.record == replace(SMALL, seed=5)
    assert (row.parts["layer0"].luts, row.total.luts, row.total.flip_flops) == (15, 16, 3)


def test_a_run_that_broke_off_goes_on_where_it_was(tmp_path):
    table, tools = Table(tmp_path / "rows.csv", SynthesisRow), Tools(fails_at=2)
    with pytest.raises(ToolError):
        measured(table, [tools.task(seed) for seed in (1, 2)])
    assert measured(table, [Tools().task(seed) for seed in (1, 2)]) == 1


@pytest.mark.parametrize("changed", [{"rtlil": "another module"}, {"tools": "yosys 2"}])
def test_what_has_changed_is_measured_again(tmp_path, changed):
    table, tools = Table(tmp_path / "rows.csv", SynthesisRow), Tools()
    measured(table, [tools.task(seed) for seed in (1, 2)])
    assert measured(table, [tools.task(1), tools.task(2, **changed)]) == 1
    assert tools.asked == [1, 2, 2]


def test_rows_of_designs_that_are_no_longer_drawn_are_dropped(tmp_path):
    table, tools = Table(tmp_path / "rows.csv", SynthesisRow), Tools()
    measured(table, [tools.task(seed) for seed in (1, 2)])
    measured(table, [tools.task(1)])
    assert [row.record.seed for row in table.read()] == [1]


def test_errors_are_told_as_fractions_of_what_was_measured(tmp_path):
    pairs = [Pair("folded", 110, 100), Pair("folded", 100, 100), Pair("engine", None, 50)]
    assert Errors.of(pairs) == Errors(2, 5.0, pytest.approx(9.5), 10.0, exact=1, unknown=1)
    assert Errors.of(pairs[2:]) is None
    assert lines_of("up5k", "LUT", pairs)[0] == ("up5k", "LUT", "all", "2", "5.0", "9.5", "10.0", "1", "1")
    plot({"up5k": {"LUT": pairs}}, tmp_path / "scatter.png")
    assert (tmp_path / "scatter.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.synth
@pytest.mark.parametrize("device", DEVICES)
def test_a_stored_row_is_what_the_tools_say_today(tmp_path, device):
    stored = {row.key: row for row in synthesis_table(Purpose.VALIDATION, device).read()}
    table = Table(tmp_path / "rows.csv", SynthesisRow)
    measured(table, [synthesis_task(design) for design in drawn(Purpose.VALIDATION, device)[:2]])
    for row in table.read():
        assert row == stored[row.key]
