"""The matrix-vector-threshold unit: what computes one layer of the network."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from amaranth.hdl import Module, unsigned
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out
from numpy.typing import NDArray

from hw.components.matvec import MatrixVectorCircuit, MatrixVectorUnit
from hw.components.probe import SumProbes
from hw.components.rom import Rom, Storage
from hw.components.rows import row_sums
from hw.components.threshold import MultiThreshold, MultiThresholdCircuit
from hw.components.words import WordFormat
from hw.network.types import BIPOLAR, IntegerFormat, ScoreLayer, ThresholdLayer


@dataclass(frozen=True, eq=False)
class MatrixVectorThresholdUnit:
    """A matrix-vector unit whose totals pass several thresholds: outputs of 2 to 4 bits.

    Latency 5 clocks from a row group's last word to its outputs; else as the matrix-vector unit.
    """

    products: MatrixVectorUnit
    thresholds: MultiThreshold

    def folded(
        self,
        pe: int,
        simd: int,
        weight_storage: Storage,
        bias_storage: Storage,
        count_tables: int = 0,
        register_terms: bool = False,
    ) -> "MatrixVectorThresholdUnit":
        """The same layer, folded otherwise."""
        products = self.products.folded(pe, simd, weight_storage, bias_storage, count_tables, register_terms)
        return replace(self, products=products, thresholds=self.thresholds.folded(pe, bias_storage))

    @property
    def name(self) -> str:
        """The layer's name."""
        return self.products.name

    @property
    def weights(self) -> NDArray[np.bool_]:
        """Booleans `[rows, columns]`, True for +1."""
        return self.products.weights

    @property
    def element(self) -> IntegerFormat:
        """Format of the vector's elements."""
        return self.products.element

    @property
    def pe(self) -> int:
        """Rows a clock."""
        return self.products.pe

    @property
    def simd(self) -> int:
        """Columns a clock."""
        return self.products.simd

    @property
    def row_groups(self) -> int:
        """How often the vector passes."""
        return self.products.row_groups

    @property
    def column_groups(self) -> int:
        """Words of a vector."""
        return self.products.column_groups

    @property
    def input_format(self) -> WordFormat:
        """Words that come in."""
        return self.products.input_format

    @property
    def output_format(self) -> WordFormat:
        """Words that go out."""
        return self.thresholds.output_format

    @property
    def latency_clocks(self) -> int:
        """From a row group's last word to its outputs."""
        return self.products.latency_clocks + self.thresholds.latency_clocks

    @property
    def parts(self) -> tuple[MatrixVectorUnit | MultiThreshold, ...]:
        """What has memories: the products, and the thresholds where a row has more than one."""
        return (self.products, self.thresholds) if self.thresholds.levels.size else (self.products,)

    def compute(self, vectors: NDArray[np.integer]) -> NDArray[np.int64]:
        """Outputs `[n, rows]` for vectors `[n, columns]`."""
        return self.thresholds.compute(self.products.compute(vectors))

    def circuit(self) -> "MatrixVectorThresholdCircuit":
        """The Amaranth component, with streams `i` and `o`."""
        return MatrixVectorThresholdCircuit(self)


LayerUnit = MatrixVectorUnit | MatrixVectorThresholdUnit


def layer_unit(layer: ThresholdLayer | ScoreLayer, element: IntegerFormat) -> LayerUnit:
    """The unit that computes a layer, not folded yet: outputs of one bit are the signs of its totals.

    Args:
        layer: a layer of the network.
        element: format of the layer's inputs.
    """
    sums = row_sums(layer, element)
    is_sign = isinstance(layer, ThresholdLayer) and layer.output.bits == 1
    sign = layer.output if isinstance(layer, ThresholdLayer) and is_sign else BIPOLAR
    products = MatrixVectorUnit(
        layer.name, element, sums.weights, sums.bias, sums.shift, is_sign, pe=1, simd=1, sign=sign
    )
    if isinstance(layer, ScoreLayer) or is_sign:
        return products
    thresholds = MultiThreshold(layer.name, products.total_format, sums.levels, layer.output, layer.lowest)
    return MatrixVectorThresholdUnit(products, thresholds)


