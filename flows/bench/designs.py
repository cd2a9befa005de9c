"""The folded designs whose figures `docs/folded.md` states: a random network of a stated shape and its schedule.

Weights, thresholds (anywhere in their accumulator's range, constant rows and ties included) and offsets are random.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hw.accelerator.accelerator import Accelerator
from hw.components.rom import Storage
from hw.network.types import (
    BIPOLAR,
    IntegerFormat,
    Network,
    ScoreLayer,
    ThresholdLayer,
    accumulator_bounds,
)
from hw.schedule.timing import with_banks
from hw.schedule.types import LayerFolding, Schedule

INT8 = IntegerFormat(8, signed=True)
_HIDDEN = (256, 256)
_UNITS = 5
_B, _L = Storage.BLOCK, Storage.LOGIC


@dataclass(frozen=True)
class Fold:
    """PE and SIMD of a layer, where its weights and its row constants are kept, and its count tables."""

    pe: int
    simd: int
    weights: Storage
    constants: Storage
    count_tables: int = 0


@dataclass(frozen=True)
class Design:
    """A folded design of the benchmark.

    Attributes:
        name: as the tables call it.
        device: where it is synthesised for.
        input_format: of the network's inputs.
        n_inputs: inputs of the network, before two hidden layers of 256 rows and 5 units.
        cycles: clocks an inference at the most.
        folds: of each layer.
    """

    name: str
    device: str
    input_format: IntegerFormat
    n_inputs: int
    cycles: int
    folds: tuple[Fold, Fold, Fold]

    def accelerator(self, seed: int) -> Accelerator:
        """The accelerator of a random network."""
        network = random_network(seed, self.n_inputs, _HIDDEN, _UNITS, self.input_format)
        return Accelerator(network, schedule_of(network, self.device, self.folds))

    @property
    def synapses(self) -> int:
        """1-bit products a clock, PE x SIMD of all layers."""
        return sum(fold.pe * fold.simd for fold in self.folds)


def random_network(
    seed: int, n_inputs: int, hidden: Sequence[int], n_units: int, input_format: IntegerFormat
) -> Network:
    """A network with random weights, thresholds, directions and offsets; the same seed gives the same one."""
    rng = np.random.default_rng(seed)
    layers, columns, values = [], n_inputs, input_format
    for index, rows in enumerate(hidden):
        weights, rising = rng.random((rows, columns)) < 0.5, rng.random(rows) < 0.5
        low, high = accumulator_bounds(weights, values)
        thresholds = rng.integers(np.where(rising, low, low - 1), np.where(rising, high + 2, high + 1))
        layers.append(ThresholdLayer(f"hidden{index}", weights, thresholds[:, None], rising))
        columns, values = rows, BIPOLAR
    head = ScoreLayer("scores", rng.random((n_units, columns)) < 0.5, rng.integers(-99, 100, n_units), 0)
    return Network(input_format, tuple(layers), head, tuple(f"unit {u}" for u in range(n_units)))


def schedule_of(network: Network, device: str, folds: Sequence[Fold]) -> Schedule:
    """A schedule by hand, with the banks that the folding's rule asks for."""
    layers = [
        LayerFolding(
            *(layer.name, layer.rows, layer.columns, fold.pe, fold.simd, 1, fold.weights, fold.constants),
            count_tables=fold.count_tables,
        )
        for layer, fold in zip(network.layers, folds, strict=True)
    ]
    return Schedule(network.digest, device, with_banks(layers))


FOLDED = (
    Design(
        *("up5k-256", "up5k", INT8, 48, 256),
        (Fold(4, 12, _B, _B), Fold(1, 256, _B, _B), Fold(1, 8, _B, _L)),
    ),
    Design(
        *("ecp5-16", "lfe5u-25f", INT8, 48, 16),
        (Fold(16, 48, _L, _L), Fold(16, 256, _L, _L, count_tables=54), Fold(5, 16, _L, _L)),
    ),
    Design(
        *("xc7-1280", "xc7a35t", BIPOLAR, 64, 1280),
        (Fold(1, 32, _B, _L), Fold(1, 64, _B, _B), Fold(1, 4, _L, _L)),
    ),
    Design(
        *("xc7-160", "xc7a35t", BIPOLAR, 64, 160),
        (Fold(2, 64, _B, _L), Fold(2, 256, _B, _B), Fold(1, 8, _L, _L)),
    ),
    Design(
        *("xc7-20", "xc7a35t", BIPOLAR, 64, 20),
        (Fold(16, 64, _L, _B, count_tables=16), Fold(16, 256, _L, _B, count_tables=64), Fold(1, 64, _B, _B)),
    ),
)
