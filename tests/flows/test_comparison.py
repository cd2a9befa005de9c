import json
from dataclasses import replace

import pytest

from flows.report.comparison import NOT_TOLD, SAME, Pair, compare_reports, comparison_tables
from flows.report.figures import Figure
from flows.report.jsonfile import comparison_json
from flows.report.markdown import comparison_markdown
from flows.report.page import comparison_page
from tests.flows.doubles import whole_report


def faster(report):
    """The same run with a unit less of everything that is compared."""
    simulation = replace(report.simulations[0], latency_cycles_max=280, latency_cycles_min=280)
    resources = (replace(report.resources[0], synthesised=Figure(1478, "", "synthesised")), *report.resources[1:])
    return replace(
        report, run=replace(report.run, name="faster"), simulations=(simulation,), resources=resources, power=None
    )


def rows(first, second, heading):
    tables = {table.heading: table for table in comparison_tables(compare_reports(first, second))}
    return {row[0].text: [cell.text for cell in row[1:]] for row in tables[heading].rows}


def test_figures_of_both_runs_stand_side_by_side_with_their_ratio():
    report = whole_report()
    counted = rows(report, faster(report), "Resources")["up5k, LUT"]
    assert counted == ["2\u202f956", "1\u202f478", "0.5 ×", "synthesised"]
    assert rows(report, faster(report), "Resources")["up5k, FF"][2] == SAME
    assert rows(report, faster(report), "Gateware")["latency (Amaranth)"][:2] == ["561 clocks", "280 clocks"]


def test_what_was_placed_and_the_least_power_are_compared():
    report = whole_report()
    (point,) = report.working_points.rows
    worse = replace(point, clock="HFOSC 6 MHz, stops between spikes")
    other = replace(
        report,
        placed=replace(report.placed, fmax=Figure(15.6, "MHz", "placed and routed")),
        working_points=replace(report.working_points, rows=(replace(point, total=point.core), worse)),
    )
    placed = rows(report, other, "Placed and routed")
    assert placed["icebreaker, Fmax"] == ["31.2 MHz", "15.6 MHz", "0.5 ×", "placed and routed"]
    assert placed["icebreaker, ICESTORM_LC"][2] == SAME
    least = rows(report, other, "Least power")
    assert least["up5k, 16 x 50 spikes/s, low"][:3] == ["202 µW", "202 µW", SAME]
    assert least["up5k, 16 x 50 spikes/s, clock"][1] == point.clock
    unplaced = replace(report, placed=None, working_points=None)
    assert rows(report, unplaced, "Placed and routed")["icebreaker, Fmax"][1] == NOT_TOLD
    assert rows(unplaced, report, "Least power")["up5k, 16 x 50 spikes/s, high"][0] == NOT_TOLD


def test_what_one_run_does_not_tell_is_said_and_is_not_zero():
    report = whole_report()
    assert rows(report, faster(report), "Power")["static, low"][1:3] == [NOT_TOLD, ""]


def test_power_is_compared_part_by_part_of_the_design():
    told = rows(whole_report(), whole_report(), "Power")["registers and logic, layer 1, high"]
    assert told == ["0.018 mW", "0.018 mW", SAME, "simulated"]


def test_an_unknown_figure_stays_unknown():
    report = whole_report()
    assert rows(report, faster(report), "Resources")["xc7, LUT"][:3] == ["unknown", "unknown", ""]


@pytest.mark.parametrize(
    ("first", "second", "ratio"),
    [
        (Figure(2, "", "counted"), Figure(3, "", "counted"), 1.5),
        (Figure(0, "", "counted"), Figure(3, "", "counted"), None),
        (Figure(2, "ns", "counted"), Figure(3, "us", "counted"), None),
        (Figure(2, "", "counted"), Figure(None, "", "counted"), None),
        (Figure("2", "", "counted"), Figure(3, "", "counted"), None),
        (None, Figure(3, "", "counted"), None),
    ],
)
def test_a_ratio_is_told_of_known_numbers_of_one_unit_only(first, second, ratio):
    assert Pair("", "", first, second).ratio == ratio


def test_what_made_them_is_told_where_it_differs_only():
    report = whole_report()
    other = replace(report, run=replace(report.run, name="other", seeds={**report.run.seeds, "train.seed": 77}))
    assert list(rows(report, other, "What made them differ")) == ["train.seed"]
    headings = [table.heading for table in comparison_tables(compare_reports(report, report))]
    assert "What made them differ" not in headings


def test_runs_of_one_name_are_told_apart():
    compared = compare_reports(whole_report(), whole_report())
    assert compared.first != compared.second


def test_every_way_of_showing_it_says_the_same_and_escapes():
    report = whole_report()
    odd = replace(faster(report), run=replace(report.run, name="<b>_x_"))
    compared = compare_reports(report, odd)
    assert "<b>" not in comparison_page(compared)
    assert "<b>" not in comparison_markdown(compared).replace(r"\<b\>", "")
    content = json.loads(comparison_json(compared))
    (latency,) = (pair for pair in content["pairs"] if pair["name"] == "latency (Amaranth)")
    assert (latency["first"]["value"], latency["second"]["value"], latency["ratio"]) == (561, 280, 280 / 561)
    for heading in ("Accuracy", "Folding", "Gateware", "Resources of each layer"):
        assert heading in comparison_page(compared)
        assert heading in comparison_markdown(compared)
