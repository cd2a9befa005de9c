"""Calibration: drawing, measuring only what is missing, and the figures of a validation."""

from dataclasses import replace
from itertools import product

import pytest
from typer.testing import CliRunner

import flows.calibrate.__main__ as commands
from flows.calibrate.draw import COUNTS, DEVICES, Kind, Purpose, draw, drawn
from flows.calibrate.fit_timing import START, fit
from flows.calibrate.judge import fmax_pairs, spread_of_seeds
from flows.calibrate.measure import Task, count_missing, measure_missing, placement_tasks, synthesis_task
from flows.calibrate.record import DesignRecord, LayerRecord, accelerator_of
from flows.calibrate.rows import PlacementRow, SynthesisRow, Table, placement_table, synthesis_table
from flows.calibrate.validate import Errors, Pair, lines_of, plot
from hw.devices import device_named
from hw.estimate.accelerator import estimate
from hw.estimate.paths.design import paths_of
from hw.estimate.timing import longest_path
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
    tasks = [tools.task(1), tools.task(2, **changed)]
    assert count_missing(table, tasks) == 1
    assert measured(table, tasks) == 1
    assert count_missing(table, tasks) == 0
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


def test_the_spread_of_seeds_is_that_of_designs_placed_several_times():
    def row(seed, placement, mhz):
        return PlacementRow(Kind.FOLDED, replace(SMALL, seed=seed), placement, "", "", mhz, None, None, "")

    assert spread_of_seeds([row(1, 1, 30.0)]) is None
    rows = [row(1, 1, 30.0), row(1, 2, 33.0), row(1, 3, 27.0), row(2, 1, 50.0), row(2, 2, None)]
    assert spread_of_seeds(rows) == pytest.approx(0.2)


@pytest.mark.parametrize("device", START)
def test_clocks_of_designs_that_no_fit_has_seen_are_estimated_within_the_limit(device):
    """What is stored is judged, by the models as they are now; no tool runs."""
    errors = Errors.of(fmax_pairs(placement_table(Purpose.VALIDATION, device).read()))
    assert errors.n >= 20
    assert errors.unknown == 0
    assert errors.median <= 15


def test_stored_rows_are_of_designs_that_are_drawn():
    for device, purpose in product(DEVICES, Purpose):
        of_today = {design.record.digest for design in drawn(purpose, device)}
        stored = [*synthesis_table(purpose, device).read(), *placement_table(purpose, device).read()]
        assert {row.record.digest for row in stored} <= of_today


def test_a_fit_finds_the_delays_that_placements_were_made_of(tmp_path):
    """Placements that are no nextpnr's: those of a device of which all delays are known."""
    device, known = device_named("up5k"), replace(START["up5k"], hop=3.0, carry_bit=0.2)
    designs = [design for design in drawn(Purpose.TRAIN, "up5k")[:40] if design.kind is not Kind.WHOLE]

    def placed(design):
        accelerator = accelerator_of(design.record)
        resources = estimate(accelerator, device).total
        _, delay_ns = longest_path(paths_of(accelerator), resources.luts + resources.flip_flops, known)
        return PlacementRow(design.kind, design.record, 1, "", "nextpnr 1", 1000 / delay_ns, None, None, "")

    fitted = fit("up5k", [placed(design) for design in designs])
    assert fitted.delays.hop == pytest.approx(3.0, abs=0.15)
    assert fitted.delays.carry_bit == pytest.approx(0.2, abs=0.05)
    assert (fitted.low, fitted.high) == pytest.approx((1, 1), abs=0.03)
    assert fitted.designs == len(designs)


def test_without_a_command_all_of_it_runs_in_order(monkeypatch):
    ran = []
    for step in ("measure", "fit", "report"):
        monkeypatch.setattr(commands, step, lambda step=step: ran.append(step))
    assert CliRunner().invoke(commands.app, []).exit_code == 0
    assert ran == ["measure", "fit", "report"]


@pytest.mark.synth
@pytest.mark.parametrize("device", DEVICES)
def test_a_stored_row_is_what_the_tools_say_today(tmp_path, device):
    stored = {row.key: row for row in synthesis_table(Purpose.VALIDATION, device).read()}
    table = Table(tmp_path / "rows.csv", SynthesisRow)
    measured(table, [synthesis_task(design) for design in drawn(Purpose.VALIDATION, device)[:2]])
    for row in table.read():
        assert row == stored[row.key]


@pytest.mark.synth
@pytest.mark.parametrize("device", START)
def test_a_stored_placement_is_what_the_tools_say_today(tmp_path, device):
    stored = {row.key: row for row in placement_table(Purpose.VALIDATION, device).read()}
    table = Table(tmp_path / "rows.csv", PlacementRow)
    measured(table, placement_tasks(drawn(Purpose.VALIDATION, device)[:2], 1, 2))
    for row in table.read():
        assert row == stored[row.key]
