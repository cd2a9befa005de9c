"""The network as it is folded, and what its simulations gave."""

from collections.abc import Iterator, Sequence

from flows.report.figures import number, with_unit
from flows.report.model import Layer, ReferenceCheck, Report, Simulation
from flows.report.table import Cell, Headline, Table, cell_of, mismatch_cell, number_columns, word_cells, word_columns


def exactness_headline(simulations: Sequence[Simulation]) -> Iterator[Headline]:
    """Wrong classes and layer words of the first simulation."""
    for simulation in simulations[:1]:
        total = simulation.class_mismatches + (simulation.layer_word_mismatches or 0)
        what = "classes" if simulation.layer_word_mismatches is None else "classes and layer words"
        detail = f"{what} over {number(simulation.n_spikes)} {simulation.vectors}"
        yield Headline("Mismatches", mismatch_cell(total), detail)


def latency_headline(simulations: Sequence[Simulation]) -> Iterator[Headline]:
    """Latency of the first simulation."""
    for simulation in simulations[:1]:
        cycles, clock = number(simulation.latency_cycles_max), number(simulation.clock_mhz)
        yield Headline("Latency", Cell(f"{number(simulation.latency_us)} µs"), f"{cycles} clocks at {clock} MHz")


def layer_table(report: Report) -> Iterator[Table]:
    """Each layer with its folding."""
    network = report.network
    if network is not None:
        yield Table(
            "Network and folding",
            f"{network.source} (SHA-256 {network.digest[:16]}…), input {network.input_format}, "
            f"{len(network.units)} units{_beside(network.unsorted)}. "
            f"Folding: PE rows and SIMD columns are worked on in a clock. {network.chosen}".rstrip(),
            (
                *word_columns("Layer", "Kind", "Weights in"),
                *number_columns("Rows", "Columns", "PE", "SIMD", "Clocks", "Buffer words"),
                *word_columns("Why"),
            ),
            tuple(_layer_row(layer) for layer in network.layers),
        )


def _beside(remark: str | None) -> str:
    return "" if remark is None else f", {remark}"


def _layer_row(layer: Layer) -> tuple[Cell, ...]:
    numbers = (layer.rows, layer.columns, layer.pe, layer.simd, layer.cycles, layer.buffer_words)
    return (
        *word_cells(layer.name, layer.kind, layer.storage),
        *(cell_of(value) for value in numbers),
        Cell(layer.why),
    )


def reference_table(check: ReferenceCheck | None) -> Iterator[Table]:
    """The integer network against the graph."""
    if check is not None:
        yield Table(
            "Integer network against the ONNX reference",
            f"{number(check.n_spikes)} spikes and {number(check.n_random)} random inputs, compared for equality.",
            (*word_columns("Compared"), *number_columns("Mismatches")),
            (
                (Cell("classes"), mismatch_cell(check.class_mismatches)),
                (Cell("layer words"), mismatch_cell(check.layer_word_mismatches)),
                (Cell("scores"), mismatch_cell(check.score_mismatches)),
            ),
        )


def simulation_table(simulations: Sequence[Simulation]) -> Iterator[Table]:
    """A column a simulation."""
    if simulations:
        names = (f"{simulation.simulator}, {simulation.vectors}" for simulation in simulations)
        yield Table(
            "Gateware against the ONNX reference",
            "Every class and every layer's output word that can be seen, compared for equality. Clocks are counted, "
            "not computed.",
            (*word_columns("Figure"), *number_columns(*names)),
            tuple(zip(word_cells(*_SIMULATED), *map(_simulation_column, simulations), strict=True)),
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
        cell_of(simulation.n_spikes),
        mismatch_cell(simulation.class_mismatches),
        mismatch_cell(simulation.layer_word_mismatches),
        cell_of(simulation.n_unsorted),
        Cell(number(low) if low == high else f"{number(low)} to {number(high)}"),
        cell_of(simulation.initiation_interval_cycles),
        cell_of(simulation.cycles),
        Cell(with_unit(simulation.clock_mhz, "MHz")),
        Cell(with_unit(simulation.latency_us, "µs")),
    )
