"""What weights that change take beside the memories: notes of inferences in flight, and the loader."""

from math import ceil

from hw.accelerator.weights import ChangingWeights
from hw.components.counters import counter_bits
from hw.components.inflight import InFlight
from hw.components.loader import CHECKSUM_BYTES, WeightLoader
from hw.devices import Device
from hw.estimate.chains import Chain, added, compared, counters
from hw.estimate.coefficients import Features, luts_of
from hw.estimate.resources import Resources

# More notes than these take more to be told apart.
_FEW_NOTES = 4
# Beside the loader: which byte of a memory's row is written.
_ROW_BYTE = 1


def changing_weights_resources(weights: ChangingWeights, device: Device) -> Resources:
    """Both parts together, without the memories, which count to their layers."""
    notes = in_flight_resources(weights.in_flight, device)
    return notes + loader_resources(weights.loader, device) if weights.loads else notes


def in_flight_resources(in_flight: InFlight, device: Device) -> Resources:
    """The notes, and the gate that spikes begin at."""
    index, word_bits = counter_bits(in_flight.capacity), counter_bits(in_flight.words)
    notes = in_flight.capacity * in_flight.tag_bits
    pointers = 3 * (index + 1) + in_flight.readers * index  # begun, ended, the fence; one a reader
    luts = luts_of(in_flight_features(in_flight, device), device)
    return Resources(luts=round(luts), flip_flops=notes + pointers + word_bits + 2)


def changing_weights_chains(weights: ChangingWeights) -> list[Chain]:
    """Those of both parts."""
    notes = in_flight_chains(weights.in_flight)
    return notes + loader_chains(weights.loader) if weights.loads else notes


def in_flight_features(in_flight: InFlight, device: Device) -> Features:
    """What the notes spend lookup tables on.

    - `notes`: the gate, and what inferences there are.
    - `notes_place`: a bit of a reader's place.
    - `notes_choice`: a lookup table of a reader's choice among noted tags.
    - `few_notes`, `many_notes`: a note that is told apart from a few others, or from more.
    - `notes_word_bit`: a bit of the counter of words.
    """
    capacity = in_flight.capacity
    ways_a_table = 3 if device.lut_inputs == 6 else 1
    return {
        "notes": 1,
        "notes_place": in_flight.readers * counter_bits(capacity),
        "notes_choice": in_flight.readers * in_flight.tag_bits * ceil((capacity - 1) / ways_a_table),
        "few_notes": capacity if capacity <= _FEW_NOTES else 0,
        "many_notes": capacity if capacity > _FEW_NOTES else 0,
        "notes_word_bit": counter_bits(in_flight.words),
    }


def in_flight_chains(in_flight: InFlight) -> list[Chain]:
    """What has begun and what has ended, every reader's place, and the counter of words."""
    index = counter_bits(in_flight.capacity)
    return [*counters(in_flight.words), added(index + 1, times=2), added(index, times=in_flight.readers)]


def loader_resources(loader: WeightLoader, device: Device) -> Resources:
    """The loader with its checksum, and the write enables of the memories."""
    row_bytes = sum(row_bytes for _, row_bytes in loader.memories)
    luts = luts_of(loader_features(loader), device) + _ROW_BYTE * row_bytes
    return Resources(round(luts), _loader_flip_flops(loader))


def loader_features(loader: WeightLoader) -> Features:
    """What a loader spends lookup tables on.

    - `loader`: its checksum and handshake.
    - `loader_register`: a bit of its registers.
    - `loader_bank`: each set that can change places with the spare one, but for the first.
    """
    return {"loader": 1, "loader_register": _loader_flip_flops(loader), "loader_bank": loader.weight_sets - 1}


def loader_chains(loader: WeightLoader) -> list[Chain]:
    """Counters of the places in a row, of rows, of memories and of frames, and whether there is such a set."""
    bus, byte = loader.bus, 8
    counted = counters(max(bus.row_bytes, CHECKSUM_BYTES), bus.rows, bus.memories + 1, 1 << byte)
    return [*counted, compared(byte, loader.weight_sets)]


def _loader_flip_flops(loader: WeightLoader) -> int:
    bus, banks = loader.bus, counter_bits(loader.bus.banks)
    places = counter_bits(bus.rows) + counter_bits(max(bus.row_bytes, CHECKSUM_BYTES))
    counters = counter_bits(bus.memories + 1) + places + 8
    write = bus.memories + 8 + banks + counter_bits(bus.rows) + counter_bits(bus.row_bytes)
    state = 32 + 8 + 3 + banks * bus.banks  # checksum; set; judging, inside, good; where each bank is
    return counters + write + state
