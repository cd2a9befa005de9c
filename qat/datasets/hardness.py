"""How hard a recording is, by figures that need no sorter of ours: the generator beside a published benchmark."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from qat.errors import BadInput
from qat.recordings.source import RecordedSource, StoredWindows
from qat.spikes.realign import realigned

_OVERLAP_MS = 2.0
_FOLDS = 5
_GAUSSIAN_MAD = 0.6745  # median of |x| of a Gaussian of standard deviation 1


@dataclass(frozen=True)
class Hardness:
    """Figures of the spikes of one recording, all from true times and true units."""

    name: str
    n_spikes: int
    n_units: int
    overlapping: float
    """Share of spikes with another true spike closer than 2 ms."""
    noise: float
    """Standard deviation of the noise as a share of the mean peak amplitude of the units."""
    snr: float
    """Mean over the units of the largest |mean waveform|, over the standard deviation of the noise: the noise is what
    remains of windows without overlap when their unit's mean window is taken away, and median(|x|) / 0.6745 tells
    its size."""
    accuracy: float
    """Share of spikes that linear discriminant analysis with Ledoit and Wolf's shrinkage gives their true unit, in
    five folds of time, on windows aligned on their extremum."""
    accuracy_without_overlap: float


def hardness_of_both(first: StoredWindows, second: StoredWindows) -> tuple[Hardness, Hardness]:
    """Two sets of windows measured in the same way, classified on the same samples around the extremum.

    Args:
        first: windows cut at true times, with true units, times and rate.
        second: likewise.

    Raises:
        BadInput: true units, times or rate are unknown, or there are too few spikes for five folds.
    """
    aligned = [_aligned(windows) for windows in (first, second)]
    before = min(at for _, at in aligned)
    after = min(waveforms.shape[2] - at for waveforms, at in aligned)
    measured = [
        _hardness(windows, waveforms[:, :, at - before : at + after])
        for windows, (waveforms, at) in zip((first, second), aligned, strict=True)
    ]
    return measured[0], measured[1]


def windows_at_true_times(source: RecordedSource, before: int, n_samples: int) -> StoredWindows:
    """Unfiltered windows of every true spike, cut without any detection.

    Args:
        source: a recording with known units.
        before: samples of a window that precede the stated time.
        n_samples: samples of a window.

    Raises:
        BadInput: the true units are unknown.
    """
    if source.sorting is None:
        raise BadInput(f"{source.name}: its true units are unknown; they are needed to cut its spikes")
    traces = source.recording.get_traces(return_in_uV=source.unit_of_measure == "uV")
    spikes = source.sorting.to_spike_vector()
    first = spikes["sample_index"].astype(np.int64) - before
    whole = (first >= 0) & (first + n_samples <= len(traces))
    at = first[whole, None] + np.arange(n_samples)
    return StoredWindows(
        name=source.name,
        waveforms=traces[at].swapaxes(1, 2).astype(np.float32),
        sample_index=first[whole] + before,
        sampling_rate_hz=source.sampling_rate_hz,
        true_unit=spikes["unit_index"][whole].astype(np.int32),
        overlap=None,
        unit_of_measure=source.unit_of_measure,
        provenance=f"true spikes of {source.provenance}",
    )


def _aligned(windows: StoredWindows) -> tuple[NDArray[np.float32], int]:
    return realigned(windows.waveforms, np.ones(len(windows.waveforms), dtype=np.bool_), windows.name)


def _hardness(windows: StoredWindows, waveforms: NDArray[np.float32]) -> Hardness:
    sample, unit, rate_hz = windows.sample_index, windows.true_unit, windows.sampling_rate_hz
    if sample is None or unit is None or rate_hz is None:
        raise BadInput(f"{windows.name}: needs true units, spike times and a sampling rate")
    stored, aligned = (each.reshape(len(each), -1) for each in (windows.waveforms, waveforms))
    alone = ~_overlapping(sample, _OVERLAP_MS * 1e-3 * rate_hz)
    right = _classified(aligned, unit, sample, windows.name) == unit
    means = {name: stored[alone & (unit == name)].mean(axis=0) for name in np.unique(unit)}
    residuals = np.concatenate([stored[alone & (unit == name)] - mean for name, mean in means.items()])
    noise = float(np.median(np.abs(residuals))) / _GAUSSIAN_MAD
    peak = float(np.mean([np.abs(mean).max() for mean in means.values()]))
    return Hardness(
        name=windows.name,
        n_spikes=len(stored),
        n_units=len(means),
        overlapping=float((~alone).mean()),
        noise=noise / peak,
        snr=peak / noise,
        accuracy=float(right.mean()),
        accuracy_without_overlap=float(right[alone].mean()),
    )


def _overlapping(sample: NDArray[np.int64], reach: float) -> NDArray[np.bool_]:
    """`[n]` whether another spike is nearer than `reach` samples."""
    order = np.argsort(sample, kind="stable")
    near = np.diff(sample[order]) < reach
    overlapping = np.zeros(sample.size, dtype=np.bool_)
    overlapping[order[1:]] |= near
    overlapping[order[:-1]] |= near
    return overlapping


def _classified(
    windows: NDArray[np.float32], unit: NDArray[np.int32], sample: NDArray[np.int64], name: str
) -> NDArray[np.int32]:
    """`[n]` units, each fold of time told by the other folds."""
    fold = np.empty(sample.size, dtype=np.int64)
    fold[np.argsort(sample, kind="stable")] = np.arange(sample.size) * _FOLDS // sample.size
    if any(np.unique(unit[fold != left_out]).size < np.unique(unit).size for left_out in range(_FOLDS)):
        raise BadInput(f"{name}: {sample.size} spikes are too few; every unit must fire in four fifths of the time")
    answer = np.empty_like(unit)
    for left_out in range(_FOLDS):
        classifier = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto")
        classifier.fit(windows[fold != left_out], unit[fold != left_out])
        answer[fold == left_out] = classifier.predict(windows[fold == left_out])
    return answer
