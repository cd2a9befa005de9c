"""The true units as a sorting, and from where on they are scored."""

import numpy as np
from spikeinterface.core import BaseSorting

from qat.recordings.source import RecordedSource, StoredWindows
from qat.sortings.make import sorting_of
from qat.spikes.spec import SpikeSpec
from qat.spikes.spikeset import TEST, SpikeSet
from qat.spikes.split import block_ends


def true_sorting(source: RecordedSource | StoredWindows, spikes: SpikeSet) -> BaseSorting | None:
    """Every true spike, those that detection missed included; of windows that came cut, the ones that are there.

    Times are as the source states them. None where units, times or the rate are unknown.
    """
    if isinstance(source, RecordedSource):
        return source.sorting
    if spikes.true_unit is None or spikes.sample_index is None or spikes.sampling_rate_hz is None:
        return None
    return sorting_of(spikes.sample_index, spikes.true_unit, spikes.unit_names, spikes.sampling_rate_hz)


def first_test_sample(source: RecordedSource | StoredWindows, spikes: SpikeSet) -> int | None:
    """Sample at which the test stretch begins; None where spikes have no times, and are split at random."""
    if isinstance(source, RecordedSource):
        split = spikes.preprocessing["split"]
        spec = SpikeSpec(train_fraction=split["train"], validation_fraction=split["validation"])
        return block_ends(source.recording.get_num_samples(0), spec)[1]
    if spikes.sample_index is None:
        return None
    return int(np.min(spikes.sample_index[spikes.part == TEST]))
