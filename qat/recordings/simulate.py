"""Ground-truth recordings in the manner of Quian Quiroga 2004 and Martinez 2009."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from spikeinterface.core import NumpyRecording, NumpySorting
from spikeinterface.core.generate import synthesize_poisson_spike_vector

from qat.errors import BadInput
from qat.recordings.shapes import (
    MS_AFTER,
    ShapeLibrary,
    choose_units,
    parametric_library,
    sampled_shapes,
    samples_before,
    unit_choices,
)
from qat.recordings.source import RecordedSource

SIMILARITY_LEVELS = {"easy": 0.60, "moderate": 0.80, "hard": 0.90, "hardest": 0.96}
"""Mean pairwise correlation of the units' shapes."""

_LIBRARY_SHAPES, _LIBRARY_SEED = 300, 2004
_PHASES = 8  # sub-sample positions of a spike: an eighth of a sample
_BLOCK = 40_000  # samples that get their background at a time, which bounds the memory
_BACKGROUND_DENSITY = 0.5  # small spikes a sample, of which none or one starts there
_WIDEST_MS = 0.4  # second peak of a unit
_BACKGROUND_WIDEST_MS, _BACKGROUND_MS_AFTER = 2.0, 4.5


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
    random amplitudes of either sign (Quian Quiroga et al., Neural Computation 16:1661-1687, 2004, section 3.1),
    and therefore has the spectrum of spikes. Their second peaks are up to five times as wide as those of units:
    without that, half of the power which the noise of that benchmark has below 300 Hz would be missing.

    Args:
        spec: what is wanted.
        progress: told the fraction done.
        library: shapes of units and background; None = parametric libraries.

    Returns:
        Traces in microvolts (gain 1, offset 0) and units "1", "2", ... timed at the sample of the extremum.

    Raises:
        BadInput: the library holds no units as similar as asked for.
    """
    rng = np.random.default_rng(spec.seed)
    shapes = _unit_shapes(spec, library)
    units = choose_units(shapes[:, 0], spec.n_units, spec.target_correlation, rng)
    traces = _background(spec, _background_shapes(spec, library), rng, progress)
    sample, unit = _firing(spec, shapes.shape[2], rng)
    phase = rng.integers(_PHASES, size=unit.size)
    amplitude_uv = _unit_amplitudes(spec, sample, unit, rng)
    _add_spikes(traces, shapes[units], sample - samples_before(spec.sampling_rate_hz), unit, phase, amplitude_uv)
    # From half a sample on, the extremum is nearer to the next sample.
    return _as_source(spec, library, traces, sample + (2 * phase >= _PHASES), unit)


def check_units(spec: SimulationSpec, library: ShapeLibrary | None = None) -> None:
    """Raise BadInput if the library holds no units as alike as `spec` asks for, whatever its seed."""
    unit_choices(_unit_shapes(spec, library)[:, 0], spec.n_units, spec.target_correlation)


def _unit_shapes(spec: SimulationSpec, library: ShapeLibrary | None) -> NDArray[np.float64]:
    if library is None:
        return _parametric_shapes(spec.sampling_rate_hz, _WIDEST_MS, MS_AFTER)
    return sampled_shapes(library, spec.sampling_rate_hz, _PHASES)


def _background_shapes(spec: SimulationSpec, library: ShapeLibrary | None) -> NDArray[np.float64]:
    if library is None:
        return _parametric_shapes(spec.sampling_rate_hz, _BACKGROUND_WIDEST_MS, _BACKGROUND_MS_AFTER)
    return sampled_shapes(library, spec.sampling_rate_hz, _PHASES)


@lru_cache(maxsize=4)
def _parametric_shapes(rate_hz: float, widest_ms: float, ms_after: float) -> NDArray[np.float64]:
    library = parametric_library(_LIBRARY_SHAPES, _LIBRARY_SEED, widest_ms, ms_after)
    shapes = sampled_shapes(library, rate_hz, _PHASES, ms_after)
    shapes.flags.writeable = False
    return shapes


def _background(
    spec: SimulationSpec,
    shapes: NDArray[np.float64],
    rng: np.random.Generator,
    progress: Callable[[float], None] | None,
) -> NDArray[np.float64]:
    """Noise `[n_channels, n_samples]` of mean 0 and exactly the wanted standard deviation.

    Of several channels a small spike is largest on one; the others see shares of that, squares of uniform numbers.
    """
    n_samples = round(spec.duration_s * spec.sampling_rate_hz)
    length = shapes.shape[2]
    traces = np.zeros((spec.n_channels, n_samples))
    for first in range(-length, n_samples, _BLOCK):
        end = min(first + _BLOCK, n_samples)
        start = np.flatnonzero(rng.random(end - first) < _BACKGROUND_DENSITY)
        share = rng.uniform(size=(spec.n_channels, start.size)) ** 2
        summed = _superimpose(
            shapes,
            end - first,
            start,
            shape=rng.integers(len(shapes), size=start.size),
            phase=rng.integers(_PHASES, size=start.size),
            amplitude_uv=rng.uniform(-1, 1, start.size) * share / share.max(axis=0),
        )
        begin, until = max(first, 0), min(end + length, n_samples)
        traces[:, begin:until] += summed[:, begin - first : until - first]
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


def _add_spikes(
    traces: NDArray[np.float64],
    shapes: NDArray[np.float64],
    start: NDArray[np.int64],
    shape: NDArray[np.int64],
    phase: NDArray[np.int64],
    amplitude_uv: NDArray[np.float64],
) -> None:
    """Add spikes to `traces` `[n_channels, n_samples]` in place; all lie inside, and several may start at once."""
    at = (start[:, None] + np.arange(shapes.shape[2])).ravel()
    waveforms = shapes[shape, phase]
    for channel, amplitude in enumerate(amplitude_uv):
        traces[channel] += np.bincount(at, (waveforms * amplitude[:, None]).ravel(), minlength=traces.shape[1])


def _superimpose(
    shapes: NDArray[np.float64],
    n_samples: int,
    start: NDArray[np.int64],
    shape: NDArray[np.int64],
    phase: NDArray[np.int64],
    amplitude_uv: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Sum of very many spikes, no two of which start at the same sample.

    Args:
        shapes: `[n_shapes, n_phases, length]`.
        n_samples: the spikes start before this sample.
        start: `[n_spikes]` samples, ascending, all different.
        shape: `[n_spikes]`.
        phase: `[n_spikes]`.
        amplitude_uv: `[n_channels, n_spikes]`.

    Returns:
        `[n_channels, n]` with n at least `n_samples + length`.
    """
    length = shapes.shape[2]
    n_rows = n_samples // length + 2
    summed = np.zeros((len(amplitude_uv), (n_rows + 1) * length))
    row, offset = np.divmod(start, length)
    # Spikes of one offset lie side by side, so that they are added as whole rows.
    by_offset = np.argsort(offset, kind="stable")
    ends = np.searchsorted(offset, np.arange(length + 1), sorter=by_offset)
    for shift in range(length):
        spikes = by_offset[ends[shift] : ends[shift + 1]]
        waveforms = shapes[shape[spikes], phase[spikes]]
        for trace, amplitude in zip(summed, amplitude_uv, strict=True):
            rows = trace[shift : shift + n_rows * length].reshape(n_rows, length)
            rows[row[spikes]] += waveforms * amplitude[spikes, None]
    return summed


def _as_source(
    spec: SimulationSpec,
    library: ShapeLibrary | None,
    traces: NDArray[np.float64],
    sample: NDArray[np.int64],
    unit: NDArray[np.int64],
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
        provenance=_in_words(spec, library),
    )


def _in_words(spec: SimulationSpec, library: ShapeLibrary | None) -> str:
    shapes = "" if library is None else f", shapes of {library.name}"
    rates = "/".join(f"{rate:g}" for rate in np.atleast_1d(spec.firing_rate_hz))
    channels = "1 channel" if spec.n_channels == 1 else f"{spec.n_channels} channels"
    return (
        f"simulated by spikeloom: {spec.n_units} units of mean correlation {spec.target_correlation:g} firing at "
        f"{rates} Hz, noise {spec.noise_level:g} of {spec.amplitude_uv:g} uV, drift {spec.amplitude_drift:g}, "
        f"{channels}, {spec.duration_s:g} s, seed {spec.seed}{shapes}"
    )
