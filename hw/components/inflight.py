"""Which weights every inference in flight takes, from its first word to its result."""

from dataclasses import dataclass

from amaranth.hdl import Array, Module, Mux, Signal, Value, unsigned
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out


@dataclass(frozen=True)
class InFlight:
    """Passes spike words on, and notes for each spike a tag that the parts behind read in their own time.

    An inference begins in the clock before its first word passes: then `tag` is noted, and holds for it to the end
    whatever happens to `tag`. Inferences stay in order, so each reader sees the tag of the oldest inference that it
    has not finished. No inference begins while `capacity` are in flight.

    No latency but that clock; the words of one spike pass one a clock; gives and takes backpressure. `older` tells
    that an inference which began before `mark` was last set, or with it, still is in flight.

    Attributes:
        word_bits: width of a spike word.
        words: of a spike.
        tag_bits: width of a tag.
        readers: how many parts read tags.
        capacity: most inferences in flight, a power of two, at least 2.

    Raises:
        ValueError: if the capacity is no power of two.
    """

    word_bits: int
    words: int
    tag_bits: int
    readers: int
    capacity: int

    def __post_init__(self) -> None:
        if self.capacity < 2 or self.capacity & (self.capacity - 1):
            raise ValueError(f"inferences in flight: {self.capacity} is no power of two above 1")

    def compute(self, words: list[int]) -> list[int]:
        """Words that come out: those that go in."""
        return list(words)

    def circuit(self) -> "InFlightCircuit":
        """The Amaranth component, with streams `i` and `o`."""
        return InFlightCircuit(self)


class InFlightCircuit(wiring.Component):
    """Circuit of an `InFlight`.

    Members: streams `i` and `o`; `tag`; a bit of `finished` for each reader, set in the last clock that it needs its
    tag, and its `tag0`, `tag1`, ...; `ended`, that a result leaves; `mark` and `older`.
    """

    def __init__(self, spec: InFlight):
        self.spec = spec
        super().__init__(
            {
                "i": In(stream.Signature(unsigned(spec.word_bits))),
                "o": Out(stream.Signature(unsigned(spec.word_bits))),
                "tag": In(spec.tag_bits),
                "finished": In(spec.readers),
                **{f"tag{reader}": Out(spec.tag_bits) for reader in range(spec.readers)},
                "ended": In(1),
                "mark": In(1),
                "older": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        spec = self.spec
        index_bits = (spec.capacity - 1).bit_length()
        # Counted to twice the capacity, so that all in flight differs from none.
        begun, ended = Signal(index_bits + 1), Signal(index_bits + 1)
        begun_next, ended_next = Signal.like(begun), Signal.like(ended)
        tags = Array(Signal(spec.tag_bits, name=f"entry{n}", reset_less=True) for n in range(spec.capacity))

        begins = self._pass_words(m, room=(begun ^ ended) != spec.capacity)
        m.d.comb += [begun_next.eq(begun + begins), ended_next.eq(ended + self.ended)]
        m.d.sync += [begun.eq(begun_next), ended.eq(ended_next)]
        with m.If(begins):
            m.d.sync += tags[begun[:index_bits]].eq(self.tag)

        for reader in range(spec.readers):
            at = Signal(index_bits, name=f"at{reader}")
            m.d.sync += at.eq(at + self.finished[reader])
            m.d.comb += getattr(self, f"tag{reader}").eq(tags[at])

        fence = Signal.like(begun)
        with m.If(self.mark):
            m.d.sync += [fence.eq(begun_next), self.older.eq(begun_next != ended_next)]
        with m.Elif(ended_next == fence):
            m.d.sync += self.older.eq(0)
        return m

    def _pass_words(self, m: Module, room: Value) -> Value:
        """Passes the words of a spike once it has begun; tells that one begins."""
        inside, word = Signal(), Signal(range(self.spec.words))
        last = word == self.spec.words - 1
        begins = Signal()
        m.d.comb += [
            begins.eq(self.i.valid & ~inside & room),
            self.o.payload.eq(self.i.payload),
            self.o.valid.eq(self.i.valid & inside),
            self.i.ready.eq(self.o.ready & inside),
        ]
        with m.If(begins):
            m.d.sync += inside.eq(1)
        with m.If(self.o.valid & self.o.ready):
            m.d.sync += [word.eq(Mux(last, 0, word + 1)), inside.eq(~last)]
        return begins
