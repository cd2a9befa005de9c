"""What a vector replay takes."""

from math import ceil

from hw.components.counters import counter_bits
from hw.components.replay import SELECTED_WORDS, VectorReplay
from hw.devices import Device
from hw.estimate.chains import Chain, counters
from hw.estimate.coefficients import Features, luts_of
from hw.estimate.parts.counter import counter_features
from hw.estimate.resources import Resources

# Words from which a shift register becomes lookup tables, and how many words one of these holds (Xilinx UG474).
_SHIFTED_WORDS = {"xc7": (3, 32)}


def replay_resources(replay: VectorReplay, device: Device, operand_bits: int = 0) -> Resources:
    """A vector replay.

    Args:
        replay: its spec.
        device: on which it is built.
        operand_bits: how many bits of a word stand in the registers of the unit behind it as they came: synthesis
            makes one register of these and of the end of a single bank, which take the same word at the same time.
    """
    return Resources(
        round(luts_of(replay_features(replay, device), device)), _flip_flops(replay, device, operand_bits)
    )


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
    shift_registers = bits * replay.banks * _shift_registers(words, device)
    shifts = {"shift_register": shift_registers} if shift_registers else {}
    if replay.banks == 1:
        return {"one_bank": 1, "one_bank_bit": bits, **counter_features(words, repeats), **shifts}
    counters = counter_features(words, words, repeats)
    if words <= SELECTED_WORDS:
        choices = 1 if device.lut_inputs == 6 else words - 1
        return {"selected": 1, "selected_bit": bits * choices, **counters}
    return {"two_banks": 1, "two_bank_bit": bits, **counters, **shifts}


def replay_chains(replay: VectorReplay) -> list[Chain]:
    """The counters of words, of two banks each its own, and of repeats."""
    if replay.repeats == 1 and replay.banks == 1:
        return []
    return counters(*[replay.words] * replay.banks, replay.repeats)


def _flip_flops(replay: VectorReplay, device: Device, operand_bits: int) -> int:
    words, repeats, bits = replay.words, replay.repeats, replay.word_bits
    if repeats == 1 and replay.banks == 1:
        return 0
    counters = counter_bits(words) + counter_bits(repeats)
    if words == 1:
        return bits + counters + 1
    if replay.banks == 1:
        kept, shared = bits - operand_bits, operand_bits
        return kept * _registers(words, device) + shared * _registers(words - 1, device) + counters + 1
    counters += counter_bits(words)
    if words <= SELECTED_WORDS:
        return 2 * bits * words + counters + 2
    return 2 * bits * _registers(words, device) + counters + 4


def _registers(words: int, device: Device) -> int:
    """Registers of a bit that passes through so many words."""
    return 0 if _shift_registers(words, device) else words


def _shift_registers(words: int, device: Device) -> int:
    """Lookup tables that hold a bit of so many words as a shift register; 0 where it stays in registers."""
    least, held = _SHIFTED_WORDS.get(device.family, (None, 1))
    return 0 if least is None or words < least else ceil(words / held)
