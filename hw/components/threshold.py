"""Several thresholds a row: how many of them a total has passed."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value, unsigned
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out
from numpy.typing import NDArray

from hw.components.columns import Columns, bits_of
from hw.components.probe import Probe
from hw.components.rom import Rom, Storage
from hw.components.words import WordFormat
from hw.components.writes import add_write_port, bank_members
from hw.network.types import IntegerFormat


@dataclass(frozen=True, eq=False)
class MultiThreshold:
    """`lowest + [total >= 0] + sum_k [total >= level[r, k]]` for the totals of all rows, PE of them a clock.

    Words of PE totals come in, row 0 first, and words of PE outputs go out. The first threshold is 0: whoever forms
    the totals has subtracted it. Latency 2 clocks; takes a word every clock; gives and takes backpressure by holding
    both stages at once.

    All levels are compared at once. Halving the interval instead would save comparators, but spend as many
    multiplexers on choosing the levels for those that are left.

    Args:
        name: the layer's name, for messages.
        total: format of the totals.
        levels: integers `[rows, steps - 1]`, at least 0 and not falling along a row.
        output: format of the outputs.
        lowest: the output below the first threshold.
        pe: rows a clock, divides the rows.
        storage: where the levels are kept.
        further: thresholds alike whose levels lie in the banks behind this one's.
        writable: whether the levels can be written at run time.
        greatest_level: that must have room; None: the greatest of `levels`.

    Raises:
        ValueError: if the levels are out of order, PE does not divide the rows, or an output is not in its format.
    """

    name: str
    total: IntegerFormat
    levels: NDArray[np.int64]
    output: IntegerFormat
    lowest: int
    pe: int = 1
    storage: Storage = Storage.BLOCK
    further: tuple["MultiThreshold", ...] = ()
    writable: bool = False
    greatest_level: int | None = None

    def __post_init__(self) -> None:
        rows, levels = self.levels.shape
        if self.pe < 1 or rows % self.pe:
            raise ValueError(f"layer {self.name}: PE {self.pe} does not divide its {rows} rows")
        if np.any(np.diff(self.levels, axis=1, prepend=0) < 0):
            raise ValueError(f"layer {self.name}: levels that fall, or below 0")
        if self.lowest < self.output.minimum or self.lowest + levels + 1 > self.output.maximum:
            raise ValueError(f"layer {self.name}: {levels + 2} levels from {self.lowest} are not {self.output.name}")

    def folded(self, pe: int, storage: Storage) -> "MultiThreshold":
        """The same thresholds, folded otherwise."""
        further = tuple(thresholds.folded(pe, storage) for thresholds in self.further)
        return replace(self, pe=pe, storage=storage, further=further)

    def alike(self, built: "MultiThreshold") -> "MultiThreshold":
        """These levels as a bank of the memory of others, which have room for all that are possible."""
        return replace(self, total=built.total, writable=built.writable, greatest_level=built.greatest_level)

    @property
    def banks(self) -> int:
        """How many sets of levels there are; with more than one, each vector chooses its own."""
        return 1 + len(self.further)

    @property
    def row_groups(self) -> int:
        """Words of a vector: `rows / PE`."""
        return self.levels.shape[0] // self.pe

    @property
    def input_format(self) -> WordFormat:
        """Words that come in."""
        return WordFormat(self.total, self.pe)

    @property
    def output_format(self) -> WordFormat:
        """Words that go out."""
        return WordFormat(self.output, self.pe)

    @property
    def latency_clocks(self) -> int:
        """From a word of totals to its outputs."""
        return 2

    @property
    def level_bits(self) -> int:
        """Bits of the widest level, at least 1."""
        greatest = int(self.levels.max(initial=0)) if self.greatest_level is None else self.greatest_level
        return max(1, greatest.bit_length())

    @cached_property
    def differing_banks(self) -> int:
        """Banks, less those that hold just what the first one does: of those, logic keeps no copy."""
        return 1 + sum(not np.array_equal(self.levels, thresholds.levels) for thresholds in self.further)

    @cached_property
    def level_columns(self) -> Columns:
        """Columns of the memory of levels, all banks together, as far as it is only read."""
        levels = [thresholds.levels.reshape(self.row_groups, -1) for thresholds in (self, *self.further)]
        return Columns.of(bits_of(np.concatenate(levels), self.level_bits))

    def compute(self, totals: NDArray[np.integer]) -> NDArray[np.int64]:
        """Outputs `[n, rows]` for totals `[n, rows]`."""
        return self.outputs(totals, self.levels)

    def outputs(self, totals: NDArray[np.integer], levels: NDArray[np.int64]) -> NDArray[np.int64]:
        """As `compute` for any levels `[rows, steps - 1]`; out of order, they are halved all the same."""
        passed = np.concatenate([(totals >= 0)[:, :, None], totals[:, :, None] >= levels], axis=2)
        return self.lowest + _halved(passed)

    @property
    def bank(self) -> tuple[Rom, ...]:
        """What one set of levels is in the memory: those of a row group side by side, a row's levels together."""
        word = self.level_format
        rows = [words[0] for words in word.pack(self.levels.reshape(self.row_groups, -1))]
        return (Rom(rows, word.bits, self.storage, self.writable),)

    @property
    def level_format(self) -> WordFormat:
        """Words of the memory of levels; there are none where a row has no level."""
        return WordFormat(IntegerFormat(self.level_bits, signed=False), self.pe * self.levels.shape[1])

    @property
    def rom(self) -> Rom:
        """The memory of levels."""
        return Rom.joined([rom for thresholds in (self, *self.further) for rom in thresholds.bank])

    def circuit(self) -> "MultiThresholdCircuit":
        """The Amaranth component, with streams `i` and `o`."""
        return MultiThresholdCircuit(self)


