"""What variants of the training lose."""

from collections.abc import Sequence
from pathlib import Path

from flows.study.figures.style import INK, SOFT, panels, save
from flows.study.statistics import Difference


def draw_variants(differences: Sequence[Difference], path: Path) -> None:
    """Chosen training minus variant, a row each, with its interval; grey where chance would do."""
    figure, (axes,) = panels(1, 7.0, 1.1 + 0.36 * len(differences))
    for row, each in enumerate(differences):
        axes.errorbar(
            [100 * each.mean],
            [row],
            xerr=[[100 * (each.mean - each.low)], [100 * (each.high - each.mean)]],
            color="#d55e00" if each.is_real else SOFT,
            marker="o",
            markersize=6,
            elinewidth=1.1,
            capsize=3,
        )
    axes.axvline(0, color=INK, linewidth=0.9)
    axes.set_yticks(range(len(differences)), [each.second for each in differences], parse_math=False)
    axes.set_ylim(len(differences) - 0.5, -0.5)
    axes.grid(visible=False, axis="y")
    axes.grid(axis="x", color="#e3e1dc", linewidth=0.7)
    axes.set_xlabel(
        "training that is used minus the variant, percentage points\n(95 % interval; grey: not told from chance)",
        fontsize=9,
    )
    save(figure, path)
