"""The whole sorter: spike windows in, units out."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from amaranth.hdl import Module, unsigned
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out
from numpy.typing import NDArray

from hw.accelerator.sums import row_sums
from hw.components.argmax import ArgMax
from hw.components.matvec import MatrixVectorUnit
from hw.components.replay import VectorReplay
from hw.components.width import WidthConverter
from hw.components.words import WordFormat
from hw.network.types import Network
from hw.schedule.types import Schedule


@dataclass(frozen=True, eq=False)
class Accelerator:
    """A network folded by a schedule, as a streaming dataflow pipeline.

    Every layer is a width converter, a vector replay and a matrix-vector unit; the scores then pass one at a time to
    the winner. Spike windows come in as words of the first layer's SIMD elements, first sample first; a result goes
    out for each window, in order. Gives and takes backpressure. Initiation interval as the schedule states it, if
    the source never waits.

    Raises:
        BadInput: if the schedule does not belong to the network.
    """

    network: Network
    schedule: Schedule

    def __post_init__(self) -> None:
        self.schedule.check(self.network)

    @cached_property
    def units(self) -> tuple[MatrixVectorUnit, ...]:
        """The matrix-vector unit of every layer, the score layer last."""
        units = []
        for index, (layer, fold) in enumerate(zip(self.network.layers, self.schedule.layers, strict=True)):
            element = self.network.format_into(index)
            sums = row_sums(layer, element)
            units.append(
                MatrixVectorUnit(
                    name=layer.name,
                    element=element,
                    weights=sums.weights,
                    bias=sums.bias,
                    shift=sums.shift,
                    emit_signs=layer is not self.network.head,
                    pe=fold.pe,
                    simd=fold.simd,
                    weight_storage=fold.weight_storage,
                    bias_storage=fold.bias_storage,
                )
            )
        return tuple(units)

    @property
    def input_format(self) -> WordFormat:
        """Words of the spike stream."""
        return self.units[0].input_format

    @property
    def words_per_spike(self) -> int:
        """Words of one spike window."""
        return self.units[0].column_groups

    @property
    def argmax(self) -> ArgMax:
        """The winner's spec."""
        head = self.units[-1]
        return ArgMax(classes=head.weights.shape[0], score=head.total_format)

    def compute(self, spikes: NDArray[np.integer]) -> NDArray[np.int64]:
        """Units `[n]` of spike windows `[n, n_inputs]`, through the very sums that the circuit forms."""
        values: NDArray[np.integer] = spikes
        for unit in self.units:
            values = unit.compute(values)
        return self.argmax.compute(values)

    def circuit(self) -> "AcceleratorCircuit":
        """The Amaranth component, with streams `spikes` and `units`."""
        return AcceleratorCircuit(self)


class AcceleratorCircuit(wiring.Component):
    """Circuit of an `Accelerator`: stream `spikes` of input words, stream `units` of results.

    `layers` holds the circuits of the matrix-vector units, so that a simulation can watch every layer's output.
    """

    def __init__(self, spec: Accelerator):
        self.spec = spec
        self.layers = [unit.circuit() for unit in spec.units]
        super().__init__(
            {
                "spikes": In(stream.Signature(unsigned(spec.input_format.bits))),
                "units": Out(stream.Signature(spec.argmax.result_layout)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        source, lanes = wiring.flipped(self.spikes), self.spec.input_format.lanes
        for index, (circuit, fold) in enumerate(zip(self.layers, self.spec.schedule.layers, strict=True)):
            unit = circuit.spec
            converter = WidthConverter(unit.element.bits, lanes, unit.simd).circuit()
            replay = VectorReplay(
                unit.input_format.bits, unit.column_groups, unit.row_groups, fold.banks
            ).circuit()
            m.submodules[f"width{index}"] = converter
            m.submodules[f"replay{index}"] = replay
            m.submodules[f"layer{index}"] = circuit
            wiring.connect(m, source, converter.i)
            wiring.connect(m, converter.o, replay.i)
            wiring.connect(m, replay.o, circuit.i)
            source, lanes = circuit.o, unit.pe
        score_bits = self.spec.argmax.score.bits
        m.submodules.scores = scores = WidthConverter(score_bits, lanes, 1).circuit()
        m.submodules.argmax = argmax = self.spec.argmax.circuit()
        wiring.connect(m, source, scores.i)
        wiring.connect(m, scores.o, argmax.i)
        wiring.connect(m, argmax.o, wiring.flipped(self.units))
        return m