class MultiThresholdCircuit(wiring.Component):
    """Circuit of a `MultiThreshold`: stream `i` of PE totals, stream `o` of PE outputs.

    With more than one bank, `bank` tells the levels of the words of a vector while they are taken, and `vector_end`
    that the last of them is. A writable memory takes bytes from the bus `writes`. `probe` lets a simulation see the
    levels.
    """

    def __init__(self, spec: MultiThreshold):
        self.spec = spec
        self._compares = Signal(name="compares")
        self._levels = Signal(spec.level_format.bits, name="levels") if spec.levels.size else None
        super().__init__(
            {
                "i": In(stream.Signature(unsigned(spec.input_format.bits))),
                "o": Out(stream.Signature(unsigned(spec.output_format.bits))),
                **(bank_members(spec.bank, spec.banks, spec.writable) if spec.levels.size else {}),
            }
        )

    @property
    def probe(self) -> Probe | None:
        """The levels that a word of totals is compared with; None where there are none."""
        return None if self._levels is None else Probe(self._compares, self._levels, self.spec.level_format)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        spec = self.spec
        enable, valid_1 = Signal(), Signal()
        word = Signal(spec.input_format.bits, reset_less=True)  # waits a clock for its levels
        step = enable & self.i.valid
        outputs = [
            self._output(m, p, word[p * spec.total.bits :][: spec.total.bits].as_signed(), levels)
            for p, levels in enumerate(self._read_levels(m, step))
        ]
        m.d.comb += [enable.eq(~self.o.valid | self.o.ready), self.i.ready.eq(enable)]
        m.d.comb += self._compares.eq(enable & valid_1)
        with m.If(enable):
            m.d.sync += [valid_1.eq(self.i.valid), self.o.valid.eq(valid_1)]
            with m.If(self.i.valid):
                m.d.sync += word.eq(self.i.payload)
            with m.If(valid_1):
                m.d.sync += self.o.payload.eq(Cat(outputs))
        return m

    def _read_levels(self, m: Module, step: Value) -> list[list[Value]]:
        """The levels of each lane, a clock after its word was taken."""
        spec = self.spec
        n_levels, bits = spec.levels.shape[1], spec.level_bits
        if self._levels is None:
            return [[] for _ in range(spec.pe)]
        group = Signal(range(spec.row_groups))
        last = group == spec.row_groups - 1
        with m.If(step):
            m.d.sync += group.eq(Mux(last, 0, group + 1))
        m.submodules.levels = memory = spec.rom.memory()
        port = memory.read_port()
        address = group
        if spec.banks > 1:
            m.d.comb += self.vector_end.eq(step & last)
            address = self.bank * spec.row_groups + group
        if spec.writable:
            add_write_port(m, memory, spec.bank[0], self.writes, 0)
        m.d.comb += [port.addr.eq(address), port.en.eq(step), self._levels.eq(port.data)]
        levels = [self._levels[at:][:bits] for at in range(0, spec.pe * n_levels * bits, bits)]
        return [levels[at:][:n_levels] for at in range(0, len(levels), n_levels)]

    def _output(self, m: Module, lane: int, total: Value, levels: list[Value]) -> Signal:
        spec = self.spec
        passed = Signal(len(levels) + 1, name=f"passed{lane}")
        output = Signal(spec.output.bits, name=f"output{lane}")
        m.d.comb += [
            passed.eq(Cat(~total[-1], (total >= level for level in levels))),
            output.eq(_leading_ones(list(passed)) + spec.lowest),
        ]
        return output


def _halved(passed: NDArray[np.bool_]) -> NDArray[np.int64]:
    """What `_leading_ones` gives for the bits along the last axis."""
    n_bits = passed.shape[-1]
    if n_bits == 0:
        return np.zeros(passed.shape[:-1], np.int64)
    length = (1 << n_bits.bit_length()) - 1
    middle = length // 2
    padded = np.pad(passed, ((0, 0), (0, 0), (0, length - n_bits)))
    upper = padded[..., middle]
    rest = np.where(upper[..., None], padded[..., middle + 1 :], padded[..., :middle])
    return (middle + 1) * upper + _halved(rest)


def _leading_ones(passed: list[Value]) -> Value:
    """How many of the bits are 1, where no 1 follows a 0: a bit of the number a halving."""
    if not passed:
        return Const(0, 0)
    length = (1 << len(passed).bit_length()) - 1
    padded = [*passed, *[Const(0, 1)] * (length - len(passed))]
    middle = length // 2
    rest = [Mux(padded[middle], high, low) for low, high in zip(padded[:middle], padded[middle + 1 :], strict=True)]
    return Cat(_leading_ones(rest), padded[middle])
