"""Sortings in SpikeInterface's own two formats."""

import warnings
from pathlib import Path

from spikeinterface.core import BaseSorting, NpzSortingExtractor, NumpyFolderSorting


def write_npz(sorting: BaseSorting, path: Path) -> None:
    """One `.npz`, for `spikeinterface.core.read_npz_sorting`; the same sorting gives the same bytes."""
    with path.open("wb") as file:  # else numpy appends .npz to a name of another ending
        NpzSortingExtractor.write_sorting(sorting, file)


def write_folder(sorting: BaseSorting, path: Path) -> None:
    """A folder, for `spikeinterface.load`; the same sorting gives the same bytes."""
    with warnings.catch_warnings():
        # It would note the arguments of a sorting that itself was read from a file.
        warnings.filterwarnings("ignore", message="The extractor is not serializable to file")
        NumpyFolderSorting.write_sorting(sorting, path)
