"""All ways of an accelerator that may limit its clock."""

from collections.abc import Iterator

from hw.accelerator.accelerator import Accelerator
from hw.components.engine.engine import Engine
from hw.components.unrolled.layer import UnrolledLayer
from hw.estimate.paths.engine import engine_paths
from hw.estimate.paths.handshake import handshake_paths
from hw.estimate.paths.layers import layer_paths, logic_memory_paths
from hw.estimate.paths.path import Path
from hw.estimate.paths.unrolled import unrolled_paths
from hw.estimate.paths.weights import weights_paths
from hw.estimate.paths.winner import winner_paths


def paths_of(accelerator: Accelerator) -> Iterator[Path]:
    """Every part's."""
    design = accelerator.design
    yield from winner_paths(design.argmax)
    if isinstance(design, Engine):
        yield from engine_paths(design)
        return
    yield from handshake_paths(design)
    if design.front is not None:
        rom = design.front.rom
        yield from logic_memory_paths("input table", len(rom.rows), rom.width, rom.storage)
    for unit, replay in zip(design.units, design.replays, strict=True):
        yield from unrolled_paths(unit) if isinstance(unit, UnrolledLayer) else layer_paths(unit, replay)
    if design.weights is not None:
        yield from weights_paths(design.weights)
