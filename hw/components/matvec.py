"""The folded matrix-vector unit: rows of 1-bit weights times a streamed vector, PE rows and SIMD columns a clock."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from amaranth.hdl import Cat, Module, Mux, Shape, Signal, Value, signed, unsigned
from amaranth.lib import stream, wiring
from amaranth.lib.memory import ReadPort
from amaranth.lib.wiring import In, Out
from numpy.typing import NDArray

from hw.components.rom import Rom, Storage
from hw.components.sums import population_count, tree_sum
from hw.components.words import WordFormat
from hw.network.types import BIPOLAR, IntegerFormat

# Simulation writes constants as decimal text, of which Python takes 4300 digits, 14,284 bits.
_WIDEST_MEMORY = 8192


@dataclass(frozen=True, eq=False)
class MatrixVectorUnit:
    r"""Sums `total[r] = bias[r] + 2**shift * sum_c term(x[c], weight[r, c])` for every row, folded by PE and SIMD.

    The term is what costs least in gates, and whoever sets `bias` puts the difference to `w * x` there:

    - bipolar elements: 1 where the weight equals the element, else 0 (XNOR and population count);
    - integer elements: `x` where the weight is +1, `~x = -x - 1` where it is -1.

    With `emit_signs` a row gives one bit, `total >= 0` (a threshold is a bias), an element of the format `sign`;
    otherwise it gives its total.

    Words of SIMD elements come in, each vector `rows / PE` times over; words of PE results go out, row 0 first.
    Latency 3 clocks from a row group's last word to its result; initiation interval `rows / PE * columns / SIMD`
    clocks; takes a word every clock; gives and takes backpressure by holding its three stages at once.

    Args:
        name: the layer's name, for messages.
        element: format of the vector's elements.
        weights: bool `[rows, columns]`, True for +1.
        bias: integers `[rows]`.
        shift: left shift of each term in bits.
        emit_signs: one bit a row instead of the total.
        pe: rows a clock, divides the rows.
        simd: columns a clock, divides the columns.
        weight_storage: where the weights are kept.
        bias_storage: where the row constants are kept.
        sign: what the bit means, BIPOLAR or unsigned.

    Raises:
        ValueError: if shapes do not fit each other, the sign's format is not of one bit, or PE or SIMD does not
            divide its dimension.
    """

    name: str
    element: IntegerFormat
    weights: NDArray[np.bool_]
    bias: NDArray[np.int64]
    shift: int
    emit_signs: bool
    pe: int
    simd: int
    weight_storage: Storage = Storage.BLOCK
    bias_storage: Storage = Storage.BLOCK
    sign: IntegerFormat = BIPOLAR

    def __post_init__(self) -> None:
        rows, columns = self.weights.shape
        if self.bias.shape != (rows,):
            raise ValueError(f"layer {self.name}: {self.bias.shape} row constants for {rows} rows")
        if self.pe < 1 or rows % self.pe:
            raise ValueError(f"layer {self.name}: PE {self.pe} does not divide its {rows} rows")
        if self.simd < 1 or columns % self.simd:
            raise ValueError(f"layer {self.name}: SIMD {self.simd} does not divide its {columns} columns")
        if self.shift < 0:
            raise ValueError(f"layer {self.name}: a shift of {self.shift} bits is negative")
        if self.sign.bits != 1:
            raise ValueError(f"layer {self.name}: {self.sign.name} is no format of one bit")

    def folded(self, pe: int, simd: int, weight_storage: Storage, bias_storage: Storage) -> "MatrixVectorUnit":
        """The same sums, folded otherwise."""
        return replace(self, pe=pe, simd=simd, weight_storage=weight_storage, bias_storage=bias_storage)

    @property
    def row_groups(self) -> int:
        """How often the vector passes: `rows / PE`."""
        return self.weights.shape[0] // self.pe

    @property
    def column_groups(self) -> int:
        """Words of a vector: `columns / SIMD`."""
        return self.weights.shape[1] // self.simd

    @property
    def input_format(self) -> WordFormat:
        """Words that come in."""
        return WordFormat(self.element, self.simd)

    @property
    def output_format(self) -> WordFormat:
        """Words that go out."""
        return WordFormat(self.sign if self.emit_signs else self.total_format, self.pe)

    @cached_property
    def total_format(self) -> IntegerFormat:
        """The narrowest signed format that holds every total that any vector can reach.

        Sums on the way may leave it: two's complement wraps, and the last one is right again.
        """
        low, high = self.term_bounds()
        columns = self.weights.shape[1]
        least = int(self.bias.min()) + (columns * low << self.shift)
        most = int(self.bias.max()) + (columns * high << self.shift)
        return IntegerFormat(bits=max((~least).bit_length(), most.bit_length(), 1) + 1, signed=True)

    @property
    def bias_bits(self) -> int:
        """Bits of the widest row constant in two's complement, at least 2."""
        return max((~int(self.bias.min())).bit_length(), int(self.bias.max()).bit_length(), 1) + 1

    @property
    def varying_bias_bits(self) -> int:
        """Bits in which the row constants differ from each other; synthesis keeps the others out of the memory."""
        differing = np.bitwise_or.reduce(self.bias ^ self.bias[0])
        return (int(differing) & ((1 << self.bias_bits) - 1)).bit_count()

    @property
    def partial_shape(self) -> Shape:
        """Shape of the sum of one word's terms."""
        low, high = self.term_bounds()
        return Shape.cast(range(self.simd * low, self.simd * high + 1))

    def term_bounds(self) -> tuple[int, int]:
        """Least and greatest value of one term."""
        if self.element.bipolar:
            return 0, 1
        return min(self.element.minimum, ~self.element.maximum), max(self.element.maximum, ~self.element.minimum)

    def compute(self, vectors: NDArray[np.integer]) -> NDArray[np.int64]:
        """Totals `[n, rows]` for vectors `[n, columns]`, or with `emit_signs` the values that their signs mean."""
        x = vectors.astype(np.int64)
        w = np.where(self.weights, 1, -1).astype(np.int64)
        products = x @ w.T
        if self.element.bipolar:
            terms = (products + self.weights.shape[1]) // 2
        else:
            terms = products - (~self.weights).sum(axis=1)
        totals = self.bias + (terms << self.shift)
        return np.where(totals >= 0, self.sign.maximum, self.sign.minimum) if self.emit_signs else totals

    @property
    def weight_roms(self) -> tuple[Rom, ...]:
        """The weight memories: row groups outside, column groups inside; PE outside SIMD within a word.

        One memory, or several of some lanes each where a word is wider than `_WIDEST_MEMORY` bits.
        """
        blocks = self.weights.reshape(self.row_groups, self.pe, self.column_groups, self.simd)
        words = blocks.transpose(0, 2, 1, 3).reshape(self.row_groups * self.column_groups, -1)
        step = max(1, _WIDEST_MEMORY // self.simd) * self.simd
        return tuple(self._rom(words[:, first : first + step]) for first in range(0, words.shape[1], step))

    def _rom(self, words: NDArray[np.bool_]) -> Rom:
        packed = np.packbits(words, axis=1, bitorder="little")
        rows = [int.from_bytes(row.tobytes(), "little") for row in packed]
        return Rom(rows, words.shape[1], self.weight_storage)

    @property
    def bias_rom(self) -> Rom:
        """The row-constant memory: the two's complement constants of one row group side by side."""
        lane = WordFormat(IntegerFormat(self.bias_bits, signed=True), self.pe)
        rows = [words[0] for words in lane.pack(self.bias.reshape(self.row_groups, self.pe))]
        return Rom(rows, lane.bits, self.bias_storage)

    def circuit(self) -> "MatrixVectorCircuit":
        """The Amaranth component, with streams `i` and `o`."""
        return MatrixVectorCircuit(self)


class MatrixVectorCircuit(wiring.Component):
    """Circuit of a `MatrixVectorUnit`: stream `i` of SIMD elements, stream `o` of PE results."""

    def __init__(self, spec: MatrixVectorUnit):
        self.spec = spec
        super().__init__(
            {
                "i": In(stream.Signature(unsigned(spec.input_format.bits))),
                "o": Out(stream.Signature(unsigned(spec.output_format.bits))),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        spec = self.spec
        enable = Signal()
        m.d.comb += [enable.eq(~self.o.valid | self.o.ready), self.i.ready.eq(enable)]

        position, group, first, last = self._count(m, enable & self.i.valid)
        weights = [self._port(m, f"weights{i}", rom) for i, rom in enumerate(spec.weight_roms)]
        lanes = [port.data[at:][: spec.simd] for port in weights for at in range(0, len(port.data), spec.simd)]
        bias = self._port(m, "bias", spec.bias_rom)

        # Stage 1: the word waits a clock for its weights.
        word = Signal(spec.input_format.bits, reset_less=True)
        group_1 = Signal.like(group, reset_less=True)
        valid_1, first_1, last_1 = Signal(), Signal(), Signal()
        # Stage 2: the sum over SIMD columns.
        partials = [Signal(spec.partial_shape, name=f"partial{p}", reset_less=True) for p in range(spec.pe)]
        valid_2, first_2, last_2 = Signal(), Signal(), Signal()
        # Stage 3: the sum over column groups.
        totals = [Signal(signed(spec.total_format.bits), name=f"total{p}", reset_less=True) for p in range(spec.pe)]
        m.d.comb += [(port.addr.eq(position), port.en.eq(enable & self.i.valid)) for port in weights]
        m.d.comb += [
            bias.addr.eq(group_1),
            bias.en.eq(enable & valid_1 & first_1),
        ]
        with m.If(enable):
            m.d.sync += [valid_1.eq(self.i.valid), valid_2.eq(valid_1), self.o.valid.eq(valid_2 & last_2)]
            # Data registers hold where nothing flows: what does not toggle costs no power.
            with m.If(self.i.valid):
                m.d.sync += [word.eq(self.i.payload), group_1.eq(group), first_1.eq(first), last_1.eq(last)]
            with m.If(valid_1):
                m.d.sync += [first_2.eq(first_1), last_2.eq(last_1)]
                m.d.sync += [
                    partial.eq(_sum_of_terms(m, spec, word, lane))
                    for partial, lane in zip(partials, lanes, strict=True)
                ]
            with m.If(valid_2):
                m.d.sync += [
                    total.eq(Mux(first_2, lane, total) + (partial << spec.shift))
                    for total, partial, lane in zip(totals, partials, _signed_lanes(bias.data, spec), strict=True)
                ]
        m.d.comb += self.o.payload.eq(Cat(~total[-1] for total in totals) if spec.emit_signs else Cat(totals))
        return m

    def _count(self, m: Module, step: Value) -> tuple[Value, Value, Value, Value]:
        """Counts words: place in the weight memory, row group, and whether a word begins or ends a row group."""
        spec = self.spec
        position = Signal(range(spec.row_groups * spec.column_groups))
        column, group = Signal(range(spec.column_groups)), Signal(range(spec.row_groups))
        first, last = column == 0, column == spec.column_groups - 1
        last_group = group == spec.row_groups - 1
        with m.If(step):
            m.d.sync += [
                position.eq(Mux(last & last_group, 0, position + 1)),
                column.eq(Mux(last, 0, column + 1)),
            ]
            with m.If(last):
                m.d.sync += group.eq(Mux(last_group, 0, group + 1))
        return position, group, first, last

    @staticmethod
    def _port(m: Module, name: str, rom: Rom) -> ReadPort:
        m.submodules[name] = memory = rom.memory()
        return memory.read_port()


def _sum_of_terms(m: Module, spec: MatrixVectorUnit, word: Value, weights: Value) -> Value:
    if spec.element.bipolar:
        # A signal, because every slice of an expression is emitted, and simulated, as the whole expression again.
        matches = Signal(spec.simd, name="matches")
        m.d.comb += matches.eq(~(word ^ weights))
        return population_count(matches)
    bits = spec.element.bits
    lanes = [word[i * bits :][:bits] for i in range(spec.simd)]
    elements = [lane.as_signed() if spec.element.signed else Cat(lane, 0).as_signed() for lane in lanes]
    return tree_sum([x ^ (~w).replicate(len(x)).as_signed() for x, w in zip(elements, weights, strict=True)])


def _signed_lanes(word: Value, spec: MatrixVectorUnit) -> list[Value]:
    bits = spec.bias_bits
    return [word[p * bits :][:bits].as_signed() for p in range(spec.pe)]
