"""The report as JSON for other programs; `schema.json` beside this file describes it."""

from dataclasses import asdict
from typing import Any

from flows.digests import canonical_json
from flows.report.comparison import Comparison
from flows.report.model import Power, Report, Resource, Simulation

SCHEMA = 2
COMPARISON_SCHEMA = 1


def report_json(report: Report) -> str:
    """Canonical JSON of the whole report, with the few values that follow from others beside them."""
    content = {
        **asdict(report),
        "program": "spikeloom",
        "schema": SCHEMA,
        "simulations": [_simulation(simulation) for simulation in report.simulations],
        "resources": [_resource(resource) for resource in report.resources],
        "part_resources": [_resource(resource) for resource in report.part_resources],
        "power": None if report.power is None else _power(report.power),
    }
    return canonical_json(content)


def comparison_json(comparison: Comparison) -> str:
    """Canonical JSON of two runs side by side."""
    pairs = [{**asdict(pair), "ratio": pair.ratio} for pair in comparison.pairs]
    content = {**asdict(comparison), "program": "spikeloom", "comparison_schema": COMPARISON_SCHEMA, "pairs": pairs}
    return canonical_json(content)


def _simulation(simulation: Simulation) -> dict[str, Any]:
    return {**asdict(simulation), "latency_us": simulation.latency_us}


def _resource(resource: Resource) -> dict[str, Any]:
    return {**asdict(resource), "difference": resource.difference}


def _power(power: Power) -> dict[str, Any]:
    low, high = power.known_low_high or (None, None)
    return {**asdict(power), "known_low": low, "known_high": high, "unknown_parts": power.unknown_parts}
