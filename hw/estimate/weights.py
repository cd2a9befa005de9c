"""What weights that change take beside the memories: notes of inferences in flight, and the loader."""

from hw.accelerator.weights import ChangingWeights
from hw.components.counters import counter_bits
from hw.components.inflight import InFlight
from hw.components.loader import CHECKSUM_BYTES, WeightLoader
from hw.estimate.resources import Resources

# Read off Yosys 0.70's counts: a reader's choice among noted tags, the rest of the notes; the loader without and
# with a part for each byte of a memory's row.
_READER, _NOTES = 6, 20
_LOADER, _ROW_BYTE = 190, 1


def changing_weights_resources(weights: ChangingWeights) -> Resources:
    """Both parts together, without the memories, which count to their layers."""
    notes = in_flight_resources(weights.in_flight)
    return notes + loader_resources(weights.loader) if weights.loads else notes


def in_flight_resources(in_flight: InFlight) -> Resources:
    """The notes, and the gate that spikes begin at."""
    index = counter_bits(in_flight.capacity)
    notes = in_flight.capacity * in_flight.tag_bits
    pointers = 3 * (index + 1) + in_flight.readers * index  # begun, ended, the fence; one a reader
    return Resources(
        luts=_NOTES + notes + _READER * in_flight.readers * in_flight.tag_bits,
        flip_flops=notes + pointers + counter_bits(in_flight.words) + 2,
    )


def loader_resources(loader: WeightLoader) -> Resources:
    """The loader with its checksum, and the write enables of the memories."""
    bus, banks = loader.bus, counter_bits(loader.bus.banks)
    places = counter_bits(bus.rows) + counter_bits(max(bus.row_bytes, CHECKSUM_BYTES))
    counters = counter_bits(bus.memories + 1) + places + 8
    write = bus.memories + 8 + banks + counter_bits(bus.rows) + counter_bits(bus.row_bytes)
    state = 32 + 8 + 3 + banks * bus.banks  # checksum; set; judging, inside, good; where each bank is
    row_bytes = sum(row_bytes for _, row_bytes in loader.memories)
    return Resources(luts=_LOADER + _ROW_BYTE * row_bytes, flip_flops=counters + write + state)
