"""What a counter spends lookup tables on."""

from hw.components.counters import counter_bits, is_power_of_two
from hw.estimate.coefficients import Features


def counter_features(*states: int) -> Features:
    """Counters of so many states each, which tell their last state.

    - `counter_bit`: a bit that is counted and compared.
    - `counter_wrap`: a bit of a counter that begins again by itself, since its states are no power of two.
    """
    wraps = [n for n in states if not is_power_of_two(n)]
    return {
        "counter_bit": sum(counter_bits(n) for n in states),
        "counter_wrap": sum(counter_bits(n) for n in wraps),
    }
