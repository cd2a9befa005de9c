"""SLIP (RFC 1055) as streams: where frames begin and end among the bytes of a wire."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from amaranth.hdl import Cat, Module, Mux, Signal, unsigned
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
    its end. A byte of the wire in two clocks, its item in the second; gives and takes backpressure.
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
        is_end, is_esc, wrong = byte == END, byte == ESC, escaped & (byte != ESC_END) & (byte != ESC_ESC)
        # Known in a byte's second clock, so that no long way leads through the comparisons.
        known, ends, escapes, spoils = Signal(), Signal(), Signal(), Signal()
        passes = Mux(is_end, inside, ~bad & Mux(escaped, ~wrong, ~is_esc))
        with m.If(self.i.valid):
            m.d.sync += [
                known.eq(~self.i.ready),
                self.o.valid.eq(passes & ~self.i.ready),
                ends.eq(is_end),
                escapes.eq(is_esc & ~escaped),
                spoils.eq(bad | wrong),
            ]
        m.d.comb += [
            # A code begins like the byte that it stands for.
            item.data.eq(Cat(Mux(escaped, Mux(byte[0], ESC, END)[:5], byte[:5]), byte[5:])),
            item.end.eq(ends),
            item.bad.eq(ends & (bad | escaped)),
            self.i.ready.eq(known & (self.o.ready | ~self.o.valid)),
        ]
        with m.If(self.i.ready):
            m.d.sync += [inside.eq(~ends), escaped.eq(escapes), bad.eq(spoils & ~ends)]
        return m


@dataclass(frozen=True)
class SlipEncoder:
    """Bytes of a wire from frames: END before and after each, escapes within.

    A byte within a frame in two clocks, those that it adds in one. Gives and takes backpressure.
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
        inside, ends, escaped = Signal(), Signal(), Signal()
        known, special = Signal(), Signal()  # in a byte's second clock: whether it takes an escape
        with m.If(self.i.valid):
            m.d.sync += [known.eq(~self.i.ready), special.eq((byte == END) | (byte == ESC))]
        between = ends | ~inside
        # An escape and what it stands for begin alike.
        code = Mux(escaped, Mux(byte[0], ESC_ESC, ESC_END), ESC)[:5]
        m.d.comb += [
            self.o.payload.eq(Mux(between, END, Cat(Mux(special, code, byte[:5]), byte[5:]))),
            self.o.valid.eq(ends | known),
            self.i.ready.eq(self.o.ready & ~between & known & (escaped | ~special)),
        ]
        with m.If(self.o.valid & self.o.ready):
            m.d.sync += [
                inside.eq(~ends),
                escaped.eq(~between & special & ~escaped),
                ends.eq(self.i.ready & self.i.payload.last),
            ]
        return m
