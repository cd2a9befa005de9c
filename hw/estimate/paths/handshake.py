"""Ways along the handshakes of a pipeline: ready runs back through all parts that do not break it."""

from collections.abc import Iterator

from hw.accelerator.pipeline import Pipeline
from hw.components.matvec import MatrixVectorUnit
from hw.components.mvtu import LayerUnit, MatrixVectorThresholdUnit
from hw.components.replay import SELECTED_WORDS, VectorReplay
from hw.components.unrolled.layer import UnrolledLayer
from hw.components.width import WidthConverter
from hw.estimate.paths.path import Path


def handshake_paths(pipeline: Pipeline) -> Iterator[Path]:
    """For each layer the way from the furthest register whose state reaches its clock enables."""
    ready = _through_converter(pipeline.score_converter, 1)
    parts = zip(pipeline.units, pipeline.replays, pipeline.converters, pipeline.buffers, strict=True)
    for unit, replay, converter, buffer in reversed(list(parts)):
        if buffer is not None:
            yield Path(f"layer {unit.name}: buffer", 1, handshakes=ready, enables=buffer.bits)
            ready = 0
        if isinstance(unit, MatrixVectorThresholdUnit):
            yield Path(f"layer {unit.name}: handshake of thresholds", 1, handshakes=ready, enables=_enabled(unit))
            ready += 1
        yield Path(f"layer {unit.name}: handshake", 1, handshakes=ready + _valid(replay), enables=_enabled(unit))
        if not isinstance(unit, UnrolledLayer):
            ready += 1
        ready, hops, enables = _through_replay(replay, ready)
        if enables:
            yield Path(f"layer {unit.name}: handshake of replay", hops, handshakes=ready, enables=enables)
        ready = _through_converter(converter, ready)


def _enabled(unit: LayerUnit | UnrolledLayer) -> int:
    """Registers of a layer that move together."""
    if isinstance(unit, UnrolledLayer):
        return unit.layer.rows * unit.output_format.element.bits
    products = unit.products if isinstance(unit, MatrixVectorThresholdUnit) else unit
    return _operand_bits(products) + products.pe * products.total_format.bits


def _operand_bits(unit: MatrixVectorUnit) -> int:
    return sum(shape.width for shape in unit.terms.operand_shapes)


def _valid(replay: VectorReplay) -> int:
    """Whether a replay's valid waits for the part in front of it."""
    return 0 if replay.words == 1 or replay.banks == 2 else 1


def _through_converter(converter: WidthConverter, ready: int) -> int:
    if converter.lanes_in == converter.lanes_out:
        return ready
    if converter.lanes_in % converter.lanes_out and converter.lanes_out % converter.lanes_in:
        return ready + 2
    return ready + 1


def _through_replay(replay: VectorReplay, ready: int) -> tuple[int, int, int]:
    """Parts behind its own ready; lookup tables up to its clock enables, and how many registers these have."""
    bits = replay.word_bits * replay.words
    if replay.banks == 1 and replay.repeats == 1:
        return ready, 0, 0
    if replay.words == 1:
        return ready + 1, 2, replay.word_bits
    if replay.banks == 1:
        return ready + 1, 1, bits
    return (ready + 1, 2, bits) if replay.words <= SELECTED_WORDS else (0, 2, bits)
