"""Frames kept until their CRC is found right, which are the only ones that pass."""

from collections.abc import Iterable
from dataclasses import dataclass

from amaranth.hdl import Module, Mux, ResetInserter, Signal, Value, unsigned
from amaranth.lib import stream, wiring
from amaranth.lib.crc import Parameters
from amaranth.lib.crc.catalog import CRC32_ISO_HDLC
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from hw.link.frames import CRC_BYTES, HEADER_BYTES, Frame
from hw.link.slip import BYTE_LAYOUT, ITEM_LAYOUT, byte_words

FRAME_BYTES = HEADER_BYTES + CRC_BYTES
"""Of a frame without payload, the shortest one."""


def serial_crc() -> Parameters:
    """The CRC of a frame, a bit a clock: a third of the lookup tables that a byte a clock would take."""
    return CRC32_ISO_HDLC(data_width=1)


@dataclass(frozen=True)
class FrameReceiver:
    """Stores a frame and passes it on, without its CRC, if it came whole.

    A frame is whole if its decoder has found nothing bad in it, its CRC is right, and its content, CRC included, has
    6 to `most_bytes`. Any other is dropped.

    Takes a byte in 9 clocks, of which its CRC takes 8, and an end in two. A whole frame goes out from two clocks
    behind its end on, a byte a clock; nothing is taken until it is out, so that the next frame waits in front. Gives
    and takes backpressure.

    Attributes:
        memory_bytes: of the store, a power of two, at least 8. The longest frame has one byte less, so that a single
            bit of the count of bytes tells one that is too long.

    Raises:
        ValueError: if the store has no such size.
    """

    memory_bytes: int

    def __post_init__(self) -> None:
        if self.memory_bytes < 8 or self.memory_bytes & (self.memory_bytes - 1):
            raise ValueError(f"frame receiver: a store of {self.memory_bytes} bytes; expected a power of two from 8")

    @property
    def most_bytes(self) -> int:
        """Of a frame's content."""
        return self.memory_bytes - 1

    @property
    def most_payload_bytes(self) -> int:
        """Of a frame."""
        return self.most_bytes - FRAME_BYTES

    def compute(self, items: Iterable[int]) -> list[int]:
        """Words of `BYTE_LAYOUT` that come out for words of `ITEM_LAYOUT`."""
        passed, content = [], bytearray()
        for word in items:
            item = ITEM_LAYOUT.from_bits(word)
            if not item.end:
                content.append(item.data)
                continue
            if not item.bad and len(content) <= self.most_bytes and Frame.decode(bytes(content)):
                passed += byte_words(content[:-CRC_BYTES])
            content.clear()
        return passed

    def circuit(self) -> "FrameReceiverCircuit":
        """The Amaranth component."""
        return FrameReceiverCircuit(self)


class FrameReceiverCircuit(wiring.Component):
    """Circuit of a `FrameReceiver`.

    Members: stream `i` of `ITEM_LAYOUT`; stream `o` of `BYTE_LAYOUT`; `content_bytes`, which while a frame's first
    byte is offered is the length of its content, CRC included; `good` and `dropped`, that a frame was found whole or
    is dropped with this clock.
    """

    def __init__(self, spec: FrameReceiver):
        self.spec = spec
        super().__init__(
            {
                "i": In(stream.Signature(ITEM_LAYOUT)),
                "o": Out(stream.Signature(BYTE_LAYOUT)),
                "content_bytes": Out(range(spec.memory_bytes + 1)),
                "good": Out(1),
                "dropped": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        item, count = self.i.payload, self.content_bytes  # up as a frame comes, and down as it goes
        holds = Signal()  # a whole frame, on its way out
        judges, stores, leaves, last = Signal(), Signal(), Signal(), Signal()
        right = self._check(m, self.i.valid & ~holds, judges, stores)
        # A frame is judged a clock behind the first of its end, and by what was found until then.
        whole, too_long, too_short = Signal(), count[-1], count < FRAME_BYTES
        m.d.sync += [
            judges.eq(self.i.valid & ~holds & item.end & ~judges),
            whole.eq(right & ~too_long & ~too_short),
        ]
        m.d.comb += [
            self.i.ready.eq(judges | stores),
            self.good.eq(judges & whole & ~item.bad),
            self.dropped.eq(judges & (~whole | item.bad)),
            leaves.eq(self.o.valid & self.o.ready),
            self.o.payload.last.eq(last),
        ]
        with m.If(leaves):
            m.d.sync += last.eq(count == FRAME_BYTES)  # of the byte behind the one that leaves
        with m.If(self.good):
            m.d.sync += holds.eq(1)
        with m.If(self.dropped | (leaves & last)):
            m.d.sync += [count.eq(0), holds.eq(0)]
        with m.Elif(leaves | (stores & ~too_long)):
            m.d.sync += count.eq(count + Mux(holds, -1, 1))
        self._store(m, count, stores, holds)
        return m

    def _check(self, m: Module, offered: Value, judges: Signal, stores: Signal) -> Value:
        """Adds each byte to the CRC, and then tells that it `stores` the byte; whether the CRC is right."""
        item, bit = self.i.payload, Signal(3)
        crc = serial_crc().create()
        m.submodules.crc = ResetInserter(judges)(crc)  # which costs less than its own way to begin anew
        m.d.comb += [
            crc.data.eq(item.data.bit_select(bit, 1)),
            crc.valid.eq(offered & ~item.end & ~stores),
        ]
        m.d.sync += stores.eq(crc.valid & (bit == 7))
        with m.If(crc.valid):
            m.d.sync += bit.eq(bit + 1)
        return crc.match_detected

    def _store(self, m: Module, count: Signal, stores: Signal, holds: Signal) -> None:
        """Writes bytes as they come, and fetches them as they go."""
        m.submodules.memory = memory = Memory(shape=unsigned(8), depth=self.spec.memory_bytes, init=[])
        write, read = memory.write_port(), memory.read_port()
        place = Signal(range(self.spec.memory_bytes))
        leaves, last = self.o.valid & self.o.ready, self.o.payload.last
        m.d.comb += [
            write.addr.eq(count),
            write.data.eq(self.i.payload.data),
            write.en.eq(stores),
            read.addr.eq(place),
            read.en.eq(holds & (~self.o.valid | (leaves & ~last))),
            self.o.payload.data.eq(read.data),
        ]
        with m.If(read.en):
            m.d.sync += [self.o.valid.eq(1), place.eq(place + 1)]
        with m.Elif(leaves):
            m.d.sync += [self.o.valid.eq(0), place.eq(0)]