def banked(units: Sequence[LayerUnit], writable: bool) -> LayerUnit:
    """One unit with a bank for each of several alike, and room for any weights and thresholds where it is writable.

    A writable unit's row constants may shift a sum's range by as much as it is wide: that holds every threshold, and
    offsets as large as the largest product.

    Args:
        units: of the same layer in several networks, not empty; the first gives the answers of `compute`.
        writable: whether the banks can be written at run time.
    """
    first = units[0]
    if isinstance(first, MatrixVectorUnit):
        return _banked_products([unit for unit in units if isinstance(unit, MatrixVectorUnit)], writable)
    pairs = [unit for unit in units if isinstance(unit, MatrixVectorThresholdUnit)]
    products = _banked_products([pair.products for pair in pairs], writable)
    low, high = first.products.term_bounds()
    greatest = max(int(pair.thresholds.levels.max(initial=0)) for pair in pairs)
    if writable:
        greatest = max(greatest, first.weights.shape[1] * (high - low) + 1)
    alike = [
        replace(pair.thresholds, total=products.total_format, writable=writable, greatest_level=greatest)
        for pair in pairs
    ]
    return MatrixVectorThresholdUnit(products, replace(alike[0], further=tuple(alike[1:])))


def bank_like(unit: LayerUnit, built: LayerUnit) -> list[Rom]:
    """What a layer is in the memories of a unit that was built for others alike.

    Raises:
        BadInput: if a row constant of the layer is beyond those that the memories have room for.
    """
    if isinstance(unit, MatrixVectorThresholdUnit) and isinstance(built, MatrixVectorThresholdUnit):
        roms = unit.products.alike(built.products).bank
        levels = unit.thresholds.alike(built.thresholds).bank if len(unit.parts) > 1 else ()
        return [*roms, *levels]
    assert isinstance(unit, MatrixVectorUnit) and isinstance(built, MatrixVectorUnit), "the layers are alike"
    return list(unit.alike(built).bank)


def _banked_products(units: list[MatrixVectorUnit], writable: bool) -> MatrixVectorUnit:
    first = units[0]
    constants = np.concatenate([unit.bias for unit in units])
    least, most = int(constants.min()), int(constants.max())
    if writable:
        low, high = (first.weights.shape[1] * bound << first.shift for bound in first.term_bounds())
        least, most = min(least, -high - 1), max(most, -low)
    alike = [replace(unit, writable=writable, bias_bounds=(least, most)) for unit in units]
    return replace(alike[0], further=tuple(alike[1:]))


class MatrixVectorThresholdCircuit(wiring.Component):
    """Circuit of a `MatrixVectorThresholdUnit`: stream `i` of SIMD elements, stream `o` of PE outputs."""

    def __init__(self, spec: MatrixVectorThresholdUnit):
        self.spec = spec
        self.products, self.thresholds = spec.products.circuit(), spec.thresholds.circuit()
        super().__init__(
            {
                "i": In(stream.Signature(unsigned(spec.input_format.bits))),
                "o": Out(stream.Signature(unsigned(spec.output_format.bits))),
            }
        )

    @property
    def parts(self) -> tuple[MatrixVectorCircuit | MultiThresholdCircuit, ...]:
        """What has memories, as in the spec."""
        return (self.products, self.thresholds) if len(self.spec.parts) > 1 else (self.products,)

    @property
    def probes(self) -> SumProbes:
        """What the rows add up and what it is compared with, for a simulation."""
        return replace(self.products.probes, levels=self.thresholds.probe)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.products = self.products
        m.submodules.thresholds = self.thresholds
        wiring.connect(m, wiring.flipped(self.i), self.products.i)
        wiring.connect(m, self.products.o, self.thresholds.i)
        wiring.connect(m, self.thresholds.o, wiring.flipped(self.o))
        return m
