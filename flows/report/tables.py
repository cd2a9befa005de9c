"""The report as headlines and tables of text: wording once, for every way of showing it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from flows.report.figures import UNKNOWN, Figure, number, percent, with_unit
from flows.report.model import (
    Accuracy,
    Front,
    Layer,
    Placed,
    PlacedCells,
    Power,
    PublishedSorter,
    Recording,
    ReferenceCheck,
    Report,
    Resource,
    Simulation,
    UpsetPlace,
    Upsets,
    WorkingPoint,
    WorkingPoints,
)

Tone = Literal["plain", "good", "bad", "unknown"]


@dataclass(frozen=True)
class Cell:
    """Text and how it strikes the reader."""

    text: str
    tone: Tone = "plain"


@dataclass(frozen=True)
class Column:
    """A column's name; one of numbers is set flush right."""

    name: str
    numeric: bool = False


@dataclass(frozen=True)
class Table:
    """One section: a heading, a sentence or two, and rows."""

    heading: str
    text: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True)
class Headline:
    """A figure that the reader came for."""

    label: str
    value: Cell
    detail: str


def headlines(report: Report) -> tuple[Headline, ...]:
    """The few figures that sum the run up."""
    return (
        *_accuracy_headline(report.accuracy, report.recording),
        *_exactness_headline(report.simulations),
        *_latency_headline(report.simulations),
        *_resource_headlines(report.resources),
        *_clock_headline(report.placed),
        *_power_headline(report.power),
        *_working_point_headline(report.working_points),
    )


def tables(report: Report) -> tuple[Table, ...]:
    """Every section that the run has something to say on, in reading order."""
    sections: tuple[Iterator[Table], ...] = (
        _recording_tables(report.recording),
        _accuracy_table(report.accuracy),
        _unit_table(report),
        _layer_table(report),
        _reference_table(report.reference_check),
        _simulation_table(report.simulations),
        _resource_table(report.resources),
        _part_resource_tables(report.part_resources),
        _placed_tables(report.placed),
        _power_table(report.power),
        _front_table(report.front),
        _working_point_tables(report.working_points),
        _published_table(report.published_sorters, report.working_points),
        _upset_tables(report.upsets),
        _run_tables(report),
    )
    return tuple(table for section in sections for table in section)


def _cell(value: float | int | str | None) -> Cell:
    text = number(value)
    return Cell(text, "unknown" if value is None else "plain")


def _figure(figure: Figure) -> Cell:
    return Cell(str(figure), "unknown" if figure.value is None else "plain")


def _fraction(fraction: float | None) -> Cell:
    return Cell(percent(fraction), "unknown" if fraction is None else "plain")


def _mismatches(count: int | None) -> Cell:
    return _cell(count) if count is None else Cell(number(count), "bad" if count else "good")


def _words(*words: str) -> tuple[Cell, ...]:
    return tuple(Cell(word) for word in words)


def _words_in(*columns: str) -> tuple[Column, ...]:
    return tuple(Column(name) for name in columns)


def _numbers_in(*columns: str) -> tuple[Column, ...]:
    return tuple(Column(name, numeric=True) for name in columns)


def _accuracy_headline(rows: Sequence[Accuracy], recording: Recording | None) -> Iterator[Headline]:
    tested = [row for row in rows if row.exported and row.part == "test" and row.overlapping_counted]
    of_truth = [row for row in tested if row.against == "true units"]
    for row in (of_truth or tested)[:1]:
        beside = _not_scored(recording) if row.against == "true units" else ""
        yield Headline("Accuracy", _fraction(row.mean), f"{row.model}, test spikes against {row.against}{beside}")


def _not_scored(recording: Recording | None) -> str:
    """What our detection got wrong in the test part, on which no accuracy is told."""
    for part in recording.parts if recording is not None else ():
        if part.part == "test" and part.n_missed is not None:
            return f"; {number(part.n_missed)} missed and {number(part.n_extra)} extra not scored"
    return ""


def _exactness_headline(simulations: Sequence[Simulation]) -> Iterator[Headline]:
    for simulation in simulations[:1]:
        total = simulation.class_mismatches + (simulation.layer_word_mismatches or 0)
        what = "classes" if simulation.layer_word_mismatches is None else "classes and layer words"
        detail = f"{what} over {number(simulation.n_spikes)} {simulation.vectors}"
        yield Headline("Mismatches", _mismatches(total), detail)


