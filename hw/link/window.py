"""From the bytes of a spike window to the accelerator's words."""

from collections.abc import Sequence
from dataclasses import dataclass

from amaranth.hdl import Module, unsigned
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from hw.components.width import WidthConverter
from hw.components.words import WordFormat
from hw.link.protocol import element_bytes


@dataclass(frozen=True)
class WindowWords:
    """Words of elements, each of which comes as whole bytes, low byte first, and in its low bits alone.

    Takes a byte a clock; a word comes as soon as its last byte is there where it is but one byte, a clock later where
    bytes join to an element or elements to a word, two where both. Gives and takes backpressure.

    Attributes:
        words: that come out.
    """

    words: WordFormat

    @property
    def element_bytes(self) -> int:
        """Bytes of one element."""
        return element_bytes(self.words.element)

    @property
    def converters(self) -> tuple[WidthConverter, WidthConverter]:
        """From bytes to elements, and from elements to words."""
        return WidthConverter(8, 1, self.element_bytes), WidthConverter(self.words.element.bits, 1, self.words.lanes)

    def compute(self, window: Sequence[int]) -> list[int]:
        """Words that come out for the bytes of a window."""
        to_elements, to_words = self.converters
        low_bits = (1 << self.words.element.bits) - 1
        return to_words.compute([code & low_bits for code in to_elements.compute(list(window))])

    def circuit(self) -> "WindowWordsCircuit":
        """The Amaranth component."""
        return WindowWordsCircuit(self)


class WindowWordsCircuit(wiring.Component):
    """Circuit of `WindowWords`: stream `i` of bytes, stream `o` of words."""

    def __init__(self, spec: WindowWords):
        self.spec = spec
        super().__init__(
            {"i": In(stream.Signature(unsigned(8))), "o": Out(stream.Signature(unsigned(spec.words.bits)))}
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        to_elements, to_words = (spec.circuit() for spec in self.spec.converters)
        m.submodules.to_elements, m.submodules.to_words = to_elements, to_words
        wiring.connect(m, wiring.flipped(self.i), to_elements.i)
        m.d.comb += [
            to_words.i.payload.eq(to_elements.o.payload),  # its low bits
            to_words.i.valid.eq(to_elements.o.valid),
            to_elements.o.ready.eq(to_words.i.ready),
        ]
        wiring.connect(m, to_words.o, wiring.flipped(self.o))
        return m
