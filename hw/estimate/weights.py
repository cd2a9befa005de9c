"""What weights that change take beside the memories: notes of inferences in flight, and the loader."""

from dataclasses import dataclass
from math import ceil

from hw.accelerator.weights import ChangingWeights
from hw.components.counters import counter_bits
from hw.components.inflight import InFlight
from hw.components.loader import CHECKSUM_BYTES, WeightLoader
from hw.devices import Device
from hw.estimate.resources import Resources


@dataclass(frozen=True)
class _Family:
    """Lookup tables, fitted to Yosys 0.70's counts of loaders and notes by themselves.

    Attributes:
        ways_a_table: by how many a tag's choices become fewer with each lookup table.
        entry: of noting a tag, where the notes are few and where they are more than `_FEW_NOTES`.
        word_bit: of counting words.
        loader: of a loader without its counters.
        register: of a bit of the loader's registers.
        bank: of each set that can change places with the spare one, but for the first.
    """

    ways_a_table: int
    entry: tuple[float, float]
    word_bit: float
    loader: float
    register: float
    bank: float


_FAMILIES = {
    "ice40": _Family(1, (2.7, 5.5), 1.5, 52, 1.3, 5),
    "ecp5": _Family(1, (2.7, 5.5), 1.5, 73, 1.1, 2),
    "xc7": _Family(3, (1.0, 1.0), 1.0, 63, 0.6, 4),
}
_FEW_NOTES = 4
_NOTES = 12
# Beside the loader: which byte of a memory's row is written.
_ROW_BYTE = 1


def changing_weights_resources(weights: ChangingWeights, device: Device) -> Resources:
    """Both parts together, without the memories, which count to their layers."""
    notes = in_flight_resources(weights.in_flight, device)
    return notes + loader_resources(weights.loader, device) if weights.loads else notes


def in_flight_resources(in_flight: InFlight, device: Device) -> Resources:
    """The notes, and the gate that spikes begin at."""
    family, capacity = _FAMILIES[device.family], in_flight.capacity
    index, word_bits = counter_bits(capacity), counter_bits(in_flight.words)
    notes = capacity * in_flight.tag_bits
    places = in_flight.readers * index
    choices = in_flight.readers * in_flight.tag_bits * ceil((capacity - 1) / family.ways_a_table)
    luts = _NOTES + places + choices + capacity * family.entry[capacity > _FEW_NOTES] + word_bits * family.word_bit
    pointers = 3 * (index + 1) + places  # begun, ended, the fence; one a reader
    return Resources(luts=round(luts), flip_flops=notes + pointers + word_bits + 2)


def loader_resources(loader: WeightLoader, device: Device) -> Resources:
    """The loader with its checksum, and the write enables of the memories."""
    bus, banks = loader.bus, counter_bits(loader.bus.banks)
    places = counter_bits(bus.rows) + counter_bits(max(bus.row_bytes, CHECKSUM_BYTES))
    counters = counter_bits(bus.memories + 1) + places + 8
    write = bus.memories + 8 + banks + counter_bits(bus.rows) + counter_bits(bus.row_bytes)
    state = 32 + 8 + 3 + banks * bus.banks  # checksum; set; judging, inside, good; where each bank is
    family, flip_flops = _FAMILIES[device.family], counters + write + state
    row_bytes = sum(row_bytes for _, row_bytes in loader.memories)
    luts = family.loader + family.register * flip_flops + family.bank * (loader.weight_sets - 1)
    return Resources(round(luts) + _ROW_BYTE * row_bytes, flip_flops)
