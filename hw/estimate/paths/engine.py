"""Ways within the engine."""

from collections.abc import Iterator

from hw.components.engine.engine import Engine
from hw.components.rom import Storage
from hw.estimate.paths.path import Path


def engine_paths(engine: Engine) -> Iterator[Path]:
    """From its memories to the winner, to the activations, and through the count."""
    winner = engine.score_format.bits
    sums = max(engine.total_bits, winner)
    yield Path("engine: total to winner", 5, 2, sums, from_memory=True, enables=winner)
    if engine.argmax.can_be_unsorted:
        yield Path("engine: total to lead over the second", 5, 3, sums + winner, from_memory=True)
    yield Path("engine: matches and count", 2, from_memory=True)
    if engine.count_storage is Storage.LOGIC:
        levels = engine.lanes.bit_length() - 1
        yield Path("engine: count of a word", 2 + levels, 1, engine.counter.bits.bit_length(), from_memory=True)
    else:
        yield Path("engine: count to sum", 2 + engine.counter.n_tables // 2, 1, engine.sum_bits, from_memory=True)
    address_bits = (sum(len(rom.rows) for rom in engine.weight_roms) - 1).bit_length()
    yield Path("engine: address of weights", 2, 1, address_bits, from_memory=True)
    yield Path("engine: step of the program", 4, 1, engine.row_bits, from_memory=True, enables=engine.row_bits)
