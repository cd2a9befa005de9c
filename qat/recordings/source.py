"""What a source of spikes is: a continuous recording, or windows that somebody else has cut."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray
from spikeinterface.core import BaseRecording, BaseSorting

LabelKind = Literal["true units", "reference labels"]
"""What a source's labels are worth: known from the making or a second recording, or somebody's own sorting."""
LABEL_KINDS: tuple[LabelKind, ...] = get_args(LabelKind)


@dataclass(frozen=True, eq=False)
class RecordedSource:
    """A continuous recording with its true units, where they are known."""

    name: str
    recording: BaseRecording
    """One segment; scaled to microvolts on request where the source states a gain."""
    sorting: BaseSorting | None
    """True units, their times in samples of `recording`; None where nobody knows them."""
    unit_of_measure: str
    """`"uV"` where the source states a gain, else `"source units"`."""
    provenance: str
    """One line: where the data came from."""
    labels_are: LabelKind = "true units"

    @property
    def n_channels(self) -> int:
        """Channels of the recording."""
        return int(self.recording.get_num_channels())

    @property
    def sampling_rate_hz(self) -> float:
        """Samples per second of every channel."""
        return float(self.recording.sampling_frequency)


@dataclass(frozen=True, eq=False)
class StoredWindows:
    """Spikes already cut by somebody else: no filtering or alignment of ours touches them."""

    name: str
    waveforms: NDArray[np.float32]
    """`[n_spikes, n_channels, n_samples]` in `unit_of_measure`."""
    sample_index: NDArray[np.int64] | None
    """`[n_spikes]` time of each spike in samples, where the source states it."""
    sampling_rate_hz: float | None
    true_unit: NDArray[np.int32] | None
    """`[n_spikes]` the source's own label; -1 = no single unit. None when nothing is labelled."""
    overlap: NDArray[np.bool_] | None
    """`[n_spikes]` the source says that another spike overlaps."""
    unit_of_measure: str
    provenance: str
    labels_are: LabelKind = "true units"

    @property
    def n_channels(self) -> int:
        """Channels in a window."""
        return int(self.waveforms.shape[1])
