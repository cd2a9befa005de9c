"""Sortings as NWB files: a units table without a recording beside it."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path

from pynwb import NWBHDF5IO, NWBFile
from spikeinterface.core import BaseSorting

_START = datetime(1970, 1, 1, tzinfo=UTC)  # NWB wants a time; ours is unknown


def write_nwb(sorting: BaseSorting, path: Path, description: str) -> None:
    """Write the spike trains in seconds since the recording's first sample, the unit's name in column `unit_name`.

    For `spikeinterface.extractors.read_nwb_sorting`, which takes the rate from the table's resolution.

    Args:
        sorting: one segment.
        path: the file (.nwb).
        description: of the session: what sorted what, in words.
    """
    rate_hz = float(sorting.sampling_frequency)
    file = NWBFile(
        session_description=description,
        identifier=hashlib.sha256(description.encode() + sorting.to_spike_vector().tobytes()).hexdigest(),
        session_start_time=_START,
        notes="The session's start is unknown and set to 1970; times are seconds from the recording's first sample.",
    )
    file.add_unit_column("unit_name", "name of the unit, which is the network's class")
    for unit in sorting.unit_ids:
        times_s = sorting.get_unit_spike_train(unit, segment_index=0) / rate_hz
        file.add_unit(spike_times=times_s, unit_name=str(unit))
    file.units.resolution = 1.0 / rate_hz
    with NWBHDF5IO(path, "w") as stream:
        stream.write(file)
