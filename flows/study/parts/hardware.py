"""Input bits and hidden width, beside what they cost in gateware."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from flows.report.model import Picture
from flows.report.table import Cell, Table, cell_of, number_columns
from flows.study.figures.hardware import Cost, draw_costs
from flows.study.grid import Part
from flows.study.hardware import CLOCKS, DEVICE, HardwareCost, hardware_cost
from flows.study.job import ONE_BIT, Job
from flows.study.outcome import Outcome, data_sets_in, known_spread, models_in, seeds_in
from flows.study.section import Finding, Section
from flows.study.statistics import Spread
from flows.study.words import over_seeds, points, spread_cell, spread_text, title_of
from qat.models import MODELS
from qat.spikes.spec import SpikeSpec

_FREE = 0.005
"""A cheaper choice within this of the best is named."""


@dataclass(frozen=True)
class Dial:
    """A choice that costs gateware."""

    part: str
    axis: str
    text: str


BITS = Dial("bits", "input bits", "The pre-sorter has all 8 bits; the network sees only so many.")
WIDTH = Dial("width", "units in each hidden layer", "Both hidden layers have the same width.")


def dial_section(dial: Dial, outcome: Outcome, part: Part, folder: Path) -> Section:
    """Accuracy over a dial, and the lookup tables and block memories that each setting takes."""
    data_set = outcome.grid.data_sets[data_sets_in(part.jobs)[0]]
    settings = sorted({_setting(dial, job) for job in part.jobs})
    curves = {
        model: [_spread(dial, outcome, part.jobs, model, setting) for setting in settings]
        for model in models_in(part.jobs)
    }
    costs = [_cost(dial, setting, data_set.spec, int(str(data_set.factors["units"]))) for setting in settings]
    picture = f"figures/{dial.part}.png"
    draw_costs(dial.axis, settings, curves, [_drawn(cost) for cost in costs], folder / picture)
    return Section(
        heading=part.title,
        text=(
            f"{dial.text} On {data_set.name}, {over_seeds(len(seeds_in(part.jobs)))}. Gateware of the 1-bit network "
            f"on the {DEVICE.upper()}, analytic: the fewest lookup tables at {CLOCKS} clocks an inference, or at the "
            "fewest clocks that fit."
        ),
        findings=(dial_finding(dial, settings, curves[ONE_BIT], costs),),
        pictures=(Picture(picture, f"{part.title}: accuracy, and what the 1-bit network takes in gateware"),),
        tables=(_table(dial, part.title, settings, curves, costs),),
    )


def dial_finding(
    dial: Dial, settings: Sequence[int], spreads: Sequence[Spread | None], costs: Sequence[HardwareCost | None]
) -> Finding:
    """The best setting that fits, and the cheapest that is about as good."""
    fitting = [
        (setting, spread, cost)
        for setting, spread, cost in zip(settings, spreads, costs, strict=True)
        if spread is not None and cost is not None
    ]
    if not fitting:
        return Finding(f"No setting of the {dial.axis} that was tried fits the {DEVICE.upper()}.", "bad")
    best, best_spread, best_cost = max(fitting, key=lambda each: each[1].mean)
    cheap, spread, cost = min(
        (each for each in fitting if each[1].mean >= best_spread.mean - _FREE), key=lambda each: each[2].luts
    )
    told = f"Best with {best} {dial.axis}: {spread_text(best_spread)} for {best_cost.luts} LUTs"
    if cheap == best:
        return Finding(f"{told}; nothing cheaper comes within {100 * _FREE:g} points.")
    return Finding(
        f"{told}; {cheap} {dial.axis} come within {100 * _FREE:g} points of it "
        f"({points(spread.mean - best_spread.mean)}) for {cost.luts} LUTs and {cost.block_rams} block memories."
    )


def _setting(dial: Dial, job: Job) -> int:
    if dial is BITS:
        return job.bits
    return MODELS[job.model].hidden[0] if job.hidden is None else job.hidden


def _spread(dial: Dial, outcome: Outcome, jobs: Sequence[Job], model: str, setting: int) -> Spread | None:
    same = (job for job in jobs if job.model == model and _setting(dial, job) == setting)
    return known_spread(outcome.accuracy(job) for job in same)


def _cost(dial: Dial, setting: int, spec: SpikeSpec, n_units: int) -> HardwareCost | None:
    hidden = MODELS[ONE_BIT].hidden
    n_inputs = len(spec.orders_for(1)) * spec.window_samples
    if dial is BITS:
        return hardware_cost(n_inputs, hidden, n_units, setting)
    return hardware_cost(n_inputs, (setting,) * len(hidden), n_units, spec.bits)


def _drawn(cost: HardwareCost | None) -> Cost | None:
    return None if cost is None else Cost(cost.luts, f"{cost.block_rams} EBR", cost.clocks)


def _table(
    dial: Dial,
    title: str,
    settings: Sequence[int],
    curves: dict[str, list[Spread | None]],
    costs: Sequence[HardwareCost | None],
) -> Table:
    rows = [
        (
            Cell(str(setting)),
            *(spread_cell(values[index]) for values in curves.values()),
            *(_cost_cells(costs[index])),
        )
        for index, setting in enumerate(settings)
    ]
    return Table(
        f"{title} and gateware",
        f"Resources of the 1-bit network on the {DEVICE.upper()}, analytic.",
        number_columns(dial.axis, *(title_of(model) for model in curves), "LUTs", "flip-flops", "EBR", "clocks"),
        tuple(rows),
    )


def _cost_cells(cost: HardwareCost | None) -> tuple[Cell, ...]:
    if cost is None:
        return (Cell("does not fit", "bad"), Cell(""), Cell(""), Cell(""))
    return tuple(cell_of(value) for value in (cost.luts, cost.flip_flops, cost.block_rams, cost.clocks))
