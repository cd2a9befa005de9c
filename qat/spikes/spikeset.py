"""The spikes as the hardware will see them, and everything known about how they were made."""

import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qat.errors import BadInput
from qat.recordings.source import LabelKind

TRAIN, VALIDATION, TEST = 0, 1, 2
PART_NAMES = ("train", "validation", "test")

_ARRAYS = ("waveforms", "network_windows", "part", "channel")
_OPTIONAL_ARRAYS = ("sample_index", "true_unit", "overlap", "noise")
_FACTS = (
    "sampling_rate_hz",
    "unit_names",
    "bits",
    "lsb",
    "network_lsb",
    "unit_of_measure",
    "preprocessing",
    "detection",
    "provenance",
    "labels_are",
)


@dataclass(frozen=True, eq=False)
class SpikeSet:
    """Quantized spike windows, split into parts."""

    waveforms: NDArray[Any]
    """`[n_spikes, n_channels, n_samples]` int8 (int16 above 8 bits), as filtered: what people and the
    pre-sorter see."""
    network_windows: NDArray[Any]
    """`[n_spikes, n_channels * n_orders, n_samples]` of the same type, the hardware's input: differences between the
    samples, of the orders that `preprocessing` states."""
    part: NDArray[np.int8]
    """`[n_spikes]` TRAIN, VALIDATION or TEST."""
    channel: NDArray[np.int16]
    """`[n_spikes]` channel with the largest deflection."""
    sample_index: NDArray[np.int64] | None
    """`[n_spikes]` sample of the recording on which the window is aligned (stored windows: as stated)."""
    sampling_rate_hz: float | None
    true_unit: NDArray[np.int32] | None
    """`[n_spikes]` index into `unit_names`; -1 = no true unit (extra detection, multi-unit, unlabelled)."""
    overlap: NDArray[np.bool_] | None
    """`[n_spikes]` another true spike lies within the window."""
    unit_names: tuple[str, ...]
    """Names of the true units; empty when they are unknown."""
    bits: int
    """Bits of a sample, two's complement."""
    lsb: float
    """`unit_of_measure` per least significant bit of `waveforms`."""
    network_lsb: tuple[float, ...]
    """The same of `network_windows`, for each order."""
    unit_of_measure: str
    preprocessing: Mapping[str, Any]
    """JSON-able: filter, threshold, dead time, alignment, window, split."""
    detection: Mapping[str, Any] | None
    """JSON-able: per part n_true, n_matched, n_missed, n_extra; None when the windows came cut
    or when the true spikes are unknown."""
    provenance: str
    noise: NDArray[Any] | None = None
    """`[n, n_channels, n_samples]` windows of the training stretch without a spike, quantized like `waveforms`;
    None when the windows came cut."""
    labels_are: LabelKind = "true units"
    """What `true_unit` is worth."""

    @property
    def n_spikes(self) -> int:
        """Number of spikes in all parts together."""
        return int(self.waveforms.shape[0])

    @property
    def n_channels(self) -> int:
        """Channels in a window."""
        return int(self.waveforms.shape[1])

    @property
    def n_samples(self) -> int:
        """Samples of a window per channel."""
        return int(self.waveforms.shape[2])

    @property
    def n_network_rows(self) -> int:
        """Rows of a network's window: one for every channel and order of differences."""
        return int(self.network_windows.shape[1])

    @property
    def microvolts_per_lsb(self) -> tuple[float, ...] | None:
        """Of the network's input, for each order, where the source states a gain, else None."""
        return self.network_lsb if self.unit_of_measure == "uV" else None

    def inputs(self, part: int | None = None) -> NDArray[Any]:
        """A network's inputs of one part (None = all), channel-major: `[n, n_network_rows * n_samples]`."""
        chosen = self.network_windows if part is None else self.network_windows[self.part == part]
        return chosen.reshape(len(chosen), -1)

    def save(self, path: Path) -> None:
        """Write everything to one `.npz`; the same set gives the same bytes."""
        arrays = {name: getattr(self, name) for name in _ARRAYS}
        present = {name: getattr(self, name) for name in _OPTIONAL_ARRAYS if getattr(self, name) is not None}
        facts = json.dumps({name: getattr(self, name) for name in _FACTS}, sort_keys=True)
        with path.open("wb") as file:
            np.savez_compressed(file, allow_pickle=False, facts=np.array(facts), **arrays, **present)

    @classmethod
    def load(cls, path: Path) -> "SpikeSet":
        """Read what `save` wrote.

        Raises:
            BadInput: the file is missing or is no saved spike set.
        """
        try:
            with np.load(path, allow_pickle=False) as file:
                arrays = {name: file[name] for name in _ARRAYS}
                optional = {name: file.get(name) for name in _OPTIONAL_ARRAYS}
                facts = json.loads(str(file["facts"]))
            facts |= {name: tuple(facts[name]) for name in ("unit_names", "network_lsb")}
            return cls(**arrays, **optional, **facts)
        except FileNotFoundError as error:
            raise BadInput(f"{path}: no such file; expected a spike set (.npz) written by spikeloom") from error
        except (OSError, KeyError, ValueError, TypeError, EOFError, zipfile.BadZipFile) as error:
            raise BadInput(f"{path}: not a spike set written by this version of spikeloom; train anew") from error
