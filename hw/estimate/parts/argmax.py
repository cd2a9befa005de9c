"""What the winner among streamed scores takes."""

from hw.components.argmax import ArgMax
from hw.components.counters import counter_bits
from hw.estimate.resources import Resources

_WINNER_BIT, _WINNER_CONTROL = 2.0, 6
MARGIN_BIT = {False: 1.5, True: 2.7}  # added to a bit of the winner that tells 'unsorted': constant margin, port


def argmax_resources(argmax: ArgMax) -> Resources:
    """The winner."""
    bits = argmax.score.bits
    winner = Resources(
        luts=round(_WINNER_BIT * bits) + _WINNER_CONTROL,
        flip_flops=bits + 2 * counter_bits(argmax.classes) + 1,
    )
    if not argmax.can_be_unsorted:
        return winner
    margin_registers = bits + 1 if argmax.margin_port else 0
    return winner + Resources(round(MARGIN_BIT[argmax.margin_port] * bits), margin_registers + 1)
