"""What came of a job."""

from dataclasses import dataclass

from qat.sortings.score import FoundUnit


@dataclass(frozen=True)
class UnitResult:
    """One true unit in the test part; a share is None where it would be 0 / 0."""

    unit: str
    n: int
    precision: float | None
    """Of all spikes that get this unit, those of no unit included, the share that is its own."""
    recall: float | None


@dataclass(frozen=True)
class Truth:
    """The test part held against true units."""

    n_matched: int
    """Detections that are a true unit's."""
    accuracy: float | None
    """Share of those that get their true unit, overlapping spikes counted; None where there are none."""
    n_alone: int | None
    """Those with no other true spike in their window; None where overlaps are unknown."""
    accuracy_alone: float | None
    n_missed: int | None
    """True spikes that were not detected; None where windows came cut."""
    n_extra: int | None
    """Detections that are no true spike."""
    units: tuple[UnitResult, ...]
    sorted_units: tuple[FoundUnit, ...] = ()
    """The same units from the recording on, missed and extra spikes counted; none where nothing was detected."""


@dataclass(frozen=True)
class Result:
    """Counts, and shares of the test part."""

    n_train: int
    """Spikes of the training part that are seen, whatever their confidence."""
    n_validation: int
    n_test: int
    n_units_found: int
    """Units that the labels tell apart."""
    agreement: float | None
    """Share that gets its own label, of the spikes that have one."""
    truth: Truth | None
    """None where the true units are unknown."""

    @property
    def accuracy(self) -> float | None:
        """Share of spikes with their true unit; None where the true units are unknown."""
        return None if self.truth is None else self.truth.accuracy
