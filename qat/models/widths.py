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


def n_samples_of(n_inputs: int, n_channels: int) -> int:
    """Samples of a window per channel; raises BadInput where the inputs are not whole windows."""
    if n_channels < 1 or n_inputs < n_channels or n_inputs % n_channels:
        raise BadInput(f"{n_inputs} inputs of {n_channels} channels: must be a positive multiple of the channels")
    return n_inputs // n_channels
