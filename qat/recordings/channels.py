"""A part of the channels of a source."""

from dataclasses import replace

from qat.errors import BadInput
from qat.recordings.source import RecordedSource, StoredWindows


def only_channels(
    source: RecordedSource | StoredWindows, channels: tuple[int, ...]
) -> RecordedSource | StoredWindows:
    """The source with these channels alone, by number from 0 on.

    Raises:
        BadInput: one is not there, or stands twice.
    """
    wrong = [channel for channel in channels if not 0 <= channel < source.n_channels or channels.count(channel) > 1]
    if wrong or not channels:
        raise BadInput(
            f"{source.name}: channels {list(channels)}; expected different numbers from 0 to {source.n_channels - 1}"
        )
    if isinstance(source, RecordedSource):
        ids = [source.recording.channel_ids[channel] for channel in channels]
        return replace(source, recording=source.recording.select_channels(ids))
    return replace(source, waveforms=source.waveforms[:, channels])
