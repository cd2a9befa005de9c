"""The widths of a fully connected network."""

from collections.abc import Sequence

from qat.errors import BadInput

HIDDEN = (256, 256)  # Meyer, Zamani and Demosthenous 2025, doi 10.1109/ACCESS.2025.3552008


def checked_widths(n_inputs: int, n_units: int, hidden: Sequence[int]) -> list[int]:
    """[n_inputs, *hidden, n_units]; raises BadInput where one is below 1."""
    widths = [n_inputs, *hidden, n_units]
    if min(widths) < 1:
        raise BadInput(f"network widths {widths}: every width must be at least 1")
    return widths
