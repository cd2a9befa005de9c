"""What a width converter takes."""

from collections import Counter
from math import gcd

from hw.components.counters import counter_bits
from hw.components.width import WidthConverter
from hw.devices import Device
from hw.estimate.chains import Chain, counters
from hw.estimate.coefficients import Features, luts_of
from hw.estimate.resources import Resources


def converter_resources(converter: WidthConverter, device: Device) -> Resources:
    """A width converter."""
    flip_flops = sum(_flip_flops(half) for half in _halves(converter))
    return Resources(round(luts_of(converter_features(converter), device)), flip_flops)


def converter_features(converter: WidthConverter) -> Features:
    """What it spends lookup tables on; where neither width divides the other, what both of its halves do.

    - `widen`, `narrow`: the handshake of what widens or narrows.
    - `widen_count`, `narrow_count`: a bit of its counter of words.
    - `narrow_bit`: a bit that is loaded or moves down; those of the last word only load, with a reset.
    """
    features: Counter[str] = Counter()
    for half in _halves(converter):
        features.update(_half_features(half))
    return features


def converter_chains(converter: WidthConverter) -> list[Chain]:
    """The counter of each half."""
    return counters(*(_states(half) for half in _halves(converter)))


def _half_features(half: WidthConverter) -> Features:
    if half.lanes_out > half.lanes_in:
        return {"widen": 1, "widen_count": counter_bits(_states(half))}
    return {
        "narrow": 1,
        "narrow_count": counter_bits(_states(half)),
        "narrow_bit": half.bits_in - half.bits_out,
    }


def _flip_flops(half: WidthConverter) -> int:
    if half.lanes_out > half.lanes_in:
        return half.bits_out + counter_bits(_states(half)) + 1
    return half.bits_in + counter_bits(_states(half))


def _states(half: WidthConverter) -> int:
    """States of its counter: words that are in, or words that are left, none among them."""
    widens = half.lanes_out > half.lanes_in
    return half.lanes_out // half.lanes_in if widens else half.lanes_in // half.lanes_out + 1


def _halves(converter: WidthConverter) -> list[WidthConverter]:
    """What narrows and what widens; nothing for wires."""
    bits, lanes_in, lanes_out = converter.element_bits, converter.lanes_in, converter.lanes_out
    middle = gcd(lanes_in, lanes_out)
    both = WidthConverter(bits, lanes_in, middle), WidthConverter(bits, middle, lanes_out)
    return [half for half in both if half.lanes_in != half.lanes_out]
