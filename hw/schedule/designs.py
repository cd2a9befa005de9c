"""What is chosen from: the foldings of a pipeline, and the engines that would run all layers one after another."""

from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass, replace

import numpy as np
from numpy.typing import NDArray

from hw.components.engine.engine import Engine
from hw.devices import Device
from hw.errors import BadInput
from hw.estimate.engine import engine_resources
from hw.estimate.parts.argmax import argmax_resources
from hw.network.types import Network
from hw.schedule.engine import engines_of
from hw.schedule.search import Found, search, undominated
from hw.schedule.shapes import FIGURES, INTERVAL, Figures, Fixed
from hw.schedule.space import Space, space_of
from hw.schedule.types import Architecture, EngineFolding, LayerFolding, Schedule


@dataclass(frozen=True, eq=False)
class Selection:
    """Designs within limits, none of which another one equals or beats in every figure that counts.

    Attributes:
        figures: of each design, `[n, FIGURES]`.
        schedule: makes the schedule of a row of the figures.
    """

    figures: Figures
    schedule: Callable[[int], Schedule]


@dataclass(frozen=True, eq=False)
class Designs:
    """Every way to build a network on a device that is open.

    Attributes:
        network: what is built.
        device: what must hold it.
        margin_port: whether the margin of 'unsorted' is an input of the circuit.
        space: foldings of a pipeline; None where none is wanted.
        engines: engines, with a row of figures for each.
        engine_figures: `[engines, FIGURES]`.
    """

    network: Network
    device: Device
    margin_port: bool
    space: Space | None
    engines: Sequence[EngineFolding]
    engine_figures: Figures

    @property
    def n_designs(self) -> int:
        """How many there are."""
        return len(self.engines) + (0 if self.space is None else self.space.n_foldings)

    @property
    def intervals(self) -> NDArray[np.int64]:
        """Every initiation interval that a design can have, rising."""
        pipeline = [] if self.space is None else [self.space.intervals]
        return np.unique(np.concatenate([*pipeline, self.engine_figures[:, INTERVAL]]))

    def within(
        self,
        limits: Figures,
        counted: Sequence[int],
        progress: Callable[[float], None] = lambda fraction: None,
        grain: float = 0.0,
    ) -> Selection:
        """Select by `search`, engines beside the foldings of a pipeline."""
        found = None if self.space is None else search(self.space, limits, counted, progress, grain)
        engines = np.flatnonzero((self.engine_figures <= limits).all(axis=1))
        foldings = self.engine_figures[:0] if found is None else found.figures
        figures = np.concatenate([foldings, self.engine_figures[engines]])
        kept = undominated(figures[:, list(counted)])

        def schedule(index: int) -> Schedule:
            row = int(kept[index])
            if found is not None and row < len(foldings):
                return self._pipeline(found, row)
            return self._engine(self.engines[engines[row - len(foldings)]])

        return Selection(figures[kept], schedule)

    def _pipeline(self, found: Found, row: int) -> Schedule:
        schedule = self._schedule(found.layers(row), Architecture.PIPELINE, None)
        return schedule if self.space is None else replace(schedule, weight_sets=self.space.weight_sets)

    def _engine(self, folding: EngineFolding) -> Schedule:
        return self._schedule((), Architecture.ENGINE, folding)

    def _schedule(
        self, layers: tuple[LayerFolding, ...], architecture: Architecture, engine: EngineFolding | None
    ) -> Schedule:
        return Schedule(self.network.digest, self.device.name, layers, architecture, self.margin_port, engine)


def designs_of(
    network: Network,
    device: Device,
    architecture: Architecture | None = None,
    fixed: Fixed = Fixed(),
    margin_port: bool = False,
) -> Designs:
    """Every way to build a network on a device.

    Args:
        network: what is built.
        device: what must hold it.
        architecture: the one that is wanted; None leaves it open.
        fixed: choices that are given for the layers of a pipeline, which so is wanted.
        margin_port: whether the margin of 'unsorted' is an input of the circuit.

    Raises:
        BadInput: if what is fixed does not fit the network, or the engine that is wanted does not take it.
    """
    if architecture is Architecture.ENGINE and fixed.is_of_a_pipeline:
        raise BadInput("PE, SIMD, storage and changing weights of layers belong to a pipeline; an engine has none")
    space = None if architecture is Architecture.ENGINE else space_of(network, device, fixed, margin_port)
    is_open = not fixed.is_of_a_pipeline and architecture is not Architecture.PIPELINE
    engines = _engines(network, device, margin_port, architecture) if is_open else []
    figures = [_figures(engine, device) for engine in engines]
    return Designs(
        network,
        device,
        margin_port,
        space,
        engines=[EngineFolding(engine.lanes, engine.count_storage, engine.cycles) for engine in engines],
        engine_figures=np.array(figures, np.int64).reshape(len(figures), FIGURES),
    )


def _engines(network: Network, device: Device, margin_port: bool, wanted: Architecture | None) -> list[Engine]:
    """The engines; none for a network that they do not take, unless one is wanted."""
    try:
        return engines_of(network, device, margin_port)
    except BadInput:
        if wanted is Architecture.ENGINE:
            raise
        return []


def _figures(engine: Engine, device: Device) -> tuple[int, ...]:
    resources = engine_resources(engine, device) + argmax_resources(engine.argmax, device)
    return (*astuple(resources), engine.latency_clocks, engine.cycles)
