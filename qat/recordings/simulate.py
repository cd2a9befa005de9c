"""Ground-truth recordings in the manner of Quian Quiroga 2004 and Martinez 2009."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from spikeinterface.core import NumpyRecording, NumpySorting
from spikeinterface.core.generate import synthesize_poisson_spike_vector

from qat.errors import BadInput
from qat.recordings.shapes import (
    ShapeLibrary,
    choose_units,
    parametric_library,
    sampled_shapes,
    samples_before,
)
from qat.recordings.source import RecordedSource

SIMILARITY_LEVELS = {"easy": 0.60, "moderate": 0.80, "hard": 0.90, "hardest": 0.96}
"""Mean pairwise correlation of the units' shapes."""

_LIBRARY_SHAPES, _LIBRARY_SEED = 300, 2004
_PHASES = 8  # sub-sample positions of a spike: an eighth of a sample
_BLOCK = 40_000  # samples that get their background at a time, which bounds the memory


@dataclass(frozen=True)
class SimulationSpec:
    """What is simulated; the same spec gives the same recording, bit for bit."""

    duration_s: float = 60.0
    sampling_rate_hz: float = 24_000.0
    n_units: int = 3
    n_channels: int = 1
    similarity: str | float = "easy"
    """A level, or the mean pairwise correlation of the units' shapes."""
    noise_level: float = 0.10
    """Standard deviation of the background, as a share of the spikes' peak amplitude."""
    amplitude_uv: float = 100.0
    """Peak amplitude of every unit on its nearest channel."""
    firing_rate_hz: float | tuple[float, ...] = 10.0
    """Mean rate of all units, or of each."""
    refractory_ms: float = 2.0
    amplitude_drift: float = 0.0
    """Share of its amplitude that a unit gains or loses over the recording."""
    seed: int = 0

    def __post_init__(self) -> None:
        rates = np.atleast_1d(self.firing_rate_hz)
        checks = (
            (self.duration_s >= 0.1, "duration_s must be at least 0.1"),
            (self.sampling_rate_hz >= 5_000, "sampling_rate_hz must be at least 5000"),
            (self.n_units >= 1 and self.n_channels >= 1, "n_units and n_channels must be at least 1"),
            (
                self.similarity in SIMILARITY_LEVELS
                if isinstance(self.similarity, str)
                else -1 < self.similarity < 1,
                f"similarity must be one of {', '.join(SIMILARITY_LEVELS)}, or a correlation below 1",
            ),
            (0.05 <= self.noise_level <= 0.40, "noise_level must be 0.05 to 0.40"),
            (self.amplitude_uv > 0, "amplitude_uv must be positive"),
            (rates.size in (1, self.n_units), "firing_rate_hz must be one rate, or one for each unit"),
            (
                bool((rates > 0).all() and (rates * self.refractory_ms < 500).all()),
                "firing_rate_hz must be positive and leave half the time outside refractory_ms",
            ),
            (self.refractory_ms >= 0, "refractory_ms must not be negative"),
            (0 <= self.amplitude_drift < 1, "amplitude_drift must be in [0, 1)"),
            (self.seed >= 0, "seed must not be negative"),
        )
        for holds, message in checks:
            if not holds:
                raise BadInput(f"simulation settings: {message}; got {self}")

    @property
    def target_correlation(self) -> float:
        """`similarity` as a number."""
        return SIMILARITY_LEVELS[self.similarity] if isinstance(self.similarity, str) else self.similarity

    @property
    def noise_uv(self) -> float:
        """Standard deviation of the background on every channel."""
        return self.noise_level * self.amplitude_uv


def simulate_recording(
    spec: SimulationSpec,
    progress: Callable[[float], None] | None = None,
    library: ShapeLibrary | None = None,
) -> RecordedSource:
    """Simulate a recording with known units.

    Units fire as Poisson processes with a refractory period, independently, so that spikes overlap. The
    background is made of very many small spikes, half as many as there are samples, at random times and of
    random amplitudes (Quian Quiroga et al., Neural Computation 16:1661-1687, 2004, section 3.1), and therefore
    has the spectrum of spikes.

    Args:
        spec: what is wanted.
        progress: told the fraction done.
        library: shapes of units and background; None = a parametric library.

    Returns:
        Traces in microvolts (gain 1, offset 0) and units "1", "2", ... timed at the sample of the extremum.

    Raises:
        BadInput: the library holds no units as similar as asked for.
    """
    rng = np.random.default_rng(spec.seed)
    shapes = sampled_shapes(
        library or parametric_library(_LIBRARY_SHAPES, _LIBRARY_SEED), spec.sampling_rate_hz, _PHASES
    )
    units = choose_units(shapes[:, 0], spec.n_units, spec.target_correlation, rng)
    traces = _background(spec, shapes, rng, progress)
    sample, unit = _firing(spec, shapes.shape[2], rng)
    phase = rng.integers(_PHASES, size=unit.size)
    _superimpose(
        traces,
        shapes[units],
        start=sample - samples_before(spec.sampling_rate_hz),
        shape=unit,
        phase=phase,
        amplitude_uv=_unit_amplitudes(spec, sample, unit, rng),
    )
    # From half a sample on, the extremum is nearer to the next sample.
    return _as_source(spec, traces, sample + (2 * phase >= _PHASES), unit)


