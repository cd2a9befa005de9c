"""The report's section on power: what each part of the design takes of the changes that were counted."""

import pytest

from flows.report.charts import charts
from flows.report.model import Report, Run
from flows.report.tables import tables
from flows.steps.power import power_section
from hw.devices import device_named
from hw.estimate.power.analytic import at_rest, estimated
from hw.estimate.power.coefficients import UP5K
from hw.estimate.power.working_point import Sorter
from hw.estimate.resources import Resources


@pytest.fixture
def power():
    resources = Resources(600, 400, 20)
    sorter = Sorter.of(700, 256, estimated(resources, 256, 700), at_rest(resources), UP5K)
    return power_section(device_named("up5k"), sorter, UP5K, 12.0, "8 spikes", [("h0", 300), ("h1", 100), ("-", 0)])


def test_parts_of_the_design_take_their_share_of_registers_and_logic(power):
    (whole,) = (part for part in power.parts if part.name == "registers and logic")
    assert [part.name for part in power.by_part] == ["h0", "h1"]
    for bound in ("low", "high"):
        first, second = (getattr(part, bound).value for part in power.by_part)
        assert first == pytest.approx(3 * second)
        assert first + second == pytest.approx(getattr(whole, bound).value)


def test_parts_of_the_design_are_no_part_of_the_total_once_more(power):
    total = sum(part.high.value for part in power.parts if part.high.value is not None)
    assert power.known_low_high[1] == pytest.approx(total)


def test_parts_of_the_design_have_bars_and_a_table(power):
    report = Report(Run("mine", {}, {}), power=power)
    (bars,) = (chart.bars for chart in charts(report) if chart.heading == "Power of registers and logic on up5k")
    assert [(bar.name, bar.high) for bar in bars] == [("h0", 1.0), ("h1", pytest.approx(1 / 3))]
    (table,) = (table for table in tables(report) if table.heading == "Power of registers and logic")
    assert [row[0].text for row in table.rows] == ["h0", "h1"]
