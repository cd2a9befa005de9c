"""Coefficients of the power model: fitted from the rows in the repository, and held against designs not seen."""

from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from flows.calibrate.power.__main__ import app
from flows.calibrate.power.designs import Design, build
from flows.calibrate.power.fit import (
    CORE_VOLTS,
    WIRE_CHANGE_PICOJOULES,
    checked,
    fit,
    fit_pll,
    leave_one_out,
    leave_one_out_pll,
)
from flows.calibrate.power.rows import COUNTED, Use, read_counted, read_published, write_counted
from flows.calibrate.power.wires import MULTIPLIER, route
from hw.estimate.power.coefficients import UP5K
from hw.simulate.mapped import Toggles

PUBLISHED, BUILT = read_published(), read_counted()
FITTED, WITH_PLL = ([row for row in PUBLISHED if row.use is use] for use in (Use.FIT, Use.PLL))


def test_every_row_left_out_is_named_with_a_reason():
    left_out = {row.name: row.note for row in PUBLISHED if row.use is Use.LEFT_OUT}
    assert {"unconfigured", "held in reset", "8x8 multiplier in a DSP block"} <= set(left_out)
    assert all(left_out.values())
    assert len(FITTED) == 12


def test_a_design_that_the_fit_has_not_seen_is_told_within_15_percent():
    held = leave_one_out(FITTED, BUILT)
    assert [row.name for row in held] == [row.name for row in FITTED]
    assert max(abs(row.error) for row in held) < 0.12


def test_without_the_energy_of_wires_the_multiplier_cannot_be_told():
    """It is the only design whose logic changes: the error is then nearly all of what its logic takes."""
    held = {row.name: row.error for row in leave_one_out(FITTED, BUILT, prior=False)}
    assert held.pop("8x8 multiplier in LUTs") < -0.3
    assert max(map(abs, held.values())) < 0.10


def test_the_fit_sees_the_rows():
    """A current twice as large moves its row's prediction, and not only its own."""
    doubled = [replace(row, core_ua=2 * row.core_ua) if row.clock_mhz else row for row in FITTED]
    assert fit(doubled, BUILT).tree > 1.9 * fit(FITTED, BUILT).tree


def test_the_coefficients_in_use_are_those_of_the_fit():
    core, settled = fit(FITTED, BUILT), fit(FITTED, BUILT, glitches=False)
    for used, fitted in (
        (UP5K.oscillator_microwatts, core.oscillator),
        (UP5K.clock_picojoules, core.tree),
        (UP5K.register_picojoules, core.register),
        (UP5K.change_picojoules, core.change),
        (UP5K.settled_change_picojoules, settled.change),
        (UP5K.wire_change_picojoules, WIRE_CHANGE_PICOJOULES / CORE_VOLTS),
    ):
        assert used == pytest.approx(fitted * CORE_VOLTS, rel=0.003)
    assert UP5K.static_microwatts.low < core.static * CORE_VOLTS < UP5K.static_microwatts.high


def test_the_pll_is_told_by_itself():
    core = fit(FITTED, BUILT)
    held = leave_one_out_pll(WITH_PLL, BUILT, core)
    assert len(held) == 6
    assert max(abs(row.error) for row in held) < 0.07
    assert fit_pll(WITH_PLL, BUILT, core).supply == pytest.approx(0.136, rel=0.01)


def test_a_row_that_no_fit_sees_is_told():
    (row,) = checked(PUBLISHED, BUILT, fit(FITTED, BUILT))
    assert abs(row.error) < 0.01


def test_logic_cells_are_those_of_one_wide_counter_not_of_several():
    """The published counts grow by 28 cells for each 28 bits, as ours do; counters apart take 29 or 30."""
    wide = [row for row in FITTED if row.design and not row.design.multiply and row.clock_mhz == 12]
    assert {BUILT[row.design].logic_cells - row.logic_cells for row in wide} == {1}
    for count in (2, 4, 8):
        assert BUILT[Design(28, separate=count)].logic_cells >= BUILT[Design(28)].logic_cells + 29 * (count - 1)


def test_a_counter_changes_twice_a_clock_however_wide():
    for design in (Design(24), Design(28), Design(224)):
        toggles = BUILT[design].toggles
        assert toggles.registers == 2 * toggles.clocks - 1
        assert toggles.luts == 0


def test_counts_are_written_as_they_are_read(tmp_path):
    write_counted(BUILT, tmp_path / "counted.csv")
    assert (tmp_path / "counted.csv").read_bytes() == COUNTED.read_bytes()


def test_the_command_tells_the_error_and_draws(tmp_path):
    result = CliRunner().invoke(app, ["--out", str(tmp_path)])
    assert result.exit_code == 0, result.output
    assert "leave-one-out error: 11.0 %" in result.output
    assert (tmp_path / "power.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.synth
def test_the_multiplier_routed_anew_has_the_wires_that_are_kept(tmp_path):
    assert route(Design(24, multiply=True), tmp_path) == MULTIPLIER


@pytest.mark.synth
@pytest.mark.parametrize("design", [Design(28), Design(28, separate=2), Design(24, multiply=True)])
def test_designs_built_anew_give_the_counts_that_are_kept(design, tmp_path):
    built = build(design, 1024, Path(tmp_path))
    assert built == BUILT[design]
    assert isinstance(built.toggles, Toggles)