def _latency_headline(simulations: Sequence[Simulation]) -> Iterator[Headline]:
    for simulation in simulations[:1]:
        cycles, clock = number(simulation.latency_cycles_max), number(simulation.clock_mhz)
        yield Headline("Latency", Cell(f"{number(simulation.latency_us)} µs"), f"{cycles} clocks at {clock} MHz")


def _resource_headlines(resources: Sequence[Resource]) -> Iterator[Headline]:
    # The first device is the one that was asked for; its first resource is its logic.
    for resource in resources[:1]:
        detail = f"{resource.device}, {resource.synthesised.provenance}"
        if resource.available is not None:
            detail = f"of {number(resource.available)} on {detail}"
        yield Headline(resource.resource, _figure(resource.synthesised), detail)


def _clock_headline(placed: Placed | None) -> Iterator[Headline]:
    if placed is not None:
        detail = f"{placed.fmax} at most, placed and routed on {placed.board}"
        yield Headline("Clock", _figure(placed.clock), detail)


def _power_headline(power: Power | None) -> Iterator[Headline]:
    if power is None:
        return
    if power.known_low_high is None:
        yield Headline("Power", Cell(UNKNOWN, "unknown"), power.device)
        return
    yield Headline("Power", _power_total(power), ", ".join([power.device, *_without(power)]))


def _without(power: Power) -> list[str]:
    return [f"without {' and '.join(power.unknown_parts)}"] if power.unknown_parts else []


def _power_total(power: Power) -> Cell:
    if power.known_low_high is None:
        return Cell(UNKNOWN, "unknown")
    low, high = power.known_low_high
    return Cell(f"{number(low)} to {with_unit(high, power.parts[0].low.unit)}")


_DETECTED = (
    "Detected spikes against the true ones, one to one within 0.5 ms. Missed spikes and extra detections stand "
    "beside the accuracies below, which are over matched spikes: an extra detection, one that matches no stated "
    "spike, is given a unit too, and counts nowhere there."
)
_NOT_DETECTED = "The true spike times are unknown, or the windows came cut: what was missed cannot be told."


def _recording_tables(recording: Recording | None) -> Iterator[Table]:
    if recording is None:
        return
    facts = tuple(
        (Cell(label), _figure(figure), Cell(figure.provenance), Cell(figure.note))
        for label, figure in recording.facts.items()
    )
    yield Table(
        "Recording",
        f"{recording.name}: {recording.provenance}",
        (*_words_in("Figure"), *_numbers_in("Value"), *_words_in("Provenance", "Note")),
        facts,
    )
    counts = ("n_spikes", "n_true", "n_matched", "n_missed", "n_extra")
    yield Table(
        "Detection",
        _DETECTED if any(part.n_true is not None for part in recording.parts) else _NOT_DETECTED,
        (*_words_in("Part"), *_numbers_in("Spikes", "True", "Matched", "Missed", "Extra")),
        tuple((Cell(part.part), *(_cell(getattr(part, count)) for count in counts)) for part in recording.parts),
    )


def _accuracy_table(rows: Sequence[Accuracy]) -> Iterator[Table]:
    if rows:
        yield Table(
            "Accuracy",
            "Fraction of spikes given the right unit. Clusters are matched one to one to true units on the "
            "training part; a spike in an unmatched cluster counts as wrong. Mean and standard deviation over seeds.",
            (
                *_words_in("Model", "Against", "Overlaps", "Part"),
                *_numbers_in("Spikes", "Seeds", "Mean", "Std. dev."),
            ),
            tuple(_accuracy_row(row) for row in rows),
        )


def _accuracy_row(row: Accuracy) -> tuple[Cell, ...]:
    overlapping = "counted" if row.overlapping_counted else "left out"
    spread = Cell("one seed") if row.n_seeds == 1 else _fraction(row.standard_deviation)
    counts = (_cell(row.n_spikes), _cell(row.n_seeds))
    return (*_words(row.model, row.against, overlapping, row.part), *counts, _fraction(row.mean), spread)


def _unit_table(report: Report) -> Iterator[Table]:
    if report.unit_scores:
        yield Table(
            "Exported network, unit by unit",
            "On the test part.",
            (*_words_in("Unit"), *_numbers_in("Spikes", "Precision", "Recall")),
            tuple(
                (Cell(score.unit), _cell(score.n_spikes), _fraction(score.precision), _fraction(score.recall))
                for score in report.unit_scores
            ),
        )


