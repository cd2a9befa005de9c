"""What the winner among streamed scores takes."""

from hw.components.argmax import ArgMax
from hw.components.counters import counter_bits
from hw.devices import Device
from hw.estimate.chains import Chain, added, counters
from hw.estimate.coefficients import Features, luts_of
from hw.estimate.resources import Resources


def argmax_resources(argmax: ArgMax, device: Device) -> Resources:
    """The winner."""
    bits = argmax.score.bits
    flip_flops = bits + 2 * counter_bits(argmax.classes) + 1
    if argmax.can_be_unsorted:
        flip_flops += 1 + (bits + 1 if argmax.margin_port else 0)
    return Resources(round(luts_of(argmax_features(argmax), device)), flip_flops)


def argmax_features(argmax: ArgMax) -> Features:
    """What it spends lookup tables on.

    - `winner`: its handshake.
    - `winner_bit`: a bit of the comparison with the best score.
    - `winner_count`: a bit of the index that is counted, and of the best one.
    - `margin_bit`, `margin_port_bit`: a bit compared with the margin, a constant or an input.
    """
    bits = argmax.score.bits if argmax.classes > 1 else 0
    margin_bits = bits if argmax.can_be_unsorted else 0
    return {
        "winner": 1,
        "winner_bit": bits,
        "winner_count": counter_bits(argmax.classes),
        "margin_port_bit" if argmax.margin_port else "margin_bit": margin_bits,
    }


def argmax_chains(argmax: ArgMax) -> list[Chain]:
    """How far a score lags behind the best one, how near that is to the margin, and the counter of scores."""
    if argmax.classes == 1:
        return []
    bits = argmax.score.bits
    found = [*counters(argmax.classes), added(bits + 1)]
    if argmax.margin_port:
        return [*found, Chain(bits + 1, known=1), added(bits + 2)]
    return [*found, added(bits + 1)] if argmax.can_be_unsorted else found
