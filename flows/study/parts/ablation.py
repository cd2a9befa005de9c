"""What each ingredient of the 1-bit network's training is worth."""

from pathlib import Path

import numpy as np

from flows.report.model import Picture
from flows.report.table import Cell, Table, number_columns, word_columns
from flows.study.figures.ablation import draw_variants
from flows.study.grid import Part
from flows.study.job import CHOSEN, Job
from flows.study.outcome import Outcome, data_sets_in, seeds_in
from flows.study.section import Finding, Section
from flows.study.statistics import Difference, compare
from flows.study.words import interval_text, listed, over_seeds, p_text, points, spread_cell
from qat.training import VARIANTS

PICTURE = "figures/ablation.png"
_WORDS = {variant.name: variant.in_words for variant in VARIANTS}


def ablation_section(outcome: Outcome, part: Part, folder: Path) -> Section:
    """Every variant beside the training that is used."""
    data_sets, seeds = data_sets_in(part.jobs), seeds_in(part.jobs)
    variants = list(dict.fromkeys(job.variant for job in part.jobs))
    jobs = {(job.variant, job.data_set, job.seed): job for job in part.jobs}
    tables = {
        variant: np.array(
            [[outcome.accuracy(jobs[variant, name, seed]) for seed in seeds] for name in data_sets], float
        )
        for variant in variants
    }
    differences = compare(tables, CHOSEN, [variant for variant in variants if variant != CHOSEN])
    draw_variants(differences, folder / PICTURE)
    return Section(
        heading="Ablation of the training",
        text=(
            f"The 1-bit network on {listed(data_sets)}, {over_seeds(len(seeds))} each. Each variant differs from the "
            f"training that is used in one thing; '{CHOSEN}' is {_WORDS[CHOSEN]}."
        ),
        findings=ablation_findings(differences),
        pictures=(Picture(PICTURE, "The training that is used minus each variant: above 0, what differs pays"),),
        tables=(_table(outcome, jobs, data_sets, seeds, variants, {each.second: each for each in differences}),),
    )


def ablation_findings(differences: tuple[Difference, ...]) -> tuple[Finding, ...]:
    """Which variants are really worse or better than the training that is used, and which can't be told apart."""
    worse = [each for each in differences if each.is_real and each.mean > 0]
    better = [each for each in differences if each.is_real and each.mean < 0]
    same = [each.second for each in differences if not each.is_real]
    return (
        *(
            Finding(
                f"'{each.second}' ({_WORDS[each.second]}) is worse by {points(each.mean)} points: it pays.", "good"
            )
            for each in worse
        ),
        *(
            Finding(f"'{each.second}' ({_WORDS[each.second]}) is better by {points(-each.mean)} points.", "bad")
            for each in better
        ),
        *([Finding(f"Not told from the training that is used: {listed(same)}.")] if same else []),
    )


def _table(
    outcome: Outcome,
    jobs: dict[tuple[str, str, int], Job],
    data_sets: list[str],
    seeds: list[int],
    variants: list[str],
    differences: dict[str, Difference],
) -> Table:
    rows = []
    for variant in variants:
        spreads = [outcome.spread([jobs[variant, name, seed] for seed in seeds]) for name in data_sets]
        compared = differences.get(variant)
        rows.append(
            (
                Cell(variant),
                Cell(_WORDS[variant]),
                *(spread_cell(each) for each in spreads),
                Cell("" if compared is None else points(-compared.mean)),
                Cell("" if compared is None else interval_text(compared)),
                Cell("" if compared is None else p_text(compared.p)),
            )
        )
    return Table(
        "Variants of the training",
        "Mean and standard deviation over seeds. The interval is of the training that is used minus the variant.",
        (
            *word_columns("Variant", "What it is"),
            *number_columns(*data_sets, "against the chosen, points", "95 % interval", "adjusted p"),
        ),
        tuple(rows),
    )
