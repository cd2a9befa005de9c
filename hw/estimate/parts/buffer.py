"""What a buffer of a stream takes."""

from hw.components.buffer import StreamBuffer
from hw.estimate.resources import Resources

_CONTROL = 3


def buffer_resources(buffer: StreamBuffer) -> Resources:
    """A buffer of two words."""
    return Resources(luts=buffer.bits + _CONTROL, flip_flops=2 * buffer.bits + 2)
