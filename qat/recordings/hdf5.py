"""What an HDF5 file, such as NWB, may hold before anything of it is believed."""

from pathlib import Path

import h5py

from qat.errors import BadInput

_MOST_PACKED = 2000
"""Bytes that a stored byte may stand for: gzip packs up to 1032 zeros into one."""


def check_hdf5(path: Path) -> None:
    """Refuse data that lie in other files, and data sets larger than the file could hold.

    Raises:
        BadInput: there is such a link or data set; the message names it.
        OSError, ValueError, KeyError, TypeError, RuntimeError: the file is damaged.
    """
    most = _MOST_PACKED * path.stat().st_size

    def check_link(name: str, link: object) -> None:
        if isinstance(link, h5py.ExternalLink):
            raise BadInput(f"{path}: {name!r} lies in another file; save the recording with all data inside")

    def check_object(name: str, item: object) -> None:
        if not isinstance(item, h5py.Dataset):
            return
        if item.external or item.is_virtual:
            raise BadInput(f"{path}: {name!r} takes its data from another file; save them inside")
        if item.nbytes > most:
            raise BadInput(f"{path}: {name!r} claims {item.nbytes} bytes, more than the file can hold; save it anew")

    with h5py.File(path, "r") as file:
        file.visititems_links(check_link)
        file.visititems(check_object)
