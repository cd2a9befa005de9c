"""Frames with their CRC behind them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from amaranth.hdl import Module, Mux, ResetInserter, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from hw.link.frame_receiver import serial_crc
from hw.link.frames import CRC_BYTES, crc_of
from hw.link.slip import BYTE_LAYOUT, byte_words


@dataclass(frozen=True)
class FrameSender:
    """Passes the bytes of a frame on, and then its CRC, low byte first.

    A byte in 9 clocks, of which its CRC takes 8. Gives and takes backpressure.
    """

    def compute(self, frames: Iterable[Sequence[int]]) -> list[int]:
        """Words of `BYTE_LAYOUT` that come out for frames without their CRC."""
        return [word for frame in frames for word in byte_words([*frame, *crc_of(bytes(frame))])]

    def circuit(self) -> "FrameSenderCircuit":
        """The Amaranth component."""
        return FrameSenderCircuit(self)


class FrameSenderCircuit(wiring.Component):
    """Circuit of a `FrameSender`: streams `i` and `o` of `BYTE_LAYOUT`."""

    def __init__(self, spec: FrameSender):
        self.spec = spec
        super().__init__({"i": In(stream.Signature(BYTE_LAYOUT)), "o": Out(stream.Signature(BYTE_LAYOUT))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        byte = self.i.payload
        crc, ends = serial_crc().create(), Signal()
        m.submodules.crc = ResetInserter(ends)(crc)
        shifts = Signal()  # the byte has gone out, and its CRC is formed, or the next byte of the CRC comes up
        trails = Signal()  # all bytes have gone out but the CRC's
        bit, place = Signal(3), Signal(range(CRC_BYTES))
        byte_ends = shifts & (bit == 7)
        m.d.comb += [
            self.o.valid.eq(~shifts & (trails | self.i.valid)),
            self.o.payload.data.eq(Mux(trails, crc.crc[:8], byte.data)),
            self.o.payload.last.eq(trails & (place == CRC_BYTES - 1)),
            self.i.ready.eq(byte_ends & ~trails),
            crc.valid.eq(shifts),
            # What equals the bit that leaves the register adds nothing to the others.
            crc.data.eq(Mux(trails, ~crc.crc[0], byte.data.bit_select(bit, 1))),
            ends.eq(byte_ends & self.o.payload.last),
        ]
        with m.If(self.o.valid & self.o.ready):
            m.d.sync += shifts.eq(1)
        with m.If(shifts):
            m.d.sync += bit.eq(bit + 1)
        with m.If(byte_ends):
            m.d.sync += [shifts.eq(0), trails.eq(~ends & (trails | byte.last)), place.eq(place + trails)]
        return m
