"""Test windows that are cut too early or too late: what a worse alignment in the field would give."""

from typing import Any

from numpy.typing import NDArray

from qat.errors import BadInput
from qat.recordings.source import RecordedSource
from qat.spikes.align import cut_windows, inside
from qat.spikes.detect import fit_detector
from qat.spikes.network_input import network_windows
from qat.spikes.spec import SpikeSpec
from qat.spikes.spikeset import SpikeSet
from qat.spikes.split import block_ends
from qat.spikes.traces import Traces


def shifted_windows(source: RecordedSource, spec: SpikeSpec, spikes: SpikeSet, shift: int) -> NDArray[Any]:
    """The network's windows of all spikes, cut from the recording `shift` samples too late.

    They have the shape and the scale of those of `spikes`, which `spec` has made from `source`. Where a shifted
    window would leave the recording, the one that stands right is kept.

    Raises:
        BadInput: `spikes` have no times.
    """
    if spikes.sample_index is None:
        raise BadInput("shifted windows: spikes without times cannot be cut anew from a recording")
    traces = Traces.of(source, spec)
    detector = fit_detector(traces, block_ends(traces.n_samples, spec)[0], spec)
    moved = spikes.sample_index + shift
    whole = inside(moved, traces.n_samples, spec)
    windows, _ = cut_windows(traces, moved[whole], detector, spec)
    result = spikes.network_windows.copy()
    result[whole] = network_windows(windows, spec.orders_for(source.n_channels), spikes.network_lsb, spikes.bits)
    return result