def _layer_table(report: Report) -> Iterator[Table]:
    network = report.network
    if network is not None:
        yield Table(
            "Network and folding",
            f"{network.source} (SHA-256 {network.digest[:16]}…), input {network.input_format}, "
            f"{len(network.units)} units{_beside(network.unsorted)}. "
            f"Folding: PE rows and SIMD columns are worked on in a clock. {network.chosen}".rstrip(),
            (
                *_words_in("Layer", "Kind", "Weights in"),
                *_numbers_in("Rows", "Columns", "PE", "SIMD", "Clocks", "Buffer words"),
                *_words_in("Why"),
            ),
            tuple(_layer_row(layer) for layer in network.layers),
        )


def _beside(remark: str | None) -> str:
    return "" if remark is None else f", {remark}"


def _layer_row(layer: Layer) -> tuple[Cell, ...]:
    numbers = (layer.rows, layer.columns, layer.pe, layer.simd, layer.cycles, layer.buffer_words)
    return (*_words(layer.name, layer.kind, layer.storage), *(_cell(value) for value in numbers), Cell(layer.why))


def _reference_table(check: ReferenceCheck | None) -> Iterator[Table]:
    if check is not None:
        yield Table(
            "Integer network against the ONNX reference",
            f"{number(check.n_spikes)} spikes and {number(check.n_random)} random inputs, compared for equality.",
            (*_words_in("Compared"), *_numbers_in("Mismatches")),
            (
                (Cell("classes"), _mismatches(check.class_mismatches)),
                (Cell("layer words"), _mismatches(check.layer_word_mismatches)),
                (Cell("scores"), _mismatches(check.score_mismatches)),
            ),
        )


def _simulation_table(simulations: Sequence[Simulation]) -> Iterator[Table]:
    if simulations:
        names = (f"{simulation.simulator}, {simulation.vectors}" for simulation in simulations)
        yield Table(
            "Gateware against the ONNX reference",
            "Every class and every layer's output word that can be seen, compared for equality. Clocks are counted, "
            "not computed.",
            (*_words_in("Figure"), *_numbers_in(*names)),
            tuple(zip(_words(*_SIMULATED), *map(_simulation_column, simulations), strict=True)),
        )


_SIMULATED = (
    "spikes",
    "wrong classes",
    "wrong layer words",
    "unsorted",
    "latency, clocks",
    "initiation interval, clocks",
    "all spikes, clocks",
    "clock",
    "latency",
)


def _simulation_column(simulation: Simulation) -> tuple[Cell, ...]:
    low, high = simulation.latency_cycles_min, simulation.latency_cycles_max
    return (
        _cell(simulation.n_spikes),
        _mismatches(simulation.class_mismatches),
        _mismatches(simulation.layer_word_mismatches),
        _cell(simulation.n_unsorted),
        Cell(number(low) if low == high else f"{number(low)} to {number(high)}"),
        _cell(simulation.initiation_interval_cycles),
        _cell(simulation.cycles),
        Cell(with_unit(simulation.clock_mhz, "MHz")),
        Cell(with_unit(simulation.latency_us, "µs")),
    )


def _resource_table(resources: Sequence[Resource]) -> Iterator[Table]:
    if resources:
        yield Table(
            "Resources",
            "Estimated by formula, and counted after synthesis; the difference is relative to the count.",
            (*_words_in("Device", "Resource"), *_numbers_in("Analytic", "Synthesised", "Difference", "Available")),
            tuple(_resource_row(resource) for resource in resources),
        )


def _part_resource_tables(resources: Sequence[Resource]) -> Iterator[Table]:
    for device, of_device in _grouped(resources, lambda resource: resource.device):
        parts = _grouped(of_device, lambda resource: resource.part)
        kinds = [resource.resource for resource in parts[0][1]]
        yield Table(
            f"Resources of each layer, {device}",
            "Estimated / counted after synthesis. Synthesis works across layers; a cell counts where its name says.",
            (*_words_in("Part"), *_numbers_in(*kinds)),
            tuple(
                (Cell(part), *(_estimated_and_counted(resource) for resource in of_part)) for part, of_part in parts
            ),
        )


def _grouped(resources: Sequence[Resource], key: Callable[[Resource], str]) -> list[tuple[str, list[Resource]]]:
    return [(name, list(group)) for name, group in groupby(resources, key)]


