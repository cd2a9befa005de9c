"""Pictures of a training, as PNG: learning curves and confusion matrix."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from qat.errors import BadInput
from qat.training import EpochRecord

_DPI = 120
_MOST_NUMBERS = 1600  # cells of a matrix that still have room for a number
_LONGEST_INCHES = 30.0  # of a side, however many units there are


def draw_learning_curves(histories: Mapping[str, Sequence[EpochRecord]], path: Path) -> None:
    """Loss and accuracy over the epochs of one or several named networks: training dashed, validation solid."""
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    loss, accuracy = figure.subplots(1, 2)
    for index, (name, history) in enumerate(histories.items()):
        epochs = np.arange(1, len(history) + 1)
        for axes, quantity in ((loss, "loss"), (accuracy, "accuracy")):
            for part, style in (("train", "--"), ("validation", "-")):
                # Matplotlib leaves a gap for NaN, which is how an epoch without validation is to look.
                values = [getattr(record, f"{part}_{quantity}") for record in history]
                axes.plot(epochs, np.array(values, dtype=float), style, color=f"C{index}", label=f"{name}, {part}")
    loss.set(xlabel="epoch", ylabel="loss [nats]")
    loss.set_yscale("symlog", linthresh=1e-4)  # logarithmic above: a single unit has a loss of exactly 0
    accuracy.set(xlabel="epoch", ylabel="share with its pseudo-label")
    accuracy.legend(loc="lower right", fontsize="small")
    _save(figure, path)


def draw_confusion_matrix(
    actual: NDArray[np.integer],
    predicted: NDArray[np.integer],
    actual_names: Sequence[str],
    predicted_names: Sequence[str],
    path: Path,
) -> None:
    """Count spikes by actual row and predicted column, shaded by the share of the row.

    Counts stand in the cells as long as they have room.
    actual, predicted: [n], indices into their names. Raises BadInput for an index outside of them.
    """
    counts = np.zeros((len(actual_names), len(predicted_names)), dtype=np.int64)
    for what, indices, names in (
        ("actual", actual, actual_names),
        ("predicted", predicted, predicted_names),
    ):
        if indices.size and not 0 <= indices.min() <= indices.max() < len(names):
            raise BadInput(f"confusion matrix: {what} {indices.min()} ... {indices.max()}, {len(names)} names")
    np.add.at(counts, (actual, predicted), 1)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    size_inches = [min(_LONGEST_INCHES, 1.6 + 0.7 * len(names)) for names in (predicted_names, actual_names)]
    figure = Figure(figsize=(size_inches[0], size_inches[1]), layout="constrained")
    axes = figure.subplots()
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for (row, column), count in np.ndenumerate(counts) if counts.size <= _MOST_NUMBERS else ():
        color = "white" if shares[row, column] > 0.5 else "black"
        axes.text(column, row, str(count), ha="center", va="center", color=color)
    # Names come from files: a dollar sign in one is no formula.
    axes.set_xticks(range(len(predicted_names)), predicted_names, parse_math=False)
    axes.set_yticks(range(len(actual_names)), actual_names, parse_math=False)
    axes.set(xlabel="predicted", ylabel="actual")
    _save(figure, path)


def _save(figure: Figure, path: Path) -> None:
    """Through a canvas of its own, no display needed, and without matplotlib's version in the file."""
    figure.set_dpi(_DPI)
    FigureCanvasAgg(figure).print_png(path, metadata={"Software": None})
