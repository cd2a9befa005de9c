"""A sorting against the true units, by SpikeInterface's ground-truth comparison."""

from dataclasses import dataclass

import numpy as np
from spikeinterface.comparison import compare_sorter_to_ground_truth
from spikeinterface.core import BaseSorting, NumpySorting

from qat.sortings.make import sorting_of

MATCH_SCORE = 0.5
"""Least agreement at which a found unit is taken for a true one: SpikeInterface's own default."""


@dataclass(frozen=True)
class FoundUnit:
    """One true unit and the found unit that is taken for it; a share is None where it would be 0 / 0."""

    unit: str
    found_as: str | None
    """None where no found unit agrees with it by `MATCH_SCORE`; then nothing of it counts as found."""
    n_true: int
    n_found: int
    """Spikes of the found unit."""
    n_hits: int
    """Spikes of both."""

    @property
    def accuracy(self) -> float | None:
        """Hits / (true + found - hits)."""
        return _share(self.n_hits, self.n_true + self.n_found - self.n_hits)

    @property
    def precision(self) -> float | None:
        """Hits / found."""
        return _share(self.n_hits, self.n_found)

    @property
    def recall(self) -> float | None:
        """Hits / true."""
        return _share(self.n_hits, self.n_true)


def score_sorting(
    true: BaseSorting, found: BaseSorting, *, lag_samples: int, first_sample: int, match_ms: float
) -> tuple[FoundUnit, ...]:
    """Compare what was found from `first_sample` on with the true spikes of that stretch, missed ones included.

    Args:
        true: true units, times as their source states them.
        found: units found, times at our alignment sample. SpikeInterface asks whether the true units are all
            there are (`exhaustive_gt`); nothing that is told here depends on it.
        lag_samples: our alignment sample minus the stated time, estimated on the training part.
        first_sample: start of the test stretch; a true spike counts where it stands once the lag is removed.
        match_ms: largest distance of a hit.

    Returns:
        A row for each true unit.
    """
    rate_hz = float(found.sampling_frequency)
    reach = round(match_ms * 1e-3 * rate_hz)
    comparison = compare_sorter_to_ground_truth(
        _from_sample(true, first_sample, lag_samples),
        _from_sample(found, first_sample, 0),
        delta_time=1e3 * (reach + 0.5) / rate_hz,  # it rounds down to samples
        match_score=MATCH_SCORE,
    )
    names = {str(unit) for unit in found.unit_ids}
    rows = comparison.count_score.to_dict("index")
    return tuple(
        FoundUnit(
            unit=str(unit),
            found_as=row["tested_id"] if row["tested_id"] in names else None,
            n_true=int(row["num_gt"]),
            n_found=int(row["num_tested"]),
            n_hits=int(row["tp"]),
        )
        for unit, row in rows.items()
    )


def _from_sample(sorting: BaseSorting, first_sample: int, lag_samples: int) -> NumpySorting:
    """The spikes that stand at `first_sample` or later once the lag is added; units by name."""
    spikes = sorting.to_spike_vector()
    sample = spikes["sample_index"].astype(np.int64) + lag_samples
    kept = sample >= first_sample
    names = [str(unit) for unit in sorting.unit_ids]
    return sorting_of(sample[kept], spikes["unit_index"][kept], names, float(sorting.sampling_frequency))


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