def _estimated_and_counted(resource: Resource) -> Cell:
    return Cell(f"{number(resource.analytic.value)} / {number(resource.synthesised.value)}")


def _resource_row(resource: Resource) -> tuple[Cell, ...]:
    difference = resource.difference
    shown = Cell(UNKNOWN, "unknown") if difference is None else Cell(f"{100 * difference:+.1f} %")
    count, available = resource.synthesised.value, resource.available
    too_many = isinstance(count, (int, float)) and available is not None and count > available
    synthesised = Cell(str(resource.synthesised), "bad") if too_many else _figure(resource.synthesised)
    names = _words(resource.device, resource.resource)
    return (*names, _figure(resource.analytic), synthesised, shown, _cell(available))


def _placed_tables(placed: Placed | None) -> Iterator[Table]:
    if placed is None:
        return
    missed = f"; seeds {', '.join(map(str, placed.missed_seeds))} missed the clock" if placed.missed_seeds else ""
    yield Table(
        "Slowest way from register to register",
        f"{placed.board} ({placed.device}), {placed.fmax.provenance} by {placed.fmax.note}, seed "
        f"{placed.seed}{missed}. The clock of {placed.clock} is met: {placed.fmax} would be too. Delays of cells, "
        "and of the wires to them.",
        (*_words_in("Part", "What"), *_numbers_in("Logic", "Wires")),
        tuple(
            (*_words(part.part, part.what), _figure(part.logic), _figure(part.routing))
            for part in placed.critical_path
        ),
    )
    yield Table(
        "Cells of the chip as placed",
        f"Clock, reset, host link and accelerator, as nextpnr counts them on {placed.device}.",
        (*_words_in("Cell"), *_numbers_in("Used", "Available", "Share")),
        tuple(
            (Cell(cells.kind), _figure(cells.used), _cell(cells.available), Cell(_share(cells)))
            for cells in placed.cells
        ),
    )


def _share(cells: PlacedCells) -> str:
    used = cells.used.value
    return UNKNOWN if not isinstance(used, (int, float)) else percent(used / cells.available, 0)


def _power_table(power: Power | None) -> Iterator[Table]:
    if power is None:
        return
    parts = tuple(
        (Cell(part.name), _figure(part.low), _figure(part.high), Cell(part.low.provenance), Cell(part.notes))
        for part in power.parts
    )
    total = (Cell(", ".join(["known parts together", *_without(power)])), *_low_high(power), *_words("", ""))
    yield Table(
        "Power",
        f"{power.device}, {power.conditions}.",
        (*_words_in("Part"), *_numbers_in("Low", "High"), *_words_in("Provenance", "Note")),
        (*parts, total),
    )


def _low_high(power: Power) -> tuple[Cell, Cell]:
    if power.known_low_high is None:
        return Cell(UNKNOWN, "unknown"), Cell(UNKNOWN, "unknown")
    low, high = power.known_low_high
    unit = power.parts[0].low.unit
    return Cell(with_unit(low, unit)), Cell(with_unit(high, unit))


_DESIGN_FIGURES = {
    "LUTs": "luts",
    "FFs": "flip_flops",
    "Block RAM": "block_rams",
    "Latency": "latency_clocks",
    "Interval": "interval_clocks",
    "Inferences/s": "inferences_per_s",
    "Energy, low": "energy_low",
    "high": "energy_high",
}


def _front_table(front: Front | None) -> Iterator[Table]:
    if front is None:
        return
    rows = (
        (Cell(design.folding), *(_figure(getattr(design, name)) for name in _DESIGN_FIGURES.values()))
        for design in front.designs
    )
    yield Table(
        "Foldings to choose from",
        f"{front.device}: of {number(front.n_foldings)} foldings, {number(front.n_designs)} are "
        f"{_beaten_by_none(front)}; {front.path} lists them. Here stands, at each throughput, the one of fewest "
        "LUTs. Every figure is analytic; energy is of one inference at full speed, block memories included, from an "
        "activity counted on other foldings.",
        (*_words_in("PE x SIMD, weights in"), *_numbers_in(*_DESIGN_FIGURES)),
        tuple(rows),
    )


def _working_point_headline(points: WorkingPoints | None) -> Iterator[Headline]:
    if points is None:
        return
    if not points.rows:
        yield Headline("Least power", Cell(UNKNOWN, "unknown"), f"{points.device}: nobody has measured its energies")
        return
    best = _asked(points)[0]
    yield Headline(
        "Least power",
        Cell(f"{best.channel} a channel"),
        f"{points.device}, {best.channels} x {best.rate_per_s:g} spikes/s, {best.clock}, {best.folding}",
    )


