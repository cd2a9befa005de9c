"""The memories of an accelerator, and its answers for whatever they hold."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from hw.accelerator.accelerator import Accelerator
from hw.faults.bits import Bits
from hw.faults.stages import EngineStage, Stage, TableStage, stage_of


@dataclass(frozen=True, eq=False)
class Memory:
    """A memory of the accelerator.

    Attributes:
        name: of the layer, and what it holds.
        stage: index of the stage that reads it.
        holds: what it holds, by which its stage knows it.
        bits: its contents.
    """

    name: str
    stage: int
    holds: str
    bits: Bits


@dataclass(frozen=True, eq=False)
class StoredNetwork:
    """An accelerator by the contents of its memories: weights as they are encoded, constants with their width.

    Of several weight sets it is the first, in the bank that it begins in. Layers of constants have no memory, and an
    engine's program is none of these: it holds no numbers of the network.
    """

    accelerator: Accelerator

    @cached_property
    def stages(self) -> tuple[tuple[str, Stage], ...]:
        """The parts in the order in which spikes pass them, each with its layer's name."""
        engine, pipeline = self.accelerator.engine, self.accelerator.pipeline
        names = [layer.name for layer in self.accelerator.network.layers]
        if engine is not None:
            return tuple((name, EngineStage(engine, index)) for index, name in enumerate(names))
        assert pipeline is not None, "an accelerator is an engine or a pipeline"
        units = zip(names, pipeline.units, strict=True)
        layers = tuple((name, stage_of(unit, is_head=name == names[-1])) for name, unit in units)
        return (("", TableStage(pipeline.front)), *layers) if pipeline.front else layers

    @cached_property
    def memories(self) -> tuple[Memory, ...]:
        """All of them, in the order in which spikes meet them."""
        return tuple(
            Memory(f"{name} {holds}".strip(), index, holds, bits)
            for index, (name, stage) in enumerate(self.stages)
            for holds, bits in stage.memories.items()
        )

    def run(self, spikes: NDArray[np.integer]) -> "StoredRun":
        """Spike windows `[n, n_inputs]` through all stages, without faults."""
        return StoredRun(self, spikes)


@dataclass(frozen=True, eq=False)
class StoredRun:
    """Spikes on their way through the stages without faults, so that a fault is computed from its stage on only."""

    stored: StoredNetwork
    spikes: NDArray[np.integer]

    @cached_property
    def intact(self) -> tuple[NDArray[np.int64], ...]:
        """What each stage gives without faults; the last one's are the scores."""
        outputs: list[NDArray[np.int64]] = []
        for _, stage in self.stored.stages:
            outputs.append(stage.compute(outputs[-1] if outputs else self.spikes, {}))
        return tuple(outputs)

    def outputs(self, faulty: Mapping[str, Bits]) -> tuple[NDArray[np.int64], ...]:
        """What each stage gives where memories, by name, hold these bits in place of their own."""
        wrong = [memory for memory in self.stored.memories if memory.name in faulty]
        first = min((memory.stage for memory in wrong), default=len(self.intact))
        outputs = list(self.intact[:first])
        for index, (_, stage) in enumerate(self.stored.stages[first:], first):
            contents = {memory.holds: faulty[memory.name] for memory in wrong if memory.stage == index}
            outputs.append(stage.compute(outputs[-1] if outputs else self.spikes, contents))
        return tuple(outputs)

    def answers(self, faulty: Mapping[str, Bits]) -> NDArray[np.int64]:
        """Units `[n]` with these faults; the number of units stands for 'unsorted'."""
        return self.stored.accelerator.argmax.compute(self.outputs(faulty)[-1])
