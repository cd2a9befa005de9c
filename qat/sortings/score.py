"""A sorting against the true units, by SpikeInterface's ground-truth comparison."""

from dataclasses import dataclass

from spikeinterface.core import BaseSorting

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
        found: units found, times at our alignment sample.
        lag_samples: our alignment sample minus the stated time, estimated on the training part.
        first_sample: start of the test stretch; a true spike counts where it stands once the lag is removed.
        match_ms: largest distance of a hit.

    Returns:
        A row for each true unit.
    """
    raise NotImplementedError


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