def _asked(points: WorkingPoints) -> list[WorkingPoint]:
    """The rows of the last demand, which was asked for."""
    last = points.rows[-1].rate_per_s, points.rows[-1].channels
    return [row for row in points.rows if (row.rate_per_s, row.channels) == last]


def _working_point_tables(points: WorkingPoints | None) -> Iterator[Table]:
    if points is None or not points.rows:
        return
    asked = _asked(points)
    demand = f"{asked[0].channels} channels of {asked[0].rate_per_s:g} spikes a second, one sorter"
    yield Table(
        "Least power for each demand",
        f"{points.device}: the best of {number(points.n_designs)} foldings at every clock that keeps up; "
        f"{points.path} lists the best of each kind of clock. Spikes come at random and wait their turn. All "
        "supplies; pins and the source of an external clock not counted.",
        (
            *_numbers_in("Spikes/s", "Channels"),
            *_words_in("Clock", "PE x SIMD, weights in"),
            *_numbers_in("Power", "A channel", "Of it block RAM", "99 % within"),
            *_words_in("Where it goes"),
        ),
        tuple(_demand_row(row) for row in _first_of_each(points.rows)),
    )
    yield Table(
        f"Clocks for {demand}",
        "The best folding for each kind of clock. The first one's schedule stands beside that table, for "
        "`spikeloom hw --schedule`, which counts what changes in its netlist.",
        (
            *_words_in("Clock", "PE x SIMD, weights in"),
            *_numbers_in("LUTs", "Interval", "Core", "All supplies", "A channel", "99 % within"),
            *_words_in("Where it goes"),
        ),
        tuple(
            (
                *_words(row.clock, row.folding),
                _cell(row.luts),
                _cell(row.interval_clocks),
                *(Cell(str(figure)) for figure in (row.core, row.total, row.channel)),
                _delay(row),
                Cell(row.why),
            )
            for row in asked
        ),
    )
    yield Table(
        f"What a spike takes, and power for {demand}",
        "Energy of a spike that comes alone, beside what the device draws at rest; average power with a clock that "
        "runs always, that stops between spikes, and that is as slow as the spikes allow. Each pJ that an access to "
        f"a block memory takes adds {points.nanowatts_per_picojoule} to the least power.",
        (
            *_words_in("Design"),
            *_numbers_in(
                "LUTs",
                "Clocks",
                "Clock network",
                "Logic",
                "Block RAM",
                "A spike",
                "Runs",
                "Stops",
                "Slowest",
                "Slowed",
            ),
        ),
        tuple(
            (
                Cell(row.name),
                _cell(row.luts),
                _cell(row.latency_clocks),
                Cell(with_unit(row.clock.value, row.clock.unit)),
                *(Cell(str(figure)) for figure in (row.logic, row.memory, row.total, row.runs, row.stops)),
                _figure(row.slowest),
                Cell(str(row.slowed)),
            )
            for row in points.energies
        ),
    )


def _first_of_each(rows: Sequence[WorkingPoint]) -> list[WorkingPoint]:
    return [next(of_demand) for _, of_demand in groupby(rows, lambda row: (row.rate_per_s, row.channels))]


def _demand_row(row: WorkingPoint) -> tuple[Cell, ...]:
    return (
        _cell(row.rate_per_s),
        _cell(row.channels),
        *_words(row.clock, row.folding),
        *(Cell(str(figure)) for figure in (row.total, row.channel, row.memory)),
        _delay(row),
        Cell(row.why),
    )


def _delay(row: WorkingPoint) -> Cell:
    value = row.delay.value
    return Cell(UNKNOWN, "unknown") if not isinstance(value, float) else Cell(f"{value:.3g} ms")


def _published_table(sorters: Sequence[PublishedSorter], points: WorkingPoints | None) -> Iterator[Table]:
    if not sorters:
        return
    yield Table(
        "Published spike sorters",
        "Only what has the same scope and the same kind of evidence can be compared: power of an ASIC after layout "
        "is not that of an FPGA, and a classifier is no whole chain. What was not read in a source is unknown.",
        (
            *_words_in("Authors", "Technology", "Scope", "Evidence"),
            *_numbers_in("Channels", "µW a channel"),
            *_words_in("Area", "Accuracy as stated", "DOI", "Note"),
        ),
        (*_ours(points), *(_published_row(sorter) for sorter in sorters)),
    )


