"""What a weight loader does with a stream of bytes, as assertions; whether a checksum matches is left open."""

import re

from amaranth.hdl import Array, Assert, Cat, Module, Mux, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In

from hw.components.loader import CHECKSUM_BYTES, WeightLoader, WeightLoaderCircuit


class _Bench(wiring.Component):
    """Weight loaders in the hands of the same source; whether inferences keep them waiting is open too."""

    def __init__(self, parts: tuple[WeightLoaderCircuit, ...]):
        self.parts, self.spec = parts, parts[0].spec
        sets = range(self.spec.weight_sets)
        super().__init__({"offer": In(1), "data": In(8), "first": In(1), "busy": In(1), "weight_set": In(sets)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        for index, part in enumerate(self.parts):
            m.submodules[f"part{index}"] = part
            m.d.comb += [
                part.i.valid.eq(self.offer),
                part.i.payload.data.eq(self.data),
                part.i.payload.first.eq(self.first),
                part.busy.eq(self.busy),
                part.weight_set.eq(self.weight_set),
            ]
        return m


class LoaderTwins(_Bench):
    """What is seen of two loaders is the same: all outputs, and where a byte is written while one is."""

    def __init__(self, spec: WeightLoader):
        super().__init__((spec.circuit(), spec.circuit()))

    def elaborate(self, platform: object) -> Module:
        m = super().elaborate(platform)
        one, other = self.parts
        m.d.comb += [
            Assert(_always_seen(one) == _always_seen(other), "the same outputs"),
            Assert(~one.writes.enable.any() | (_place(one) == _place(other)), "the same writes"),
        ]
        return m


class LoaderContract(_Bench):
    """What must hold of a weight loader, with a reset at any time.

    - It takes a byte in every clock, but the one behind a whole frame and those in which it is told to wait.
    - A clock after a row's byte is taken, that byte and no other is written: to its memory, row and place, into the
      spare bank.
    - Whole frames are counted, and the last one's verdict is told, a clock after they were judged.
    - Only in the clock behind a whole frame, whose first byte names a set, may banks change places: that set's and
      the spare one. Every other set stays where it was, over a reset too.
    """

    def __init__(self, spec: WeightLoader):
        super().__init__((spec.circuit(),))

    def elaborate(self, platform: object) -> Module:
        m = super().elaborate(platform)
        (part,) = self.parts
        taken, number = self._count_bytes(m)
        judged = Signal()
        m.d.sync += judged.eq(taken & ~self.first & (number == self.spec.frame_bytes - 1))
        m.d.comb += Assert(part.i.ready == ~(self.busy | judged), "takes a byte a clock")
        spare = self._add_banks(m, taken, judged)
        self._add_writes(m, taken, number, spare)
        self._add_verdicts(m, judged)
        return m

    def _count_bytes(self, m: Module) -> tuple[Signal, Signal]:
        """Tells that a byte is taken, and how many of its frame were before it; 0 outside a frame."""
        taken, number = Signal(), Signal(range(self.spec.frame_bytes))
        m.d.comb += taken.eq(self.offer & self.parts[0].i.ready)
        with m.If(taken):
            ends = number == self.spec.frame_bytes - 1
            m.d.sync += number.eq(Mux(self.first, 1, Mux((number == 0) | ends, 0, number + 1)))
        return taken, number

    def _add_banks(self, m: Module, taken: Signal, judged: Signal) -> Signal:
        """The spare bank."""
        part, sets = self.parts[0], range(self.spec.weight_sets)
        named = Signal(8, reset_less=True)
        banks = Array(Signal(range(len(sets) + 1), name=f"bank{s}", init=s, reset_less=True) for s in sets)
        spare = Signal(range(len(sets) + 1), init=len(sets), reset_less=True)
        with m.If(taken & self.first):
            m.d.sync += named.eq(self.data)
        with m.If(part.changes):
            m.d.sync += [banks[named].eq(spare), spare.eq(banks[named])]
        m.d.comb += [
            Assert(~part.changes | (judged & (named < len(sets))), "changes behind a whole frame"),
            Assert(part.bank == banks[self.weight_set], "sets are where they were"),
        ]
        return spare

    def _add_writes(self, m: Module, taken: Signal, number: Signal, spare: Signal) -> None:
        sizes, writes = self.spec.memories, self.parts[0].writes
        places = [
            (memory, row, byte)
            for memory, (rows, row_bytes) in enumerate(sizes)
            for row in range(rows)
            for byte in range(row_bytes)
        ]
        nowhere = 0, 0, 0
        tables = zip(*(nowhere, *places, *[nowhere] * CHECKSUM_BYTES), strict=True)
        memory, row, byte = (Array(column)[number] for column in tables)
        written = Signal()
        expected = {"enable": 1 << memory, "row": row, "byte": byte, "bank": spare, "data": self.data}
        kept = {name: Signal.like(getattr(writes, name), name=name) for name in expected}
        m.d.sync += written.eq(taken & ~self.first & (number != 0) & (number <= len(places)))
        m.d.sync += [kept[name].eq(value) for name, value in expected.items()]
        m.d.comb += [
            Assert(written | (writes.enable == 0), "writes nothing else"),
            *(Assert(~written | (getattr(writes, name) == kept[name]), f"the right {name}") for name in expected),
        ]

    def _add_verdicts(self, m: Module, judged: Signal) -> None:
        count, good = Signal.like(self.parts[0].count), Signal()
        with m.If(judged):
            m.d.sync += [count.eq(count + 1), good.eq(self.parts[0].changes)]
        m.d.comb += [
            Assert(self.parts[0].count == count, "counts whole frames"),
            Assert(self.parts[0].good == good, "tells the last verdict"),
        ]


def with_any_verdict(text: str) -> str:
    """RTLIL of loaders whose checksum's verdict is a bit of the offered byte: arbitrary in every clock."""
    checksum = re.compile(r"^  cell \\top\.part\d\.checksum .*?^  end\n", re.MULTILINE | re.DOTALL)
    return checksum.sub(lambda _: "  connect \\match_detected \\i__payload [0]\n", text)


def _always_seen(part: WeightLoaderCircuit) -> Value:
    return Cat(part.i.ready, part.bank, part.changes, part.count, part.good, part.writes.enable)


def _place(part: WeightLoaderCircuit) -> Value:
    return Cat(part.writes.row, part.writes.byte, part.writes.bank, part.writes.data)
