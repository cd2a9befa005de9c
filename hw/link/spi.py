"""Bytes over SPI, as the peripheral: the controller's clock moves a byte each way at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from amaranth.hdl import Cat, Const, Module, Mux, Signal, unsigned
from amaranth.lib import stream, wiring
from amaranth.lib.cdc import FFSynchronizer
from amaranth.lib.wiring import In, Out

from hw.link.frames import END

CLOCKS_PER_BIT = 8
"""The least that a bit may take: a level of SCK must last four clocks, since the design sees an edge two to three
clocks after it, and CIPO follows the falling one with the clock after that."""


@dataclass(frozen=True)
class SpiPeripheral:
    """Mode 0 (CPOL 0, CPHA 0), high bit first, SCK looked at in the design's clock.

    SCK may run at an eighth of the design's clock (`CLOCKS_PER_BIT`); the same time must pass between the fall of CS
    and the first bit. A byte that the controller clocks moves its own to stream `o`, and one of stream `i` to the
    controller. Where none waits as a byte begins, END goes out, which SLIP takes for the space between two frames.
    Once CS is high, what there was of a byte is dropped, either way.

    An interface that another end clocks knows no backpressure: a byte that is complete before the one before it was
    taken is dropped.
    """

    def compute(self, sent: Sequence[int], waiting: Sequence[int]) -> tuple[list[int], list[int]]:
        """What the design and what the controller receive, for bytes sent by one and waiting in the other."""
        padded = (*waiting, *(END for _ in sent))
        return list(sent), list(islice(padded, len(sent)))

    def circuit(self) -> "SpiPeripheralCircuit":
        """The Amaranth component."""
        return SpiPeripheralCircuit(self)


class SpiPeripheralCircuit(wiring.Component):
    """Circuit of a `SpiPeripheral`: the lines, stream `o` of bytes received, stream `i` of bytes to send.

    `cipo` comes from a register and is always driven; on a bus with several peripherals the pin is to float while
    CS is high.
    """

    def __init__(self, spec: SpiPeripheral):
        self.spec = spec
        bytes_ = stream.Signature(unsigned(8))
        lines = {"sck": In(1), "copi": In(1), "cipo": Out(1), "cs_n": In(1, init=1)}
        super().__init__({**lines, "o": Out(bytes_), "i": In(bytes_)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        sck, copi, cs_n, before = Signal(), Signal(), Signal(init=1), Signal()
        m.submodules.sck = FFSynchronizer(self.sck, sck)
        m.submodules.copi = FFSynchronizer(self.copi, copi)
        m.submodules.cs_n = FFSynchronizer(self.cs_n, cs_n, init=1)
        m.d.sync += before.eq(sck)
        rises, falls = ~cs_n & sck & ~before, ~cs_n & ~sck & before
        bit = Signal(3)
        shift = Signal(8, reset_less=True)  # fills with what comes in, while what goes out leaves it
        sends = Signal()  # the byte that goes out is the stream's
        m.d.comb += self.i.ready.eq(rises & (bit == 0) & sends)
        with m.If(self.o.ready):
            m.d.sync += self.o.valid.eq(0)
        with m.If(cs_n):
            m.d.sync += bit.eq(0)
        with m.Elif(falls):
            m.d.sync += [bit.eq(bit + 1), self.cipo.eq(shift[7])]
        with m.If(cs_n | (falls & (bit == 7))):
            m.d.sync += [sends.eq(self.i.valid), self.cipo.eq(Mux(self.i.valid, self.i.payload[7], END >> 7))]
        with m.If(rises):
            # The byte's high bit is on the line already.
            rest = Mux(bit == 0, Mux(sends, self.i.payload, Const(END, 8)), shift)
            m.d.sync += shift.eq(Cat(copi, rest))
            with m.If((bit == 7) & (~self.o.valid | self.o.ready)):
                m.d.sync += [self.o.valid.eq(1), self.o.payload.eq(Cat(copi, shift))]
        return m
