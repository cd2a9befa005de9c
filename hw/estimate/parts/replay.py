"""What a vector replay takes."""

from math import ceil

from hw.components.counters import counter_bits
from hw.components.replay import SELECTED_WORDS, VectorReplay
from hw.devices import Device
from hw.estimate.resources import Resources

# A bit of a bank's feedback and of the choice between banks; counters.
_REPLAY_BIT, _REPLAY_CONTROL = {1: 1.05, 2: 3.05}, {1: 10, 2: 30}
_HELD_CONTROL = 4
# Words from which a shift register becomes lookup tables (0: never).
_SHIFT_DEPTH = {"ice40": 0, "ecp5": 0, "xc7": 3}


def replay_resources(replay: VectorReplay, device: Device) -> Resources:
    """A vector replay."""
    if replay.repeats == 1 and replay.banks == 1:
        return Resources()
    counters = counter_bits(replay.words) + counter_bits(replay.repeats)
    if replay.words == 1:
        return Resources(luts=_HELD_CONTROL + counters, flip_flops=replay.word_bits + counters + 1)
    bits = replay.word_bits * replay.words * replay.banks
    if replay.banks == 2 and replay.words <= SELECTED_WORDS:
        choice_luts = 1 if replay.words == 2 or device.lut_inputs == 6 else 2
        counters += counter_bits(replay.words)
        luts = choice_luts * replay.word_bits + _REPLAY_CONTROL[1] + counters
        return Resources(luts=luts, flip_flops=bits + counters + 2)
    in_luts = 0 < _SHIFT_DEPTH[device.family] <= replay.words
    flags = 1
    if replay.banks == 2:
        counters, flags = counters + counter_bits(replay.words), 4
    shift_luts = replay.word_bits * replay.banks * ceil(replay.words / 16) if in_luts else 0
    return Resources(
        luts=round(_REPLAY_BIT[replay.banks] * replay.word_bits) + _REPLAY_CONTROL[replay.banks] + shift_luts,
        flip_flops=(0 if in_luts else bits) + counters + flags,
    )
