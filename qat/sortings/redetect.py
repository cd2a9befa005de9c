"""Detection in another recording as a device does it: with everything that the training stretch decided."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qat.errors import BadInput
from qat.recordings.source import RecordedSource
from qat.spikes.align import cut_windows, inside
from qat.spikes.detect import Detector, detect
from qat.spikes.network_input import network_windows
from qat.spikes.spec import SpikeSpec
from qat.spikes.traces import Traces


@dataclass(frozen=True, eq=False)
class Detections:
    """Spikes of a recording as a network takes them."""

    sample_index: NDArray[np.int64]
    """`[n]` alignment samples, ascending."""
    inputs: NDArray[np.integer]
    """`[n, n_inputs]`, channel-major."""


def detect_as_trained(
    source: RecordedSource, metadata: Mapping[str, Any], progress: Callable[[float], None] | None = None
) -> Detections:
    """Filter, detect, align, cut and quantize by a QONNX file's metadata (`qat.export.describe`).

    Thresholds, direction and scale are those of the training stretch: nothing is estimated anew. On the recording
    of the training itself this gives its own spikes again.

    Raises:
        BadInput: the file is an older version's, the network was trained on windows that came cut, or the recording
            differs in its channels, its rate or its unit of measure.
    """
    spec, detector = _setup(metadata, source)
    traces = Traces.of(source, spec)
    sample = detect(traces, detector, progress)
    sample = sample[inside(sample, traces.n_samples, spec)]
    windows, _ = cut_windows(traces, sample, detector, spec)
    integers = network_windows(windows, spec.orders_for(traces.n_channels), metadata["input"]["lsb"], spec.bits)
    return Detections(sample, integers.reshape(len(integers), -1))


def filtered_as_trained(source: RecordedSource, metadata: Mapping[str, Any]) -> Traces:
    """The recording behind the same filter; raises as `detect_as_trained`."""
    return Traces.of(source, _setup(metadata, source)[0])


def _setup(metadata: Mapping[str, Any], source: RecordedSource) -> tuple[SpikeSpec, Detector]:
    form, chosen = metadata["input"], metadata["preprocessing"]
    if not isinstance(form["lsb"], list):  # of each order of differences, from schema 2 on
        raise BadInput(
            f"{source.name}: the network's file was written by another version of spikeloom; train and export it anew"
        )
    if "threshold" not in chosen:
        raise BadInput(
            f"{source.name}: the network was trained on windows that came cut, so that nothing is known of how "
            "spikes are to be found in a recording; train it on a recording"
        )
    stated = (form["n_channels"], form["sampling_rate_hz"], form["unit_of_measure"])
    found = (source.recording.get_num_channels(), source.sampling_rate_hz, source.unit_of_measure)
    if found != stated:
        raise BadInput(f"{source.name}: {_in_words(found)}; the network was trained on {_in_words(stated)}")
    choices = {field.name: chosen[field.name] for field in fields(SpikeSpec) if field.name in chosen}
    choices["differences"] = tuple(chosen["differences"])
    spec = SpikeSpec(**choices, bits=int(form["datatype"].removeprefix("INT")))
    dead_samples = round(spec.dead_time_ms * 1e-3 * form["sampling_rate_hz"])
    return spec, Detector(np.array(chosen["threshold"], dtype=np.float64), spec.sign, dead_samples)


def _in_words(form: tuple[int, float, str]) -> str:
    channels, rate_hz, unit_of_measure = form
    return f"{channels} channel{'s' if channels > 1 else ''} at {rate_hz:g} Hz in {unit_of_measure}"