def _ours(points: WorkingPoints | None) -> Iterator[tuple[Cell, ...]]:
    """The least power that was found, in the same columns."""
    if points is None or not points.rows:
        return
    best = _asked(points)[0]
    yield (
        *_words("this one", f"FPGA, {points.device}, {best.clock}", "classifier: binarized network", "model, fitted"),
        _cell(best.channels),
        Cell(f"{best.channel}".removesuffix(f" {best.channel.unit}")),
        *_words(f"{best.luts} LUTs, {best.block_rams} block RAMs", "in this report, where it was trained", "-"),
        Cell("fitted on currents that others measured on the device; block RAM between bounds"),
    )


def _published_row(sorter: PublishedSorter) -> tuple[Cell, ...]:
    return (
        *_words(f"{sorter.authors}, {sorter.year}", sorter.technology, sorter.scope, sorter.evidence),
        *map(_cell, (sorter.channels, sorter.channel_microwatts, sorter.area, sorter.accuracy, sorter.doi)),
        Cell(sorter.note),
    )


def _beaten_by_none(front: Front) -> str:
    if front.within == 0:
        return "beaten by no other in LUTs, flip-flops, block memories, latency and throughput together"
    return (
        f"beaten by no other, by more than {front.within:.0%}, in LUTs, flip-flops, block memories and throughput "
        "together (there are too many to weigh them exactly, or latency with them)"
    )


_MOST_FLIP_COLUMNS = 6


def _upset_tables(upsets: Upsets | None) -> Iterator[Table]:
    if upsets is None:
        return
    flips = [point.flips for point in upsets.places[0].points]
    shown = flips[:: -(-len(flips) // _MOST_FLIP_COLUMNS)]
    counted = f"over {number(upsets.n_spikes)} {upsets.vectors}, mean and standard deviation of {upsets.draws} draws"
    yield _upset_table(
        "Flipped bits: agreement",
        f"Answers that are those without faults, {counted} of the flipped bits; {upsets.path} has every number of "
        "flips. Memories as the gateware stores them; those first that bear the fewest flips.",
        upsets.places,
        shown,
        "agreement",
    )
    if upsets.labels is not None:
        yield _upset_table(
            "Flipped bits: accuracy",
            f"Against {upsets.labels}, {counted}; without faults {percent(upsets.accuracy)}.",
            upsets.places,
            shown,
            "accuracy",
        )


def _upset_table(
    heading: str,
    text: str,
    places: Sequence[UpsetPlace],
    shown: Sequence[int],
    measure: Literal["agreement", "accuracy"],
) -> Table:
    columns = (f"{number(flips)} flip{'s' if flips > 1 else ''}" for flips in shown)
    return Table(
        heading,
        text,
        (*_words_in("Memory"), *_numbers_in("Bits", *columns)),
        tuple((Cell(place.name), _cell(place.bits), *_upset_cells(place, shown, measure)) for place in places),
    )


def _upset_cells(place: UpsetPlace, shown: Sequence[int], measure: str) -> Iterator[Cell]:
    points = {point.flips: point for point in place.points}
    for flips in shown:
        if flips not in points:
            yield Cell("")  # the memory has fewer bits
            continue
        deviation = getattr(points[flips], f"{measure}_deviation")
        spread = "" if deviation is None else f" ± {100 * deviation:.1f}"
        yield Cell(f"{percent(getattr(points[flips], f'{measure}_mean'), 1).removesuffix(' %')}{spread} %")


def _run_tables(report: Report) -> Iterator[Table]:
    run = report.run
    text = "What made these results."
    if run.left_out:
        text += f" Left out, being older than what they were made from: {', '.join(run.left_out)}."
    yield Table(
        "Run", text, _words_in("Package or seed", "Version or value"), (*_versions(run.versions), *_seeds(run.seeds))
    )


def _versions(versions: Mapping[str, str | None]) -> tuple[tuple[Cell, ...], ...]:
    return tuple((Cell(package), _cell(version)) for package, version in versions.items())


def _seeds(seeds: Mapping[str, int | tuple[int, ...]]) -> tuple[tuple[Cell, ...], ...]:
    return tuple(
        (Cell(name), Cell(str(seed) if isinstance(seed, int) else ", ".join(map(str, seed))))
        for name, seed in seeds.items()
    )
