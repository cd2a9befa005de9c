"""What a vector replay takes."""

from math import ceil

from hw.components.counters import counter_bits
from hw.components.replay import SELECTED_WORDS, VectorReplay
from hw.devices import Device
from hw.estimate.coefficients import Features, luts_of
from hw.estimate.parts.counter import counter_features
from hw.estimate.resources import Resources

# Words from which a shift register becomes lookup tables, and how many words one of these holds (Xilinx UG474).
_SHIFTED_WORDS = {"xc7": (3, 32)}


def replay_resources(replay: VectorReplay, device: Device) -> Resources:
    """A vector replay."""
    return Resources(round(luts_of(replay_features(replay, device), device)), _flip_flops(replay, device))


def replay_features(replay: VectorReplay, device: Device) -> Features:
    """What it spends lookup tables on, beside its counters.

    - `held`, `one_bank`, `selected`, `two_banks`: the handshake of each kind.
    - `one_bank_bit`: a bit that passes through or comes from the bank.
    - `two_bank_bit`: a bit of the choice between two banks, and of the feedback of both.
    - `selected_bit`: a bit chosen from each further word, or from several in a wide lookup table.
    - `shift_register`: one that lookup tables hold.
    """
    words, repeats, bits = replay.words, replay.repeats, replay.word_bits
    if repeats == 1 and replay.banks == 1:
        return {}
    if words == 1:
        return {"held": 1, **counter_features(repeats)}
    shifts = {"shift_register": bits * replay.banks * _shift_registers(words, device)}
    if replay.banks == 1:
        return {"one_bank": 1, "one_bank_bit": bits, **counter_features(words, repeats), **shifts}
    counters = counter_features(words, words, repeats)
    if words <= SELECTED_WORDS:
        choices = 1 if device.lut_inputs == 6 else words - 1
        return {"selected": 1, "selected_bit": bits * choices, **counters}
    return {"two_banks": 1, "two_bank_bit": bits, **counters, **shifts}


def _flip_flops(replay: VectorReplay, device: Device) -> int:
    words, repeats = replay.words, replay.repeats
    if repeats == 1 and replay.banks == 1:
        return 0
    counters = counter_bits(words) + counter_bits(repeats)
    if words == 1:
        return replay.word_bits + counters + 1
    bank_bits = replay.word_bits * words * replay.banks
    if replay.banks == 1:
        return counters + 1 + (0 if _shift_registers(words, device) else bank_bits)
    counters += counter_bits(words)
    if words <= SELECTED_WORDS:
        return bank_bits + counters + 2
    return counters + 4 + (0 if _shift_registers(words, device) else bank_bits)


def _shift_registers(words: int, device: Device) -> int:
    """Lookup tables that a bit of a bank takes as a shift register; 0 where it stays registers."""
    least, held = _SHIFTED_WORDS.get(device.family, (None, 1))
    return 0 if least is None or words < least else ceil(words / held)
