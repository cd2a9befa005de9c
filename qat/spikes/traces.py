"""Filtered traces of a recording, read in chunks that fit in memory."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from spikeinterface.core import BaseRecording
from spikeinterface.preprocessing import filter as filter_recording

from qat.errors import BadInput
from qat.recordings.source import RecordedSource
from qat.spikes.spec import SpikeSpec

_CHUNK_SAMPLES = 600_000  # over all channels: 25 s of one channel at 24 kHz


@dataclass(frozen=True, eq=False)
class Chunk:
    """A stretch of traces with a margin on both sides, shorter at the recording's ends."""

    start: int
    """Sample of the recording at which `samples` begins."""
    core_start: int
    core_end: int
    samples: NDArray[np.float32]
    """`[n_samples, n_channels]`, margins included."""

    @property
    def core(self) -> NDArray[np.float32]:
        """The stretch without its margins."""
        return self.samples[self.core_start - self.start : self.core_end - self.start]


@dataclass(frozen=True, eq=False)
class Traces:
    """A filtered recording in the source's unit."""

    recording: BaseRecording
    in_microvolts: bool

    @classmethod
    def of(cls, source: RecordedSource, spec: SpikeSpec) -> "Traces":
        """The source behind the band-pass of `spec`; nothing is computed yet.

        Raises:
            BadInput: the band does not fit below half the sampling rate.
        """
        return cls(_bandpassed(source.recording, spec), source.unit_of_measure == "uV")

    @property
    def n_samples(self) -> int:
        """Length of the recording."""
        return int(self.recording.get_num_samples(0))

    @property
    def n_channels(self) -> int:
        """Channels of the recording."""
        return int(self.recording.get_num_channels())

    @property
    def channel_names(self) -> list[str]:
        """The source's own names of the channels."""
        return [str(name) for name in self.recording.channel_ids]

    @property
    def sampling_rate_hz(self) -> float:
        """Samples per second of every channel."""
        return float(self.recording.sampling_frequency)

    def chunks(
        self, n_samples: int, margin: int = 0, progress: Callable[[float], None] | None = None
    ) -> Iterator[Chunk]:
        """The first `n_samples`, cut into chunks that bound the memory.

        Raises:
            BadInput: a sample is NaN or infinite, or a stretch of the file is damaged.
        """
        length = max(1, _CHUNK_SAMPLES // self.n_channels)
        for first in range(0, n_samples, length):
            last = min(n_samples, first + length)
            start, end = max(0, first - margin), min(self.n_samples, last + margin)
            samples = self._read(start, end)
            if not np.isfinite(samples).all():
                raise BadInput(
                    f"recording: NaN or infinite between samples {start} and {end}; replace or cut out that stretch"
                )
            yield Chunk(start, first, last, samples)
            if progress is not None:
                progress(last / n_samples)

    def _read(self, start: int, end: int) -> NDArray[np.float32]:
        try:
            samples = self.recording.get_traces(start_frame=start, end_frame=end, return_in_uV=self.in_microvolts)
        except OSError as error:
            raise BadInput(f"recording: damaged between samples {start} and {end}: {error}") from error
        return samples.astype(np.float32, copy=False)


def _bandpassed(recording: BaseRecording, spec: SpikeSpec) -> BaseRecording:
    rate_hz = recording.sampling_frequency
    if spec.filter == "none":
        return recording
    if spec.high_hz >= rate_hz / 2:
        raise BadInput(f"band-pass: high_hz {spec.high_hz:g} must lie below half the sampling rate of {rate_hz:g} Hz")
    return filter_recording(
        recording,
        band=[spec.low_hz, spec.high_hz],
        btype="bandpass",
        filter_order=spec.filter_order,
        ftype="butter",
        direction="forward" if spec.filter == "causal" else "forward-backward",
        # After twenty periods the filter has forgotten where a chunk began.
        margin_ms=20e3 / spec.low_hz,
        add_reflect_padding=True,
        dtype="float32",
    )
