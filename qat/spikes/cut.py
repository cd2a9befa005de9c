"""A source in, a `SpikeSet` out."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray
from spikeinterface.core import BaseSorting

from qat.errors import BadInput
from qat.recordings.source import RecordedSource, StoredWindows
from qat.spikes.align import cut_windows, inside
from qat.spikes.detect import Detector, detect, fit_detector, locate
from qat.spikes.match import SpikeMatch, match_spikes
from qat.spikes.network_input import choose_network_lsb, network_windows
from qat.spikes.noise import cut_noise
from qat.spikes.quantize import choose_lsb, quantize
from qat.spikes.realign import realigned
from qat.spikes.spec import SpikeSpec
from qat.spikes.spikeset import PART_NAMES, TRAIN, SpikeSet
from qat.spikes.split import block_ends, parts_by_time, parts_of_windows
from qat.spikes.traces import Traces


def spikes_from_recording(
    source: RecordedSource, spec: SpikeSpec, progress: Callable[[float], None] | None = None
) -> SpikeSet:
    """Filter, detect, align, cut, split and quantize; matched to the true spikes where they are known.

    The split comes first: thresholds, sign, lag and scale see the training stretch only.

    Raises:
        BadInput: the recording is too short, flat or not finite, the band does not fit its rate, no spike is found
            in the training stretch, or `spec` asks for true times that are unknown.
    """
    traces = Traces.of(source, spec)
    if traces.n_samples < 10 * spec.window_samples:
        raise BadInput(
            f"{source.name}: {traces.n_samples} samples; at least ten windows "
            f"({10 * spec.window_samples} samples) are needed"
        )
    ends = block_ends(traces.n_samples, spec)
    detector = fit_detector(traces, ends[0], spec)
    sample = _spike_samples(source, traces, detector, spec, _half(progress, 0.0))
    sample = sample[inside(sample, traces.n_samples, spec)]
    windows, channel = cut_windows(traces, sample, detector, spec, _half(progress, 0.5))
    part = parts_by_time(sample, ends)
    lsb = choose_lsb(windows[part == TRAIN], spec.bits, spec.full_scale_percentile)
    return SpikeSet(
        waveforms=quantize(windows, lsb, spec.bits),
        **_network_windows(windows, part, spec),
        part=part,
        channel=channel,
        sample_index=sample,
        sampling_rate_hz=traces.sampling_rate_hz,
        bits=spec.bits,
        lsb=lsb,
        unit_of_measure=source.unit_of_measure,
        preprocessing=_preprocessing(spec, detector, source.n_channels),
        provenance=source.provenance,
        noise=quantize(cut_noise(traces, sample, ends[0], detector, spec), lsb, spec.bits),
        labels_are=source.labels_are,
        **_truth(source.sorting, sample, ends, spec),
    )


def spikes_from_windows(windows: StoredWindows, spec: SpikeSpec) -> SpikeSet:
    """Split and quantize windows that came cut; they are not filtered, and aligned anew only where `spec` says so.

    Raises:
        BadInput: there are too few spikes to split, nothing but zeros, or windows too short to align.
    """
    n_spikes = len(windows.waveforms)
    part = parts_of_windows(n_spikes, windows.sample_index, spec)
    if np.unique(part).size < len(PART_NAMES):
        raise BadInput(f"{windows.name}: {n_spikes} spikes are too few for a training, validation and test part")
    waveforms: NDArray[np.float32] = windows.waveforms
    aligned: dict[str, Any] = {"windows": "as stored"}
    if spec.realign:
        waveforms, at = realigned(waveforms, part == TRAIN, windows.name)
        aligned = {"windows": "as stored, shifted onto their extrema", "align_sample": at}
    lsb = choose_lsb(waveforms[part == TRAIN], spec.bits, spec.full_scale_percentile)
    true_unit, unit_names = _unit_indices(windows.true_unit)
    return SpikeSet(
        waveforms=quantize(waveforms, lsb, spec.bits),
        **_network_windows(waveforms, part, spec),
        part=part,
        channel=np.abs(waveforms).max(axis=2).argmax(axis=1).astype(np.int16),
        sample_index=windows.sample_index,
        sampling_rate_hz=windows.sampling_rate_hz,
        true_unit=true_unit,
        overlap=windows.overlap,
        unit_names=unit_names,
        bits=spec.bits,
        lsb=lsb,
        unit_of_measure=windows.unit_of_measure,
        preprocessing={
            **aligned,
            "window_samples": waveforms.shape[2],
            "differences": list(spec.orders_for(windows.n_channels)),
            "split": _split(spec, by_time=windows.sample_index is not None),
        },
        detection=None,
        provenance=windows.provenance,
        labels_are=windows.labels_are,
    )


def _network_windows(windows: NDArray[np.float32], part: NDArray[np.int8], spec: SpikeSpec) -> dict[str, Any]:
    """The fields of a `SpikeSet` that a network sees; their scale is of the training part."""
    orders = spec.orders_for(windows.shape[1])
    lsb = choose_network_lsb(windows[part == TRAIN], orders, spec.bits, spec.full_scale_percentile)
    return {"network_windows": network_windows(windows, orders, lsb, spec.bits), "network_lsb": lsb}


def _spike_samples(
    source: RecordedSource,
    traces: Traces,
    detector: Detector,
    spec: SpikeSpec,
    progress: Callable[[float], None] | None,
) -> NDArray[np.int64]:
    if not spec.at_true_times:
        return detect(traces, detector, progress)
    if source.sorting is None:
        raise BadInput(f"{source.name}: its true spikes are unknown, at whose times its windows are to be cut")
    return locate(traces, detector, source.sorting.to_spike_vector()["sample_index"].astype(np.int64), progress)


def _half(progress: Callable[[float], None] | None, done: float) -> Callable[[float], None] | None:
    return None if progress is None else lambda fraction: progress(done + 0.5 * fraction)


def _preprocessing(spec: SpikeSpec, detector: Detector, n_channels: int) -> dict[str, Any]:
    settings = asdict(spec)
    band = () if spec.filter == "none" else ("low_hz", "high_hz", "filter_order")
    used = ("filter", *band, "dead_time_ms", "upsampling", "window_samples", "align_sample")
    crossing = {"threshold_sigmas": spec.threshold_sigmas, "threshold": detector.threshold.tolist()}
    return {name: settings[name] for name in used} | {
        "differences": list(spec.orders_for(n_channels)),
        "filter_shape": None if spec.filter == "none" else "butterworth",
        "sign": detector.sign,
        **({"windows": "at true times"} if spec.at_true_times else crossing),
        "split": _split(spec, by_time=True),
    }


def _split(spec: SpikeSpec, by_time: bool) -> dict[str, Any]:
    how = {"by": "blocks of time"} if by_time else {"by": "random", "seed": spec.split_seed}
    return how | {"train": spec.train_fraction, "validation": spec.validation_fraction}


def _unit_indices(labels: NDArray[np.int32] | None) -> tuple[NDArray[np.int32] | None, tuple[str, ...]]:
    """Labels as indices into the sorted names; negative labels stay -1."""
    if labels is None:
        return None, ()
    names = np.unique(labels[labels >= 0])
    index = np.where(labels >= 0, np.searchsorted(names, labels), -1).astype(np.int32)
    return index, tuple(str(name) for name in names)


def _truth(
    sorting: BaseSorting | None, sample: NDArray[np.int64], ends: tuple[int, int], spec: SpikeSpec
) -> dict[str, Any]:
    """The fields of a `SpikeSet` that come from true spikes."""
    if sorting is None:
        return {"true_unit": None, "overlap": None, "unit_names": (), "detection": None}
    spikes = sorting.to_spike_vector()
    true_sample, true_unit = spikes["sample_index"].astype(np.int64), spikes["unit_index"].astype(np.int32)
    match = match_spikes(true_sample, sample, ends[0], sorting.sampling_frequency, spec.match_ms)
    return {
        # What is matched to none, number -1, takes the value behind the last.
        "true_unit": np.append(true_unit, np.int32(-1))[match.true_of_detection],
        "overlap": _overlaps(true_sample + match.lag_samples, sample, match, spec),
        "unit_names": tuple(str(name) for name in sorting.unit_ids),
        "detection": _detection(true_sample + match.lag_samples, sample, match, ends, spec),
    }


def _overlaps(
    true_sample: NDArray[np.int64], sample: NDArray[np.int64], match: SpikeMatch, spec: SpikeSpec
) -> NDArray[np.bool_]:
    """`[n_detections]` whether a true spike other than the matched one lies within the window."""
    first = sample - spec.align_sample
    end = first + spec.window_samples
    within = np.searchsorted(true_sample, end) - np.searchsorted(true_sample, first)
    own = np.append(true_sample, -1)[match.true_of_detection]
    own_within = (match.true_of_detection >= 0) & (own >= first) & (own < end)
    return within > own_within


def _detection(
    true_sample: NDArray[np.int64],
    sample: NDArray[np.int64],
    match: SpikeMatch,
    ends: tuple[int, int],
    spec: SpikeSpec,
) -> Mapping[str, Any]:
    """Counts per part; a true spike counts where it happens, an extra detection where it is found."""
    found = match.detection_of_true >= 0
    extra = match.true_of_detection < 0
    true_part, part = parts_by_time(true_sample, ends), parts_by_time(sample, ends)
    counts = {
        name: {
            "n_true": int((true_part == index).sum()),
            "n_matched": int((found & (true_part == index)).sum()),
            "n_missed": int((~found & (true_part == index)).sum()),
            "n_extra": int((extra & (part == index)).sum()),
        }
        for index, name in enumerate(PART_NAMES)
    }
    return {"parts": counts, "lag_samples": match.lag_samples, "match_ms": spec.match_ms}
