"""How all pictures of the study look: one colour and one mark for each model, told apart without colour too."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from flows.study.words import title_of

SOFT = "#9aa3ab"
INK = "#1d2126"
# Colours that the colour-blind tell apart: M. Okabe and K. Ito, Color Universal Design, 2008.
_BLACK, _ORANGE, _SKY, _GREEN, _BLUE, _RED, _PURPLE = (
    "#000000",
    "#e69f00",
    "#56b4e9",
    "#009e73",
    "#0072b2",
    "#d55e00",
    "#cc79a7",
)


@dataclass(frozen=True)
class Look:
    """How a model is drawn."""

    title: str
    colour: str
    mark: str
    is_main: bool = False

    @property
    def mark_size(self) -> float:
        """In points."""
        return 7.0 if self.is_main else 5.0


_LOOKS = {
    "one-bit": (_RED, "o"),
    "twin": (_BLUE, "s"),
    "cnn": (_GREEN, "^"),
    "lstm": (_PURPLE, "D"),
    "one-hidden": (_ORANGE, "v"),
    "partial": (_SKY, "P"),
    "lda": (_BLACK, "x"),
    "template-matching": (SOFT, "+"),
    "nearest-centroid": (SOFT, "1"),
    "pre-sorter": (SOFT, "*"),
}


def look_of(model: str) -> Look:
    """The look of a model."""
    colour, mark = _LOOKS[model]
    return Look(title_of(model), colour, mark, is_main=model == "one-bit")


def panels(n_columns: int, width_inches: float, height_inches: float, n_rows: int = 1) -> tuple[Figure, list[Axes]]:
    """A figure with panels side by side, row by row, that share their vertical axis along a row."""
    # The object interface keeps no global state, and Agg draws the same on every machine.
    figure = Figure(figsize=(width_inches, height_inches), dpi=144, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(n_rows, n_columns, sharey="row", squeeze=False).ravel().tolist()
    for each in axes:
        each.spines[["top", "right"]].set_visible(False)
        each.tick_params(labelsize=8)
        each.grid(axis="y", color="#e3e1dc", linewidth=0.7)
        each.set_axisbelow(True)
    return figure, axes


def legend_below(figure: Figure, axes: Axes, n_columns: int) -> None:
    """One legend for the figure, below its panels."""
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=n_columns, frameon=False, fontsize=8)


def save(figure: Figure, path: Path) -> None:
    """Write a picture, without matplotlib's version in it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, format="png", metadata={"Software": None})


def in_percent(shares: Sequence[float | None]) -> list[float]:
    """Percent; NaN, which leaves a gap, for what is unknown."""
    return [float("nan") if share is None else 100 * share for share in shares]
