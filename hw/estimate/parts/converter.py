"""What a width converter takes."""

from math import gcd

from hw.components.counters import counter_bits
from hw.components.width import WidthConverter
from hw.estimate.resources import Resources, total

_NARROW_BIT, _CONVERTER_CONTROL = 1.2, 6


def converter_resources(converter: WidthConverter) -> Resources:
    """A width converter; where neither width divides the other, both of its halves."""
    bits, lanes_in, lanes_out = converter.element_bits, converter.lanes_in, converter.lanes_out
    middle = gcd(lanes_in, lanes_out)
    if middle not in (lanes_in, lanes_out):
        halves = WidthConverter(bits, lanes_in, middle), WidthConverter(bits, middle, lanes_out)
        return total(converter_resources(half) for half in halves)
    if lanes_in == lanes_out:
        return Resources()
    if lanes_out > lanes_in:
        counter = counter_bits(lanes_out // lanes_in)
        return Resources(luts=_CONVERTER_CONTROL, flip_flops=converter.bits_out + counter + 1)
    counter = counter_bits(lanes_in // lanes_out + 1)
    return Resources(
        luts=round(_NARROW_BIT * converter.bits_in) + _CONVERTER_CONTROL, flip_flops=converter.bits_in + counter
    )
