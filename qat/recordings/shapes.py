"""Libraries of spike shapes, and the choice of units that are as alike as asked for."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline
from scipy.signal.windows import tukey

from qat.errors import BadInput

MS_BEFORE, MS_AFTER = 0.8, 1.7
"""What of a unit's spike is simulated before and after its extremum."""

_FINE_RATE_HZ = 192_000.0
_SIMILARITY_TOLERANCE = 0.12
_GOOD_SHARE = 0.1  # of the choices of units: those whose pairs are nearest to what is asked for


@dataclass(frozen=True, eq=False)
class ShapeLibrary:
    """Mean spike shapes of one channel, all on one grid."""

    waveforms: NDArray[np.float64]
    """`[n_shapes, n_samples]`, any amplitude, any alignment."""
    sampling_rate_hz: float
    name: str = "a user's library"

    def __post_init__(self) -> None:
        if self.waveforms.ndim != 2 or self.waveforms.shape[1] < 8:
            raise BadInput(
                f"shape library: shape {self.waveforms.shape}; expected [n_shapes, n_samples], 8 samples or more"
            )
        flat = ~np.isfinite(self.waveforms).all(axis=1) | (np.ptp(self.waveforms, axis=1) == 0)
        if flat.any():
            raise BadInput(f"shape library: shape {flat.argmax()} is flat or not finite")


def parametric_library(n_shapes: int, seed: int, widest_ms: float, ms_after: float) -> ShapeLibrary:
    """Smooth extracellular shapes: a small first peak, the trough, and a slower second peak.

    Each phase is a Gaussian. Widths and trough-to-peak times span those of cortical interneurons and
    pyramidal cells (Barthó et al., J. Neurophysiol. 92:600-608, 2004: trough to peak 0.2 to 0.9 ms).

    Args:
        n_shapes: how many.
        seed: of the draws.
        widest_ms: largest standard deviation of the second peak.
        ms_after: what is kept of a shape after its trough.
    """
    rng = np.random.default_rng(seed)
    n_drawn = 2 * n_shapes  # about one in four has a peak near its trough's size and is left out

    def uniform(low: float, high: float) -> NDArray[np.float64]:
        return rng.uniform(low, high, (n_drawn, 1))

    t_ms = np.arange(-MS_BEFORE, ms_after, 1e3 / _FINE_RATE_HZ)[None, :]
    trough = _gaussian(t_ms, 0.0, uniform(0.05, 0.28))
    first_peak = uniform(0.0, 0.5) * _gaussian(t_ms, -uniform(0.15, 0.45), uniform(0.06, 0.20))
    second_peak = uniform(0.05, 0.9) * _gaussian(t_ms, uniform(0.20, 0.90), uniform(0.08, widest_ms))
    waveforms = (first_peak + second_peak - trough) * tukey(t_ms.size, 0.3)
    trough_is_largest = waveforms.max(axis=1) < -0.8 * waveforms.min(axis=1)
    return ShapeLibrary(waveforms[trough_is_largest][:n_shapes], _FINE_RATE_HZ)


def sampled_shapes(
    library: ShapeLibrary, rate_hz: float, n_phases: int, ms_after: float = MS_AFTER
) -> NDArray[np.float64]:
    """Unit-amplitude shapes on the grid of a recording, at several sub-sample delays.

    Returns:
        `[n_shapes, n_phases, n_samples]`; the extremum, of size 1, stands at sample
        `samples_before(rate_hz) + phase / n_phases`. Cubic splines between samples, zero outside the library's
        window, whose ends are tapered to zero.
    """
    tapered = library.waveforms * tukey(library.waveforms.shape[1], 0.2)
    time_s = np.arange(tapered.shape[1]) / library.sampling_rate_hz
    fine_s = np.arange(0.0, time_s[-1], 1 / max(_FINE_RATE_HZ, library.sampling_rate_hz))
    n_samples = samples_before(rate_hz) + round(ms_after * 1e-3 * rate_hz) + 1
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
    """Pick units whose pairwise correlations all lie near `similarity`, see `unit_choices`.

    Returns:
        `[n_units]` rows of `shapes`: one of the best tenth of the choices, drawn by `rng`.

    Raises:
        BadInput: the library has too few shapes, or none as alike as asked for.
    """
    choices = unit_choices(shapes, n_units, similarity)
    return choices[rng.integers(max(1, round(_GOOD_SHARE * len(choices))))]


def unit_choices(shapes: NDArray[np.float64], n_units: int, similarity: float) -> NDArray[np.int64]:
    """All choices of units that come near enough, each grown from another first shape by the next best one.

    Args:
        shapes: `[n_shapes, n_samples]`, aligned on their extremum.
        n_units: how many to pick.
        similarity: target of the mean pairwise Pearson correlation, which a choice misses by 0.12 at most.

    Returns:
        `[n_choices, n_units]` rows of `shapes`; first the choice whose worst pair is nearest to the target.

    Raises:
        BadInput: the library has too few shapes, or none as alike as asked for.
    """
    if n_units > len(shapes):
        raise BadInput(f"simulation: {n_units} units wanted, the shape library has {len(shapes)}")
    correlation = np.asarray(np.corrcoef(shapes)).reshape(len(shapes), len(shapes))
    grown = _grown(np.abs(correlation - similarity), n_units)
    if n_units == 1:
        return grown
    first, second = np.triu_indices(n_units, 1)
    pairs = correlation[grown[:, first], grown[:, second]]
    miss = np.abs(pairs.mean(axis=1) - similarity)
    if miss.min() > _SIMILARITY_TOLERANCE:
        raise BadInput(
            f"simulation: no {n_units} shapes of mean correlation {similarity:g} in the library; "
            f"nearest is {pairs[miss.argmin()].mean():.2f}"
        )
    worst = np.where(miss <= _SIMILARITY_TOLERANCE, np.abs(pairs - similarity).max(axis=1), np.inf)
    return grown[worst.argsort(kind="stable")][: np.isfinite(worst).sum()]


def mean_correlation(shapes: NDArray[np.float64]) -> float:
    """Mean Pearson correlation over all pairs of `[n, n_samples]` shapes."""
    return float(np.asarray(np.corrcoef(shapes))[np.triu_indices(len(shapes), 1)].mean())


def _gaussian(
    t: NDArray[np.float64], center: NDArray[np.float64] | float, width: NDArray[np.float64]
) -> NDArray[np.float64]:
    return np.exp(-0.5 * ((t - center) / width) ** 2)


def _grown(deviation: NDArray[np.float64], n_units: int) -> NDArray[np.int64]:
    """`[n_shapes, n_units]`: from each first shape on, the next is the one whose worst pair is the best."""
    every = np.arange(len(deviation))
    grown, worst = every[:, None], np.zeros_like(deviation)
    for _ in range(n_units - 1):
        worst = np.maximum(worst, deviation[grown[:, -1]])
        worst[every, grown[:, -1]] = np.inf
        grown = np.column_stack([grown, worst.argmin(axis=1)])
    return grown
