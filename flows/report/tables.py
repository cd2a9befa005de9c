"""The report as headlines and tables of text: wording once, for every way of showing it."""

from collections.abc import Iterator

from flows.report.model import Report
from flows.report.sections.foldings import front_table
from flows.report.sections.gateware import (
    exactness_headline,
    latency_headline,
    layer_table,
    reference_table,
    simulation_table,
)
from flows.report.sections.power import power_headline, power_table
from flows.report.sections.recording import accuracy_headline, accuracy_table, recording_tables, unit_table
from flows.report.sections.resources import (
    clock_headline,
    part_resource_tables,
    placed_tables,
    resource_headlines,
    resource_table,
)
from flows.report.sections.run import run_tables
from flows.report.sections.sortings import sorted_headline, sorted_table, withheld_table
from flows.report.sections.upsets import upset_tables
from flows.report.sections.working_points import published_table, working_point_headline, working_point_tables
from flows.report.table import Headline, Table


def headlines(report: Report) -> tuple[Headline, ...]:
    """The few figures that sum the run up."""
    return (
        *accuracy_headline(report.accuracy, report.recording),
        *sorted_headline(report.sorted_units),
        *exactness_headline(report.simulations),
        *latency_headline(report.simulations),
        *resource_headlines(report.resources),
        *clock_headline(report.placed),
        *power_headline(report.power),
        *working_point_headline(report.working_points),
    )


def tables(report: Report) -> tuple[Table, ...]:
    """Every section that the run has something to say on, in reading order."""
    sections: tuple[Iterator[Table], ...] = (
        recording_tables(report.recording),
        accuracy_table(report.accuracy),
        unit_table(report),
        sorted_table(report.sorted_units),
        withheld_table(report.withheld),
        layer_table(report),
        reference_table(report.reference_check),
        simulation_table(report.simulations),
        resource_table(report.resources),
        part_resource_tables(report.part_resources),
        placed_tables(report.placed),
        power_table(report.power),
        front_table(report.front),
        working_point_tables(report.working_points),
        published_table(report.published_sorters, report.working_points),
        upset_tables(report.upsets),
        run_tables(report),
    )
    return tuple(table for section in sections for table in section)
