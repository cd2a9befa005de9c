"""An answer byte by byte."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import reduce
from operator import or_

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from hw.link.slip import BYTE_LAYOUT, byte_words


@dataclass(frozen=True)
class AnswerBytes:
    """Kind, sequence number and payload of an answer, one byte after another; the CRC follows elsewhere.

    A byte in two clocks, the first one a clock after the answer is due. Gives and takes backpressure.

    Attributes:
        longest: bytes of the longest payload; the shortest has one.
    """

    longest: int

    def compute(self, kind: int, sequence: int, payload: Sequence[int]) -> list[int]:
        """Words of `BYTE_LAYOUT` that come out."""
        return byte_words([kind, sequence, *payload])

    def circuit(self) -> "AnswerBytesCircuit":
        """The Amaranth component."""
        return AnswerBytesCircuit(self)


class _Part(Enum):
    """What the next byte is."""

    KIND = 0
    SEQUENCE = 1
    PAYLOAD = 2
    LAST = 3


class AnswerBytesCircuit(wiring.Component):
    """Circuit of `AnswerBytes`.

    Members: `due`, which holds until `ends`, that the last byte has been on its way for a clock; the answer's `kind`
    and `sequence`; `follow`, how many bytes of the payload follow its first one; `left`, how many follow the one that
    is to be on `byte` when it `fetches`; stream `o` of `BYTE_LAYOUT`.
    """

    def __init__(self, spec: AnswerBytes):
        self.spec = spec
        super().__init__(
            {
                "due": In(1),
                "ends": Out(1),
                "kind": In(8),
                "sequence": In(8),
                "follow": In(range(spec.longest)),
                "left": Out(range(spec.longest)),
                "byte": In(8),
                "fetches": Out(1),
                "o": Out(stream.Signature(BYTE_LAYOUT)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        part, moves = Signal(_Part), Signal()
        fetched = Signal(8, reset_less=True)
        m.d.comb += moves.eq(self.due & ~self.o.valid)
        m.d.sync += self.ends.eq(moves & (part == _Part.LAST))
        with m.If(self.o.ready):
            m.d.sync += self.o.valid.eq(0)
        with m.If(moves):
            m.d.sync += [self.o.valid.eq(1), self.o.payload.last.eq(part == _Part.LAST)]
            with m.Switch(part):
                with m.Case(_Part.KIND):
                    m.d.sync += [self.o.payload.data.eq(self.kind), part.eq(_Part.SEQUENCE)]
                with m.Case(_Part.SEQUENCE):
                    m.d.sync += [self.o.payload.data.eq(self.sequence), part.eq(_Part.PAYLOAD)]
                    m.d.sync += self.left.eq(self.follow)
                with m.Case(_Part.PAYLOAD):
                    m.d.sync += [self.o.payload.data.eq(fetched), self.left.eq(self.left - 1)]
                with m.Case(_Part.LAST):
                    m.d.sync += [self.o.payload.data.eq(fetched), part.eq(_Part.KIND)]
        # The way through all that an answer may hold has a clock of its own, while the byte before it goes out.
        m.d.sync += self.fetches.eq(moves)
        with m.If(self.fetches):
            m.d.sync += fetched.eq(self.byte)
            with m.If((part == _Part.PAYLOAD) & (self.left == 0)):
                m.d.sync += part.eq(_Part.LAST)
        return m


def one_of(choices: Iterable[tuple[Value, Value | int]]) -> Value:
    """The value of `(chosen, value)` that is chosen; at most one of them is."""
    return reduce(or_, (Mux(chosen, value, 0) for chosen, value in choices))


def byte_of(choices: Sequence[tuple[Value, Sequence[Value | int]]], left: Value) -> Value:
    """The byte that `left` others follow, of the payload of `(chosen, payload)` that is chosen.

    Each bit of a payload's constant bytes is a function of `left` by itself, which takes far fewer lookup tables than
    a choice among bytes. Of the others those with as many behind them share what compares `left` with that number.
    """
    parts = [(chosen, _constants(payload, left)) for chosen, payload in choices]
    for follow in range(max(len(payload) for _, payload in choices)):
        here = [(chosen, payload[-1 - follow]) for chosen, payload in choices if follow < len(payload)]
        changing = [(chosen, byte) for chosen, byte in here if not isinstance(byte, int)]
        parts += [(left == follow, one_of(changing))] if changing else []
    return one_of(parts)


def _constants(payload: Sequence[Value | int], left: Value) -> Value:
    """The byte that `left` others follow if it is a constant, else 0."""
    constants = [(follow, byte) for follow, byte in enumerate(reversed(payload)) if isinstance(byte, int)]
    masks = [sum((byte >> bit & 1) << follow for follow, byte in constants) for bit in range(8)]
    return Cat(Const(mask, 1 << len(left)).bit_select(left, 1) for mask in masks)