def _background(
    spec: SimulationSpec,
    shapes: NDArray[np.float64],
    rng: np.random.Generator,
    progress: Callable[[float], None] | None,
) -> NDArray[np.float64]:
    """Noise `[n_channels, n_samples]` of mean 0 and exactly the wanted standard deviation.

    Every small spike has its own size on every channel, the square of a uniform number, which correlates
    the channels' noise by about 0.56.
    """
    n_samples = round(spec.duration_s * spec.sampling_rate_hz)
    traces = np.zeros((spec.n_channels, n_samples))
    for first in range(-shapes.shape[2], n_samples, _BLOCK):
        end = min(first + _BLOCK, n_samples)
        n_spikes = (end - first) // 2
        _superimpose(
            traces,
            shapes,
            start=rng.integers(first, end, n_spikes),
            shape=rng.integers(len(shapes), size=n_spikes),
            phase=rng.integers(_PHASES, size=n_spikes),
            amplitude_uv=rng.uniform(size=n_spikes) * rng.uniform(size=(spec.n_channels, n_spikes)) ** 2,
        )
        if progress is not None:
            progress(end / n_samples)
    traces -= traces.mean(axis=1, keepdims=True)
    traces *= spec.noise_uv / traces.std(axis=1, keepdims=True)
    return traces


def _firing(
    spec: SimulationSpec, shape_samples: int, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Extremum sample and unit of every spike, in order of time; spikes cut by an end are left out."""
    sample, unit = synthesize_poisson_spike_vector(
        num_units=spec.n_units,
        sampling_frequency=spec.sampling_rate_hz,
        duration=spec.duration_s,
        refractory_period_ms=spec.refractory_ms,
        firing_rates=np.broadcast_to(np.asarray(spec.firing_rate_hz, dtype=float), (spec.n_units,)),
        seed=int(rng.integers(2**32)),
    )
    whole = (sample >= shape_samples) & (sample < round(spec.duration_s * spec.sampling_rate_hz) - shape_samples)
    return sample[whole].astype(np.int64), unit[whole].astype(np.int64)


def _unit_amplitudes(
    spec: SimulationSpec, sample: NDArray[np.int64], unit: NDArray[np.int64], rng: np.random.Generator
) -> NDArray[np.float64]:
    """Amplitude `[n_channels, n_spikes]` of every spike: the unit's own share per channel, and its drift."""
    share = rng.uniform(0.2, 1.0, (spec.n_channels, spec.n_units))
    share /= share.max(axis=0)
    direction = rng.choice([-1.0, 1.0], spec.n_units)
    elapsed = sample / (spec.duration_s * spec.sampling_rate_hz) - 0.5
    return spec.amplitude_uv * share[:, unit] * (1 + direction[unit] * spec.amplitude_drift * elapsed)


def _superimpose(
    traces: NDArray[np.float64],
    shapes: NDArray[np.float64],
    start: NDArray[np.int64],
    shape: NDArray[np.int64],
    phase: NDArray[np.int64],
    amplitude_uv: NDArray[np.float64],
) -> None:
    """Add spikes to `traces` `[n_channels, n_samples]` in place; what falls outside is dropped."""
    at = start[:, None] + np.arange(shapes.shape[2])
    inside = (at >= 0) & (at < traces.shape[1])
    first = int(at[inside].min(initial=traces.shape[1]))
    spikes = shapes[shape, phase]
    for channel, amplitude in enumerate(amplitude_uv):
        summed = np.bincount(at[inside] - first, (spikes * amplitude[:, None])[inside])
        traces[channel, first : first + summed.size] += summed


def _as_source(
    spec: SimulationSpec, traces: NDArray[np.float64], sample: NDArray[np.int64], unit: NDArray[np.int64]
) -> RecordedSource:
    recording = NumpyRecording([traces.T.astype(np.float32)], spec.sampling_rate_hz)
    recording.set_channel_gains(1.0)
    recording.set_channel_offsets(0.0)
    names = [str(1 + index) for index in range(spec.n_units)]
    sorting = NumpySorting.from_samples_and_labels(
        [sample], [np.array(names)[unit]], spec.sampling_rate_hz, unit_ids=names
    )
    return RecordedSource(
        name="simulated",
        recording=recording,
        sorting=sorting,
        unit_of_measure="uV",
        provenance=_in_words(spec),
    )


def _in_words(spec: SimulationSpec) -> str:
    rates = "/".join(f"{rate:g}" for rate in np.atleast_1d(spec.firing_rate_hz))
    channels = "1 channel" if spec.n_channels == 1 else f"{spec.n_channels} channels"
    return (
        f"simulated by spikeloom: {spec.n_units} units of mean correlation {spec.target_correlation:g} firing at "
        f"{rates} Hz, noise {spec.noise_level:g} of {spec.amplitude_uv:g} uV, drift {spec.amplitude_drift:g}, "
        f"{channels}, {spec.duration_s:g} s, seed {spec.seed}"
    )
