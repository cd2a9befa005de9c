"""The recording that is simulated where none is read."""

from dataclasses import dataclass
from pathlib import Path

from flows.settings.require import require, require_seed
from qat.recordings.limits import MAX_FILE_BYTES


@dataclass(frozen=True)
class SimulationSettings:
    """The ground-truth recording that is simulated where no recording is given."""

    # Length of the recording.
    duration_s: float = 60.0
    # Units that fire; each is one class to be found again.
    units: int = 3
    # Mean pairwise correlation of the units' waveforms: 0.6 easy, 0.8 moderate, 0.9 hard, 0.96 hardest.
    similarity: float = 0.60
    # Standard deviation of the background noise as a fraction of the spike amplitude.
    noise: float = 0.10
    # Electrode channels that see every unit.
    channels: int = 1
    # Samples a second of every channel.
    sampling_rate_hz: float = 24_000.0
    # Mean firing rate of every unit.
    rate_hz: float = 10.0
    # Change of every unit's amplitude from the recording's start to its end, as a fraction of the amplitude.
    drift: float = 0.0
    # Of waveforms, spike times and noise.
    seed: int = 0

    def __post_init__(self) -> None:
        duration_s, rate_hz = self.duration_s, self.rate_hz
        require(0.1 <= duration_s <= 86_400, "--duration-s", duration_s, "0.1 second to a day (86400)")
        require(1 <= self.units <= 64, "--units", self.units, "1 to 64")
        require(0 <= self.similarity < 1, "--similarity", self.similarity, "0 up to, not including, 1")
        require(0.05 <= self.noise <= 0.40, "--noise", self.noise, "0.05 to 0.40 of the spike amplitude")
        require(1 <= self.channels <= 64, "--channels", self.channels, "1 to 64")
        sampling_hz = self.sampling_rate_hz
        require(5_000 <= sampling_hz <= 200_000, "--sampling-hz", sampling_hz, "5000 to 200000 Hz")
        require(0 < rate_hz <= 200, "--firing-hz", rate_hz, "more than 0, at most 200 spikes a second")
        require(0 <= self.drift < 1, "--drift", self.drift, "0 up to, not including, 1")
        require_seed(self.seed)


def require_templates(path: Path | None) -> None:
    """Raise BadInput for a file of mean waveforms that cannot be one, before anything of it is read."""
    if path is not None:
        require(path.is_file() and path.suffix.lower() == ".npz", "--templates", path, "a file (.npz) that is there")
        small = path.stat().st_size <= MAX_FILE_BYTES
        require(small, "--templates", path, f"a file of at most {MAX_FILE_BYTES >> 30} GB")
