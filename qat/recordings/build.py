"""Arrays from a file, checked and made into a recording and a sorting."""

import numpy as np
from numpy.typing import NDArray
from spikeinterface.core import BaseRecording, BaseSorting, NumpyRecording, NumpySorting

from qat.errors import BadInput
from qat.recordings.limits import MAX_RATE_HZ


def recording_from_array(raw: NDArray[np.generic], rate_hz: float | None, name: str) -> BaseRecording:
    """A recording of `raw`, `[n_samples]` or `[n_channels, n_samples]`, without a gain.

    Raises:
        BadInput: wrong shape or type, fewer than two samples, NaN, or an unknown or impossible rate.
    """
    traces = raw[None, :] if raw.ndim == 1 else raw
    if traces.ndim != 2 or traces.dtype.kind not in "iuf":
        raise BadInput(f"{name}: raw is {raw.dtype} of shape {raw.shape}; expected numbers [n] or [n_channels, n]")
    if traces.shape[0] < 1 or traces.shape[1] < 2:
        raise BadInput(f"{name}: raw has shape {raw.shape}; a recording needs more than one sample")
    if traces.shape[0] > traces.shape[1]:
        raise BadInput(f"{name}: raw has shape {raw.shape}; expected [n_channels, n_samples], so transpose it")
    if rate_hz is None:
        raise BadInput(f"{name}: sampling_rate_hz is missing or NaN; a continuous recording needs it")
    check_rate(rate_hz, name)
    whole = as_float32(traces, f"{name}: raw").T if traces.dtype.kind == "f" else traces.T
    return NumpyRecording([whole], rate_hz)


def check_rate(rate_hz: float, name: str) -> None:
    """Raise BadInput for a sampling rate that no recording has."""
    if not 0 < rate_hz <= MAX_RATE_HZ:
        raise BadInput(f"{name}: a sampling rate of {rate_hz:g} Hz; expected more than 0, at most {MAX_RATE_HZ:g} Hz")


def sorting_from_arrays(
    spike_times: NDArray[np.generic] | None,
    labels: NDArray[np.generic] | None,
    not_units: tuple[int, ...],
    recording: BaseRecording,
    name: str,
) -> BaseSorting | None:
    """True units of a recording; None when the file does not say which spike is whose.

    Raises:
        BadInput: wrong shapes, or times outside the recording.
    """
    if spike_times is None or labels is None:
        return None
    times, units = whole_numbers(spike_times, f"{name}: spike_times"), unit_labels(labels, not_units, name)
    if times.shape != units.shape:
        raise BadInput(f"{name}: {times.size} spike_times but {units.size} labels; expected one label a spike")
    n_samples = recording.get_num_samples(0)
    if times.size and (times.min() < 0 or times.max() >= n_samples):
        raise BadInput(f"{name}: spike_times reach {times.min()} to {times.max()}, raw has {n_samples} samples")
    known = units >= 0
    if not known.any():
        return None
    return NumpySorting.from_samples_and_labels([times[known]], [units[known]], recording.sampling_frequency)


def unit_labels(labels: NDArray[np.generic], not_units: tuple[int, ...], name: str) -> NDArray[np.int32]:
    """`[n]` labels, -1 for what is no single unit.

    Raises:
        BadInput: they are not whole numbers below 2^31, or no list.
    """
    units = whole_numbers(labels, f"{name}: labels")
    if units.max(initial=0) > np.iinfo(np.int32).max:
        raise BadInput(f"{name}: labels reach {units.max()}; expected numbers below 2^31")
    return np.where((units < 0) | np.isin(units, not_units), -1, units).astype(np.int32)


def whole_numbers(values: NDArray[np.generic], what: str) -> NDArray[np.int64]:
    """`[n]` values as int64.

    Raises:
        BadInput: they are not whole numbers, or no list.
    """
    exact = values.dtype.kind in "iub" or (
        # Beyond 2^53 a float64 stands for no one whole number.
        values.dtype.kind == "f" and bool((np.abs(values) < 2**53).all() and (np.mod(values, 1) == 0).all())
    )
    if values.ndim != 1 or not exact:
        raise BadInput(f"{what} is {values.dtype} of shape {values.shape}; expected whole numbers [n_spikes]")
    if values.dtype.kind == "u" and values.max(initial=0) > np.iinfo(np.int64).max:
        raise BadInput(f"{what} reach {values.max()}; expected numbers below 2^63")
    return values.astype(np.int64)


def as_float32(values: NDArray[np.generic], what: str) -> NDArray[np.float32]:
    """The same values as float32.

    Raises:
        BadInput: one is NaN, infinite, or too large for float32; says where.
    """
    with np.errstate(over="ignore"):
        single = values.astype(np.float32)
    if not np.isfinite(single).all():
        where = tuple(int(i) for i in np.argwhere(~np.isfinite(single))[0])
        raise BadInput(f"{what} is NaN or infinite at index {where}; replace or cut out such samples")
    return single
