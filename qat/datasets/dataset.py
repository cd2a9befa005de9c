"""What a data set is, wherever it comes from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from qat.recordings.source import RecordedSource, StoredWindows
from qat.spikes.cut import spikes_from_recording, spikes_from_windows
from qat.spikes.spec import SpikeSpec
from qat.spikes.spikeset import SpikeSet

Factor = float | int | str | None


@dataclass(frozen=True)
class DataSet:
    """A named source of spikes, from which each seed draws."""

    name: str
    provenance: str
    """One line: where the data come from."""
    factors: Mapping[str, Factor]
    """`similarity` (a level, or a correlation), `noise` (share of the peak amplitude), `units`, `drift` (share of the
    amplitude), `channels`; None where unknown."""
    source: Callable[[int], RecordedSource | StoredWindows]
    """By seed: a new recording where it is generated, the same one where it is a file."""
    given_units: int | None = None
    """Number of units that the pre-sorter is told; None = the data decide."""
    spec: SpikeSpec = field(default_factory=SpikeSpec)
    """How spikes are detected, cut, split and quantized."""

    @property
    def differences(self) -> tuple[int, ...]:
        """Orders of differences between samples that a network is given, where nothing else is asked for."""
        return self.spec.orders_for(int(str(self.factors["channels"])))

    def spikes(self, seed: int) -> SpikeSet:
        """The spikes of a seed, which draws the split as well where times are unknown.

        Raises:
            BadInput: the source cannot be used, see `spikes_from_recording` and `spikes_from_windows`.
        """
        spec, source = replace(self.spec, split_seed=seed), self.source(seed)
        if isinstance(source, RecordedSource):
            return spikes_from_recording(source, spec)
        return spikes_from_windows(source, spec)
