"""What a buffer of a stream takes."""

from hw.components.buffer import StreamBuffer
from hw.devices import Device
from hw.estimate.coefficients import Features, luts_of
from hw.estimate.resources import Resources


def buffer_resources(buffer: StreamBuffer, device: Device) -> Resources:
    """A buffer of two words."""
    return Resources(round(luts_of(buffer_features(buffer), device)), 2 * buffer.bits + 2)


def buffer_features(buffer: StreamBuffer) -> Features:
    """What it spends lookup tables on: `buffer`, its handshake, and `buffer_bit`, a bit chosen from two words."""
    return {"buffer": 1, "buffer_bit": buffer.bits}
