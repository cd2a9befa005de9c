"""Libraries of spike shapes, and the choice of units that are as alike as asked for."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline
from scipy.signal.windows import tukey

from qat.errors import BadInput

MS_BEFORE, MS_AFTER = 0.8, 1.7
"""What of a spike is simulated before and after its extremum."""

_FINE_RATE_HZ = 192_000.0
_SIMILARITY_TOLERANCE = 0.12


@dataclass(frozen=True, eq=False)
class ShapeLibrary:
    """Mean spike shapes of one channel, all on one grid."""

    waveforms: NDArray[np.float64]
    """`[n_shapes, n_samples]`, any amplitude, any alignment."""
    sampling_rate_hz: float

    def __post_init__(self) -> None:
        if self.waveforms.ndim != 2 or self.waveforms.shape[1] < 8:
            raise BadInput(
                f"shape library: shape {self.waveforms.shape}; expected [n_shapes, n_samples], 8 samples or more"
            )
        flat = ~np.isfinite(self.waveforms).all(axis=1) | (np.ptp(self.waveforms, axis=1) == 0)
        if flat.any():
            raise BadInput(f"shape library: shape {flat.argmax()} is flat or not finite")


def parametric_library(n_shapes: int, seed: int) -> ShapeLibrary:
    """Smooth extracellular shapes: a small first peak, the trough, and a slower second peak.

    Each phase is a Gaussian. Widths and trough-to-peak times span those of cortical interneurons and
    pyramidal cells (Barthó et al., J. Neurophysiol. 92:600-608, 2004: trough to peak 0.2 to 0.9 ms).
    """
    rng = np.random.default_rng(seed)
    n_drawn = 2 * n_shapes  # about one in four has a peak near its trough's size and is left out

    def uniform(low: float, high: float) -> NDArray[np.float64]:
        return rng.uniform(low, high, (n_drawn, 1))

    t_ms = np.arange(-MS_BEFORE, MS_AFTER, 1e3 / _FINE_RATE_HZ)[None, :]
    trough = _gaussian(t_ms, 0.0, uniform(0.05, 0.28))
    first_peak = uniform(0.0, 0.5) * _gaussian(t_ms, -uniform(0.15, 0.45), uniform(0.06, 0.20))
    second_peak = uniform(0.05, 0.9) * _gaussian(t_ms, uniform(0.20, 0.90), uniform(0.08, 0.40))
    waveforms = (first_peak + second_peak - trough) * tukey(t_ms.size, 0.3)
    trough_is_largest = waveforms.max(axis=1) < -0.8 * waveforms.min(axis=1)
    return ShapeLibrary(waveforms[trough_is_largest][:n_shapes], _FINE_RATE_HZ)


def sampled_shapes(library: ShapeLibrary, rate_hz: float, n_phases: int) -> NDArray[np.float64]:
    """Unit-amplitude shapes on the grid of a recording, at several sub-sample delays.

    Returns:
        `[n_shapes, n_phases, n_samples]`; the extremum, of size 1, stands at sample
        `samples_before(rate_hz) + phase / n_phases`. Cubic splines between samples, zero outside the library's
        window, whose ends are tapered to zero.
    """
    tapered = library.waveforms * tukey(library.waveforms.shape[1], 0.2)
    time_s = np.arange(tapered.shape[1]) / library.sampling_rate_hz
    fine_s = np.arange(0.0, time_s[-1], 1 / max(_FINE_RATE_HZ, library.sampling_rate_hz))
    n_samples = samples_before(rate_hz) + round(MS_AFTER * 1e-3 * rate_hz) + 1
    sample = np.arange(n_samples) - samples_before(rate_hz)
    grid_s = (sample - np.arange(n_phases)[:, None] / n_phases) / rate_hz

    shapes = np.zeros((len(tapered), n_phases, n_samples))
    for shape, waveform in zip(shapes, tapered, strict=True):
        spline = CubicSpline(time_s, waveform)
        size = np.abs(spline(fine_s))
        at_s = fine_s[size.argmax()] + grid_s
        inside = (at_s >= 0) & (at_s <= time_s[-1])
        shape[inside] = spline(at_s[inside]) / size.max()
    return shapes


def samples_before(rate_hz: float) -> int:
    """Samples of a simulated spike that precede its extremum."""
    return round(MS_BEFORE * 1e-3 * rate_hz)


def choose_units(
    shapes: NDArray[np.float64], n_units: int, similarity: float, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Pick units whose pairwise correlations all lie near `similarity`.

    Args:
        shapes: `[n_shapes, n_samples]`, aligned on their extremum.
        n_units: how many to pick.
        similarity: target of the mean pairwise Pearson correlation.
        rng: decides between equally good choices.

    Returns:
        `[n_units]` rows of `shapes`: from many starts, the greedy choice with the smallest worst deviation.

    Raises:
        BadInput: the library has too few shapes, or its best choice misses the target by more than 0.12.
    """
    if n_units > len(shapes):
        raise BadInput(f"simulation: {n_units} units wanted, the shape library has {len(shapes)}")
    deviation = np.abs(np.corrcoef(shapes) - similarity)
    candidates = [_grow(deviation, start, n_units) for start in rng.permutation(len(shapes))[:64]]
    chosen = min(candidates, key=lambda rows: _worst_pair(deviation, rows))
    if n_units > 1 and abs(mean_correlation(shapes[chosen]) - similarity) > _SIMILARITY_TOLERANCE:
        raise BadInput(
            f"simulation: no {n_units} shapes of mean correlation {similarity} in the library; "
            f"nearest is {mean_correlation(shapes[chosen]):.2f}"
        )
    return chosen


def mean_correlation(shapes: NDArray[np.float64]) -> float:
    """Mean Pearson correlation over all pairs of `[n, n_samples]` shapes."""
    return float(np.asarray(np.corrcoef(shapes))[np.triu_indices(len(shapes), 1)].mean())


def _gaussian(
    t: NDArray[np.float64], center: NDArray[np.float64] | float, width: NDArray[np.float64]
) -> NDArray[np.float64]:
    return np.exp(-0.5 * ((t - center) / width) ** 2)


def _grow(deviation: NDArray[np.float64], start: int, n_units: int) -> NDArray[np.int64]:
    chosen = [start]
    while len(chosen) < n_units:
        worst = deviation[:, chosen].max(axis=1)
        worst[chosen] = np.inf
        chosen.append(int(worst.argmin()))
    return np.array(chosen)


def _worst_pair(deviation: NDArray[np.float64], rows: NDArray[np.int64]) -> float:
    pairs = np.triu_indices(len(rows), 1)
    return float(deviation[np.ix_(rows, rows)][pairs].max(initial=0.0))
