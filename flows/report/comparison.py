"""Two runs side by side: the figures that both tell, those that only one tells, and what made them differ."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from flows.report.figures import Figure, number
from flows.report.model import Accuracy, Report, Resource, Simulation
from flows.report.table import Cell, Column, Table

NOT_TOLD = "not in this run"
SAME = "the same"


@dataclass(frozen=True)
class Pair:
    """One figure of two runs.

    Attributes:
        section: heading that it stands below.
        name: what it is a figure of; unique within its section.
        first: of the first run; None where that run does not tell it.
        second: of the second run, likewise.
    """

    section: str
    name: str
    first: Figure | None
    second: Figure | None

    @property
    def ratio(self) -> float | None:
        """Second by first; None unless both are known numbers of the same unit and the first is not 0."""
        if self.first is None or self.second is None or self.first.unit != self.second.unit:
            return None
        before, after = self.first.value, self.second.value
        if isinstance(before, str) or isinstance(after, str) or not before or after is None:
            return None
        return after / before


@dataclass(frozen=True)
class Comparison:
    """Everything that two reports say of the same things; nothing is computed anew."""

    first: str
    second: str
    """Names of the runs."""
    pairs: tuple[Pair, ...]


def compare_reports(first: Report, second: Report) -> Comparison:
    """Join two reports by what their figures are figures of, in the order of the first."""
    pairs = []
    for section, figures_of in _SECTIONS.items():
        ours, theirs = dict(figures_of(first)), dict(figures_of(second))
        pairs += [Pair(section, name, ours.get(name), theirs.get(name)) for name in {**ours, **theirs}]
    return Comparison(*_names(first, second), tuple(pairs))


def comparison_tables(comparison: Comparison) -> tuple[Table, ...]:
    """A table a section; figures in which the runs agree are told as well, what made them only where it differs."""
    sections: dict[str, list[Pair]] = {}
    for pair in comparison.pairs:
        if pair.section != _MADE_BY or pair.first != pair.second:
            sections.setdefault(pair.section, []).append(pair)
    return tuple(_table(comparison, section, pairs) for section, pairs in sections.items())


def _names(first: Report, second: Report) -> tuple[str, str]:
    names = first.run.name, second.run.name
    return names if names[0] != names[1] else (f"{names[0]} (first)", f"{names[1]} (second)")


def _table(comparison: Comparison, section: str, pairs: list[Pair]) -> Table:
    columns = (
        Column("Figure"),
        *(Column(name, numeric=True) for name in (comparison.first, comparison.second, "Second by first")),
        Column("Provenance"),
    )
    return Table(section, _TEXTS.get(section, ""), columns, tuple(_row(pair) for pair in pairs))


def _row(pair: Pair) -> tuple[Cell, ...]:
    return (
        Cell(pair.name),
        _cell(pair.first),
        _cell(pair.second),
        _change(pair),
        Cell(" / ".join(dict.fromkeys(side.provenance for side in (pair.first, pair.second) if side))),
    )


def _cell(figure: Figure | None) -> Cell:
    if figure is None:
        return Cell(NOT_TOLD, "unknown")
    return Cell(str(figure), "unknown" if figure.value is None else "plain")


def _change(pair: Pair) -> Cell:
    if pair.ratio is not None:
        return Cell(SAME if pair.ratio == 1 else f"{number(pair.ratio)} ×")
    known = pair.first is not None and pair.second is not None and pair.first.value is not None
    return Cell(SAME if known and pair.first == pair.second else "")


def _accuracy(report: Report) -> Iterator[tuple[str, Figure]]:
    for row in report.accuracy:
        seeds = "one seed" if row.n_seeds == 1 else f"{row.n_seeds} seeds"
        mean = None if row.mean is None else 100 * row.mean
        yield _accuracy_name(row), Figure(mean, "%", "counted", seeds)


def _accuracy_name(row: Accuracy) -> str:
    overlapping = "" if row.overlapping_counted else ", overlaps left out"
    return f"{row.model}, {row.part} part, against {row.against}{overlapping}"


def _layers(report: Report) -> Iterator[tuple[str, Figure]]:
    for layer in () if report.network is None else report.network.layers:
        folding = f"{layer.rows} x {layer.columns}, PE {layer.pe}, SIMD {layer.simd}, {layer.storage}"
        yield layer.name, Figure(folding, "", "chosen")
        yield f"{layer.name}, of an inference", Figure(layer.cycles, "clocks", "analytic")


def _simulations(report: Report) -> Iterator[tuple[str, Figure]]:
    for simulation in report.simulations:
        for name, figure in _simulated(simulation):
            yield f"{name} ({simulation.simulator})", figure


def _simulated(simulation: Simulation) -> Iterator[tuple[str, Figure]]:
    yield "spikes", Figure(simulation.n_spikes, "", "simulated")
    yield "wrong classes", Figure(simulation.class_mismatches, "", "simulated")
    yield "latency", Figure(simulation.latency_cycles_max, "clocks", "simulated")
    yield "latency at the clock", Figure(simulation.latency_us, "µs", "simulated")
    yield "initiation interval", Figure(simulation.initiation_interval_cycles, "clocks", "simulated")


def _resources(report: Report) -> Iterator[tuple[str, Figure]]:
    for resource in report.resources:
        yield from _resource(f"{resource.device}, {resource.resource}", resource)


def _part_resources(report: Report) -> Iterator[tuple[str, Figure]]:
    for resource in report.part_resources:
        yield from _resource(f"{resource.device}, {resource.part}, {resource.resource}", resource)


def _resource(name: str, resource: Resource) -> Iterator[tuple[str, Figure]]:
    yield f"{name}, estimated", resource.analytic
    yield name, resource.synthesised


def _placed(report: Report) -> Iterator[tuple[str, Figure]]:
    if (placed := report.placed) is None:
        return
    yield f"{placed.board}, clock", placed.clock
    yield f"{placed.board}, Fmax", placed.fmax
    for cells in placed.cells:
        yield f"{placed.board}, {cells.kind}", cells.used


def _power(report: Report) -> Iterator[tuple[str, Figure]]:
    if report.power is None:
        return
    of_design = (replace(part, name=f"registers and logic, {part.name}") for part in report.power.by_part)
    for part in (*report.power.parts, *of_design):
        yield f"{part.name}, low", part.low
        yield f"{part.name}, high", part.high


def _least_power(report: Report) -> Iterator[tuple[str, Figure]]:
    if (points := report.working_points) is None:
        return
    for point in points.least:
        demand = f"{points.device}, {point.channels} x {point.rate_per_s:g} spikes/s"
        yield f"{demand}, low", Figure(point.total.low, point.total.unit, point.total.provenance)
        yield f"{demand}, high", Figure(point.total.high, point.total.unit, point.total.provenance)
        yield f"{demand}, 99 % within", point.delay
        yield f"{demand}, clock", Figure(point.clock, "", "chosen")
        yield f"{demand}, folding", Figure(point.folding, "", "chosen")


def _made_by(report: Report) -> Iterator[tuple[str, Figure]]:
    if report.recording is not None:
        yield "recording", Figure(f"{report.recording.name}: {report.recording.provenance}", "", "chosen")
    if report.network is not None:
        yield "network, SHA-256", Figure(report.network.digest, "", "counted")
    for name, version in report.run.versions.items():
        yield name, Figure(version, "", "counted")
    for name, seed in report.run.seeds.items():
        yield name, Figure(seed if isinstance(seed, int) else ", ".join(map(str, seed)), "", "chosen")


_MADE_BY = "What made them differ"
_SECTIONS: Mapping[str, Callable[[Report], Iterator[tuple[str, Figure]]]] = {
    "Accuracy": _accuracy,
    "Folding": _layers,
    "Gateware": _simulations,
    "Resources": _resources,
    "Resources of each layer": _part_resources,
    "Placed and routed": _placed,
    "Power": _power,
    "Least power": _least_power,
    _MADE_BY: _made_by,
}
_TEXTS = {
    "Accuracy": "On the spikes of each run's own recording: only where that is the same do they compare.",
    "Least power": "At all supplies, of what each run asked to be kept up with.",
    _MADE_BY: "Recording, network, packages and seeds that are not the same in both.",
}
