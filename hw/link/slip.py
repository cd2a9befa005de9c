"""SLIP (RFC 1055) as streams: where frames begin and end among the bytes of a wire."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from amaranth.hdl import Module, Mux, Signal, unsigned
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from hw.link.frames import END, ESC, ESC_END, ESC_ESC

ITEM_LAYOUT = data.StructLayout({"data": unsigned(8), "end": unsigned(1), "bad": unsigned(1)})
"""A byte of a frame, or its `end`, which tells whether anything in it was `bad`; `data` is END then."""

BYTE_LAYOUT = data.StructLayout({"data": unsigned(8), "last": unsigned(1)})
"""A byte of a frame, and whether it is the last."""


@dataclass(frozen=True)
class SlipDecoder:
    """Frames from the bytes of a wire: their bytes without escapes, and where each ends.

    Nothing between two ENDs is no frame. An escape that is none makes a frame bad; nothing more of it comes out but
    its end. No latency; gives and takes backpressure.
    """

    def compute(self, wire: Iterable[int]) -> list[int]:
        """Words of `ITEM_LAYOUT` that come out for the bytes of a wire."""
        items, empty, escaped, bad = [], True, False, False
        for byte in wire:
            if byte == END:
                if not empty:
                    items.append(item_word(END, end=True, bad=bad or escaped))
                empty, escaped, bad = True, False, False
                continue
            empty = False
            if not escaped and byte == ESC:
                escaped = True
                continue
            bad |= escaped and byte not in (ESC_END, ESC_ESC)
            if not bad:
                items.append(item_word(byte if not escaped else END if byte == ESC_END else ESC))
            escaped = False
        return items

    def circuit(self) -> "SlipDecoderCircuit":
        """The Amaranth component."""
        return SlipDecoderCircuit(self)


def item_word(byte: int, *, end: bool = False, bad: bool = False) -> int:
    """A word of `ITEM_LAYOUT`."""
    return byte | end << 8 | bad << 9


def byte_words(frame: Sequence[int]) -> list[int]:
    """Words of `BYTE_LAYOUT` of a frame."""
    return [byte | (at == len(frame) - 1) << 8 for at, byte in enumerate(frame)]


class SlipDecoderCircuit(wiring.Component):
    """Circuit of a `SlipDecoder`: stream `i` of bytes, stream `o` of `ITEM_LAYOUT`."""

    def __init__(self, spec: SlipDecoder):
        self.spec = spec
        super().__init__({"i": In(stream.Signature(unsigned(8))), "o": Out(stream.Signature(ITEM_LAYOUT))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        byte, item = self.i.payload, self.o.payload
        inside, escaped, bad = Signal(), Signal(), Signal()
        is_end, is_esc = Signal(), Signal()
        wrong = escaped & (byte != ESC_END) & (byte != ESC_ESC)
        passes = Mux(is_end, inside, ~bad & Mux(escaped, ~wrong, ~is_esc))
        m.d.comb += [
            is_end.eq(byte == END),
            is_esc.eq(byte == ESC),
            # The codes differ from what they stand for in few bits.
            item.data.eq(Mux(escaped, Mux(byte[0], ESC, END), byte)),
            item.end.eq(is_end),
            item.bad.eq(is_end & (bad | escaped)),
            self.o.valid.eq(self.i.valid & passes),
            self.i.ready.eq(self.o.ready | ~passes),
        ]
        with m.If(self.i.valid & self.i.ready):
            m.d.sync += [inside.eq(~is_end), escaped.eq(is_esc & ~escaped), bad.eq((bad | wrong) & ~is_end)]
        return m


@dataclass(frozen=True)
class SlipEncoder:
    """Bytes of a wire from frames: END before and after each, escapes within.

    A byte of the wire a clock, no latency. Gives and takes backpressure.
    """

    def compute(self, frames: Iterable[Sequence[int]]) -> list[int]:
        """Bytes of the wire."""
        escapes = {END: [ESC, ESC_END], ESC: [ESC, ESC_ESC]}
        return [
            byte
            for frame in frames
            for byte in (END, *(code for content in frame for code in escapes.get(content, [content])), END)
        ]

    def circuit(self) -> "SlipEncoderCircuit":
        """The Amaranth component."""
        return SlipEncoderCircuit(self)


class SlipEncoderCircuit(wiring.Component):
    """Circuit of a `SlipEncoder`: stream `i` of `BYTE_LAYOUT`, stream `o` of bytes."""

    def __init__(self, spec: SlipEncoder):
        self.spec = spec
        super().__init__({"i": In(stream.Signature(BYTE_LAYOUT)), "o": Out(stream.Signature(unsigned(8)))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        byte = self.i.payload.data
        inside, escaped, ends = Signal(), Signal(), Signal()
        is_end, special, takes = Signal(), Signal(), Signal()
        m.d.comb += [
            is_end.eq(byte == END),
            special.eq(is_end | (byte == ESC)),
            self.o.valid.eq(self.i.valid | ends),
            takes.eq(self.o.ready & inside & ~ends & (escaped | ~special)),
            self.i.ready.eq(takes),
        ]
        with m.If(ends | ~inside):
            m.d.comb += self.o.payload.eq(END)
        with m.Elif(escaped):
            m.d.comb += self.o.payload.eq(Mux(is_end, ESC_END, ESC_ESC))
        with m.Else():
            m.d.comb += self.o.payload.eq(Mux(special, ESC, byte))
        with m.If(self.o.valid & self.o.ready):
            m.d.sync += [
                inside.eq(~ends),
                escaped.eq(inside & ~ends & special & ~escaped),
                ends.eq(takes & self.i.payload.last),
            ]
        return m
