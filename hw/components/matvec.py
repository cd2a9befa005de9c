"""The folded matrix-vector unit: rows of 1-bit weights times a streamed vector, PE rows and SIMD columns a clock."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value, signed, unsigned
from amaranth.lib import stream, wiring
from amaranth.lib.memory import ReadPort
from amaranth.lib.wiring import In, Out
from numpy.typing import NDArray

from hw.components.columns import Columns, bits_of
from hw.components.counters import is_power_of_two, successor
from hw.components.probe import Probe, SumProbes
from hw.components.rom import Rom, Storage
from hw.components.sums import add
from hw.components.terms import COUNT, Terms, most_count_tables, terms_of
from hw.components.words import WordFormat
from hw.components.writes import add_write_port, bank_members
from hw.errors import BadInput
from hw.network.types import BIPOLAR, IntegerFormat

# Simulation writes constants as decimal text, of which Python takes 4300 digits, 14,284 bits.
_WIDEST_MEMORY = 8192
# Of so many random words no column is constant, so that no others need be looked at.
_WORDS_THAT_VARY = 32


@dataclass(frozen=True, eq=False)
class MatrixVectorUnit:
    r"""Sums `total[r] = bias[r] + 2**shift * sum_c term(x[c], weight[r, c])` for every row, folded by PE and SIMD.

    The term is what costs least in gates, and whoever sets `bias` puts the difference to `w * x` there:

    - bipolar elements: 1 where the weight equals the element, else 0 (XNOR and population count);
    - integer elements: `x` where the weight is +1, `~x = -x - 1` where it is -1.

    With `emit_signs` a row gives one bit, `total >= 0` (a threshold is a bias), an element of the format `sign`;
    otherwise it gives its total.

    Words of SIMD elements come in, each vector `rows / PE` times over; words of PE results go out, row 0 first.
    Latency `stages` clocks from a row group's last word to its result; initiation interval
    `rows / PE * columns / SIMD` clocks; takes a word every clock; gives and takes backpressure by holding all its
    stages at once.

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
        further: units alike whose weights and constants lie in the banks behind this one's.
        writable: whether the memories can be written at run time.
        bias_bounds: least and greatest row constant that must have room; None: those that `bias` has.
        count_tables: groups of three bipolar columns of a word whose matches are read from block memory.
        register_terms: the terms stand in registers before they are added, behind the gates that make them of the
            memory's word: a clock more of latency, and of the longest way only the shorter part is left.

    Raises:
        ValueError: if shapes do not fit each other, the sign's format is not of one bit, PE or SIMD does not
            divide its dimension, or there are more count tables than a word has groups.
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
    further: tuple["MatrixVectorUnit", ...] = ()
    writable: bool = False
    bias_bounds: tuple[int, int] | None = None
    count_tables: int = 0
    register_terms: bool = False

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
        if not 0 <= self.count_tables <= (most := most_count_tables(self.element, self.simd)):
            raise ValueError(f"layer {self.name}: {self.count_tables} count tables; 0 to {most} are possible")

    def folded(
        self,
        pe: int,
        simd: int,
        weight_storage: Storage,
        bias_storage: Storage,
        count_tables: int = 0,
        register_terms: bool = False,
    ) -> "MatrixVectorUnit":
        """The same sums, folded otherwise."""
        folding = (pe, simd, weight_storage, bias_storage, count_tables, register_terms)
        return replace(
            self,
            pe=pe,
            simd=simd,
            weight_storage=weight_storage,
            bias_storage=bias_storage,
            count_tables=count_tables,
            register_terms=register_terms,
            further=tuple(unit.folded(*folding) for unit in self.further),
        )

    def alike(self, built: "MatrixVectorUnit") -> "MatrixVectorUnit":
        """These weights and constants as a bank of the memories of another.

        Raises:
            BadInput: if a row constant is beyond those that the other has room for.
        """
        least, most = built._bias_range
        if self.bias.min() < least or self.bias.max() > most:
            raise BadInput(
                f"layer {self.name}: row constants from {self.bias.min()} to {self.bias.max()}; the memory holds "
                f"{least} to {most}"
            )
        return replace(self, writable=built.writable, bias_bounds=(least, most))

    @property
    def banks(self) -> int:
        """How many sets of weights there are; with more than one, each vector chooses its own."""
        return 1 + len(self.further)

    @property
    def row_groups(self) -> int:
        """How often the vector passes: `rows / PE`."""
        return self.weights.shape[0] // self.pe

    @property
    def column_groups(self) -> int:
        """Words of a vector: `columns / SIMD`."""
        return self.weights.shape[1] // self.simd

    @property
    def latency_clocks(self) -> int:
        """From a row group's last word to its result."""
        return self.stages

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
        least_bias, most_bias = self._bias_range
        least = least_bias + (columns * low << self.shift)
        most = most_bias + (columns * high << self.shift)
        return IntegerFormat(bits=max((~least).bit_length(), most.bit_length(), 1) + 1, signed=True)

    @property
    def depth(self) -> int:
        """Words of the weight memory: one for each word of each pass."""
        return self.row_groups * self.column_groups

    @cached_property
    def terms(self) -> Terms:
        """What the weights make of a word's elements."""
        return terms_of(self.element, self.simd, self.count_tables, self.register_terms)

    @property
    def stages(self) -> int:
        """Registers on the way: the word's operands, those of the terms and their sum, the total."""
        return 1 + len(self.terms.tree.stages) + 1

    @cached_property
    def row_constants(self) -> NDArray[np.int64]:
        """What a row's total begins with: its constant, less what its terms give too much."""
        return self.bias - (self.terms.excess(self.weights) << self.shift)

    @property
    def _bias_range(self) -> tuple[int, int]:
        return self.bias_bounds or (int(self.bias.min()), int(self.bias.max()))

    @property
    def _constant_range(self) -> tuple[int, int]:
        if self.bias_bounds is None:
            return int(self.row_constants.min()), int(self.row_constants.max())
        least, most = self.bias_bounds
        greatest_excess = self.terms.excess(np.zeros((1, self.weights.shape[1]), np.bool_))
        return least - (int(greatest_excess[0]) << self.shift), most

    @property
    def bias_bits(self) -> int:
        """Bits of the widest row constant in two's complement, at least 2."""
        least, most = self._constant_range
        return max((~least).bit_length(), most.bit_length(), 1) + 1

    @cached_property
    def differing_banks(self) -> int:
        """Banks, less those that hold just what the first one does: of those, logic keeps no copy."""
        return 1 + sum(not self._holds_what(unit) for unit in self.further)

    def _holds_what(self, unit: "MatrixVectorUnit") -> bool:
        return np.array_equal(self.weights, unit.weights) and np.array_equal(self.bias, unit.bias)

    @cached_property
    def bias_columns(self) -> Columns:
        """Columns of the memory of row constants, all banks together, as far as it is only read."""
        constants = [unit.row_constants.reshape(-1, self.pe) for unit in (self, *self.further)]
        return Columns.of(bits_of(np.concatenate(constants), self.bias_bits))

    @cached_property
    def weight_columns(self) -> tuple[Columns, ...]:
        """Columns of each weight memory, all banks together, as far as it is only read."""
        groups = min(self.row_groups, -(-_WORDS_THAT_VARY // self.column_groups))
        some = self._weight_columns(groups)
        if groups == self.row_groups or sum(columns.varying for columns in some) == self.pe * self.terms.stored:
            return some
        return self._weight_columns(self.row_groups)

    def _weight_columns(self, row_groups: int) -> tuple[Columns, ...]:
        rows = row_groups * self.pe
        words = np.concatenate([self._stored_words(unit.weights[:rows]) for unit in (self, *self.further)])
        return tuple(Columns.of(words[:, at : at + self._memory_step]) for at in self._memory_starts)

    def term_bounds(self) -> tuple[int, int]:
        """Least and greatest value of one term."""
        if self.element.bipolar:
            return 0, 1
        return min(self.element.minimum, ~self.element.maximum), max(self.element.maximum, ~self.element.minimum)

    def compute(self, vectors: NDArray[np.integer]) -> NDArray[np.int64]:
        """Totals `[n, rows]` for vectors `[n, columns]`, or with `emit_signs` the values that their signs mean."""
        # In floating point the product is an order of magnitude faster, and exact up to 2**53.
        products = (vectors.astype(np.float64) @ np.where(self.weights, 1.0, -1.0).T).astype(np.int64)
        if self.element.bipolar:
            terms = (products + self.weights.shape[1]) // 2
        else:
            terms = products - (~self.weights).sum(axis=1)
        totals = self.bias + (terms << self.shift)
        return np.where(totals >= 0, self.sign.maximum, self.sign.minimum) if self.emit_signs else totals

    @property
    def weight_roms(self) -> tuple[Rom, ...]:
        """The weight memories: row groups outside, column groups inside; PE outside SIMD within a word.

        The weights of a word are encoded as its `terms` take them. One memory, or several of some lanes each where a
        word is wider than `_WIDEST_MEMORY` bits. A bank holds all words of one set of weights.
        """
        banks = (unit._weight_bank() for unit in (self, *self.further))
        return tuple(Rom.joined(roms) for roms in zip(*banks, strict=True))

    def _weight_bank(self) -> tuple[Rom, ...]:
        words = self._stored_words(self.weights)
        return tuple(self._rom(words[:, at : at + self._memory_step]) for at in self._memory_starts)

    @property
    def _memory_step(self) -> int:
        return max(1, _WIDEST_MEMORY // self.terms.stored) * self.terms.stored

    @property
    def _memory_starts(self) -> range:
        return range(0, self.pe * self.terms.stored, self._memory_step)

    def _stored_words(self, weights: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Words of the weight memory, `[depth, PE * stored]`, of the first so many rows."""
        words = self.terms.encode(self.to_words(weights))
        return words.reshape(len(words), -1)

    def _rom(self, words: NDArray[np.bool_]) -> Rom:
        packed = np.packbits(words, axis=1, bitorder="little")
        rows = [int.from_bytes(row.tobytes(), "little") for row in packed]
        return Rom(rows, words.shape[1], self.weight_storage, self.writable)

    def to_words(self, weights: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Weights `[rows, columns]` as `[depth, PE, SIMD]`, in the order in which words meet them."""
        blocks = weights.reshape(-1, self.pe, self.column_groups, self.simd)
        return blocks.transpose(0, 2, 1, 3).reshape(-1, self.pe, self.simd)

    def from_words(self, words: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """The inverse of `to_words`."""
        blocks = words.reshape(self.row_groups, self.column_groups, self.pe, self.simd)
        return blocks.transpose(0, 2, 1, 3).reshape(self.weights.shape)

    @property
    def count_roms(self) -> tuple[Rom, ...]:
        """The count tables: words of the weight memory outside, values of the elements inside; PE within a word."""
        banks = (unit._count_bank() for unit in (self, *self.further))
        return tuple(Rom.joined(roms) for roms in zip(*banks, strict=True))

    def _count_bank(self) -> tuple[Rom, ...]:
        lane = WordFormat(COUNT, self.pe)
        tables = np.swapaxes(self.terms.counts(self.to_words(self.weights)), 1, 2)
        return tuple(
            Rom(
                [words[0] for words in lane.pack(table.reshape(-1, self.pe))], lane.bits, Storage.BLOCK, self.writable
            )
            for table in tables
        )

    @property
    def bias_rom(self) -> Rom:
        """The row-constant memory: the two's complement constants of one row group side by side."""
        return Rom.joined([unit._bias_bank() for unit in (self, *self.further)])

    @property
    def bank(self) -> tuple[Rom, ...]:
        """What one set of weights is in the memories: a bank of each."""
        return (*self._weight_bank(), *self._count_bank(), self._bias_bank())

    @property
    def parts(self) -> tuple["MatrixVectorUnit", ...]:
        """What has memories: the unit itself."""
        return (self,)

    @property
    def bias_format(self) -> WordFormat:
        """Words of the row-constant memory: the constants of one row group."""
        return WordFormat(IntegerFormat(self.bias_bits, signed=True), self.pe)

    def _bias_bank(self) -> Rom:
        word = self.bias_format
        rows = [words[0] for words in word.pack(self.row_constants.reshape(self.row_groups, self.pe))]
        return Rom(rows, word.bits, self.bias_storage, self.writable)

    def circuit(self) -> "MatrixVectorCircuit":
        """The Amaranth component, with streams `i` and `o`."""
        return MatrixVectorCircuit(self)


@dataclass(frozen=True, eq=False)
class _Stage:
    """Registers in a row: when a word moves into them, whether that is the last of its row group, and its bank."""

    step: Signal
    last: Value
    bank: Value


class MatrixVectorCircuit(wiring.Component):
    """Circuit of a `MatrixVectorUnit`: stream `i` of SIMD elements, stream `o` of PE results.

    With more than one bank, `bank` tells the weights of the words of a vector while they are taken, and `vector_end`
    that the last of them is. Writable memories take bytes from the bus `writes`. `probes` lets a simulation see what
    the rows add up.
    """

    def __init__(self, spec: MatrixVectorUnit):
        self.spec = spec
        self._completes = Signal(name="completes")
        self._totals = [Signal(signed(spec.total_format.bits), name="total") for _ in range(spec.pe)]
        self._constants = [Signal(signed(spec.bias_bits), name="constant") for _ in range(spec.pe)]
        super().__init__(
            {
                "i": In(stream.Signature(unsigned(spec.input_format.bits))),
                "o": Out(stream.Signature(unsigned(spec.output_format.bits))),
                **bank_members(spec.bank, spec.banks, spec.writable),
            }
        )

    @property
    def probes(self) -> SumProbes:
        """The rows' totals and constants, in the clock before they leave."""
        totals, constants = WordFormat(self.spec.total_format, self.spec.pe), self.spec.bias_format
        return SumProbes(
            Probe(self._completes, Cat(self._totals), totals), Probe(self._completes, Cat(self._constants), constants)
        )

    @property
    def parts(self) -> tuple["MatrixVectorCircuit", ...]:
        """What has memories: the circuit itself."""
        return (self,)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        spec = self.spec
        enable = Signal()
        m.d.comb += [enable.eq(~self.o.valid | self.o.ready), self.i.ready.eq(enable)]
        roms = spec.weight_roms
        weights = [self._port(m, f"weights{i}", rom, i) for i, rom in enumerate(roms)]
        stored = spec.terms.stored
        lanes = [
            port.data[at:][:stored]
            for port, rom in zip(weights, roms, strict=True)
            for at in range(0, rom.width, stored)
        ]
        tables = [self._port(m, f"counts{i}", rom, len(roms) + i) for i, rom in enumerate(spec.count_roms)]

        position = Signal(range(spec.depth))
        stages = self._stages(m, enable, self._ends_row_group(m, position))
        steps = [stage.step for stage in stages]
        address: Value = position
        if spec.banks > 1:
            address = self.bank * spec.depth + position
            m.d.comb += self.vector_end.eq(steps[0] & (position == spec.depth - 1))
        m.d.comb += [port.en.eq(steps[0]) for port in (*weights, *tables)]
        m.d.comb += [port.addr.eq(address) for port in weights]
        width = spec.element.bits
        elements = [
            Cat(self.i.payload.word_select(column, width) for column in columns)
            for columns in spec.terms.table_columns
        ]
        m.d.comb += [port.addr.eq(Cat(word, address)) for port, word in zip(tables, elements, strict=True)]
        operands = [Signal(shape, name="operand", reset_less=True) for shape in spec.terms.operand_shapes]
        with m.If(steps[0]):
            m.d.sync += position.eq(successor(position, spec.depth))
            m.d.sync += [o.eq(v) for o, v in zip(operands, spec.terms.operands(self.i.payload), strict=True)]
        counts = [[port.data.word_select(row, COUNT.bits) for port in tables] for row in range(spec.pe)]
        terms = [spec.terms.build(m, operands, *row) for row in zip(lanes, counts, strict=True)]
        sums = [spec.terms.tree.build(m, *row, steps[1:-1]) for row in terms]
        first = self._row_constants(m, stages[-2])
        results = [
            self._result(m, steps[-1], first, constant, total, *sum_and_bits)
            for constant, total, sum_and_bits in zip(self._constants, self._totals, sums, strict=True)
        ]
        m.d.comb += self._completes.eq(steps[-1] & stages[-1].last)
        m.d.comb += self.o.payload.eq(Cat(results))
        return m

    def _ends_row_group(self, m: Module, position: Signal) -> Value:
        """Whether the next word, at `position` of the weight memory, is the last of its row group."""
        groups = self.spec.column_groups
        column = position[: (groups - 1).bit_length()]
        if not is_power_of_two(groups):
            column = Signal(range(groups), name="column")
            with m.If(self.i.valid & self.i.ready):
                m.d.sync += column.eq(successor(column, groups))
        return column == groups - 1

    def _stages(self, m: Module, enable: Value, last: Value) -> list[_Stage]:
        """The stages, whose words all move on together; data registers hold where nothing flows: that saves power."""
        stages: list[_Stage] = []
        valid: Value = self.i.valid
        bank: Value = self.bank if self.spec.banks > 1 else Const(0, 0)
        for index in range(self.spec.stages):
            stage = _Stage(Signal(name=f"step{index}"), last, bank)
            stages.append(stage)
            m.d.comb += stage.step.eq(enable & valid)
            if index == self.spec.stages - 1:
                with m.If(enable):
                    m.d.sync += self.o.valid.eq(valid & last)
            else:
                valid = _moved(m, enable, valid, f"valid{index}")
                last = _moved(m, stage.step, last, f"last{index}") if self.spec.column_groups > 1 else last
                bank = _moved(m, stage.step, bank, f"bank{index}") if self.spec.banks > 1 else bank
        return stages

    def _row_constants(self, m: Module, stage: _Stage) -> Value:
        """Reads the constants of a row group for the stage behind; tells whether its word begins the group."""
        spec = self.spec
        bias = self._port(m, "bias", spec.bias_rom, len(spec.bank) - 1)
        group, begins = Signal(range(spec.row_groups)), Const(1)
        if spec.column_groups > 1:
            begins = Signal(init=1)
            with m.If(stage.step):
                m.d.sync += begins.eq(stage.last)
        with m.If(stage.step & stage.last):
            m.d.sync += group.eq(successor(group, spec.row_groups))
        address = group if spec.banks == 1 else stage.bank * spec.row_groups + group
        m.d.comb += [bias.addr.eq(address), bias.en.eq(stage.step & begins)]
        first = _moved(m, stage.step, begins, "first") if spec.column_groups > 1 else begins
        m.d.comb += Cat(self._constants).eq(bias.data)
        return first

    def _result(
        self, m: Module, step: Value, first: Value, constant: Signal, total: Signal, partial: Value, bits: list[Value]
    ) -> Value:
        """A row's result behind the last stage."""
        spec = self.spec
        start = Signal.like(total, name="start")
        upper = Signal(signed(len(total) - spec.shift), name="upper")
        m.d.comb += [
            upper.eq(add(partial, start[spec.shift :].as_signed(), *bits)),
            total.eq(Cat(start[: spec.shift], upper)),
        ]
        kept = Signal(1 if spec.column_groups == 1 and spec.emit_signs else len(total), name="kept", reset_less=True)
        m.d.comb += start.eq(Mux(first, constant, kept) if spec.column_groups > 1 else constant)
        with m.If(step):
            m.d.sync += kept.eq(total[-len(kept) :])
        return ~kept[-1] if spec.emit_signs else kept

    def _port(self, m: Module, name: str, rom: Rom, index: int) -> ReadPort:
        m.submodules[name] = memory = rom.memory()
        if self.spec.writable:
            add_write_port(m, memory, self.spec.bank[index], self.writes, index)
        return memory.read_port()


def _moved(m: Module, step: Value, value: Value, name: str) -> Signal:
    """A value one stage on."""
    register = Signal(len(value), name=name)
    with m.If(step):
        m.d.sync += register.eq(value)
    return register
