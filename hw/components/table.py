"""A table that makes an element of every input value, on each lane of a stream."""

from dataclasses import dataclass

import numpy as np
from amaranth.hdl import Cat, Module, unsigned
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out
from numpy.typing import NDArray

from hw.components.rom import Rom, Storage
from hw.components.words import WordFormat
from hw.network.types import InputTable

# A deeper table costs more lookup tables than a block memory for every lane is worth.
_DEEPEST_IN_LOGIC = 256


@dataclass(frozen=True, eq=False)
class TableLookup:
    """Looks up the values of `lanes` lanes at once: `InputTable.compute` on each.

    Latency 1 clock; takes a word every clock; gives and takes backpressure. The table is logic up to 256 values, a
    block memory for each lane above.

    Raises:
        ValueError: if there is no lane.
    """

    table: InputTable
    lanes: int

    @property
    def input_format(self) -> WordFormat:
        """Words that come in."""
        return WordFormat(self.table.source, self.lanes)

    @property
    def output_format(self) -> WordFormat:
        """Words that go out."""
        return WordFormat(self.table.output, self.lanes)

    @property
    def latency_clocks(self) -> int:
        """From a word to its elements."""
        return 1

    def __post_init__(self) -> None:
        WordFormat(self.table.source, self.lanes)

    def compute(self, vectors: NDArray[np.integer]) -> NDArray[np.int64]:
        """Elements of the values, of the same shape."""
        return self.table.compute(vectors)

    @property
    def rom(self) -> Rom:
        """The table, addressed by a value's code in the stream."""
        source = self.table.source
        values = source.minimum + source.step * np.arange(source.n_values)[:, None]
        (codes,) = zip(*WordFormat(source, 1).pack(values), strict=True)
        (elements,) = zip(*WordFormat(self.table.output, 1).pack(self.table.values[:, None]), strict=True)
        rows = [element for _, element in sorted(zip(codes, elements, strict=True))]
        storage = Storage.LOGIC if len(rows) <= _DEEPEST_IN_LOGIC else Storage.BLOCK
        return Rom(rows, self.table.output.bits, storage)

    def circuit(self) -> "TableLookupCircuit":
        """The Amaranth component, with streams `i` and `o`."""
        return TableLookupCircuit(self)


class TableLookupCircuit(wiring.Component):
    """Circuit of a `TableLookup`: stream `i` of values, stream `o` of elements."""

    def __init__(self, spec: TableLookup):
        self.spec = spec
        super().__init__(
            {
                "i": In(stream.Signature(unsigned(spec.input_format.bits))),
                "o": Out(stream.Signature(unsigned(spec.output_format.bits))),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.table = memory = self.spec.rom.memory()
        ports = [memory.read_port() for _ in range(self.spec.lanes)]
        bits = self.spec.table.source.bits
        for lane, port in enumerate(ports):
            value = self.i.payload[lane * bits :][:bits]
            m.d.comb += [port.addr.eq(value), port.en.eq(self.i.valid & self.i.ready)]
        m.d.comb += [
            self.i.ready.eq(~self.o.valid | self.o.ready),
            self.o.payload.eq(Cat(port.data for port in ports)),
        ]
        with m.If(self.i.ready):
            m.d.sync += self.o.valid.eq(self.i.valid)
        return m
