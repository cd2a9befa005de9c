"""Weights written at run time: frames of bytes into a spare bank, which then takes the place of another."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from amaranth.hdl import Array, Cat, Module, Mux, Signal, Value, unsigned
from amaranth.lib import data, stream, wiring
from amaranth.lib.crc import Algorithm, Parameters
from amaranth.lib.wiring import In, Out

from hw.components.writes import WriteBus

CHECKSUM_BYTES = 4
_MOST_SETS = 256  # a frame names its set in a byte

LOAD_LAYOUT = data.StructLayout({"data": unsigned(8), "first": unsigned(1)})
"""A byte of a frame, and whether it is a frame's first."""


@dataclass(frozen=True)
class WeightLoader:
    """Takes frames: the set's index, the rows of every memory, low byte first, and a checksum.

    The checksum is zlib's CRC-32 of what stands before it, begun with `start` in place of 0, low byte first. A frame
    goes into the spare bank. If its checksum and its set are right, the banks of the set and the spare one change
    places a clock later; else nothing changes. A byte marked as a frame's first begins anew at any time, and drops
    what there was of another frame; bytes behind a frame are dropped until then.

    Takes a byte a clock, but none while a frame is judged (one clock) or `busy` is set: that an inference still uses
    the spare bank. A reset drops a frame that is under way; the choice of banks survives it, as their contents do.

    Attributes:
        memories: rows and bytes of a row of every memory, in the order of the frame.
        weight_sets: how many sets there are, each in its bank; one more bank is spare.
        start: what the checksum begins with, which makes a frame for another design a wrong one.

    Raises:
        ValueError: if there is no memory, or a set's index does not fit a byte.
    """

    memories: tuple[tuple[int, int], ...]
    weight_sets: int
    start: int

    def __post_init__(self) -> None:
        if not self.memories:
            raise ValueError("weight loader: there is no memory to write")
        if not 1 <= self.weight_sets <= _MOST_SETS:
            raise ValueError(f"weight loader: 1 to {_MOST_SETS} weight sets are possible, not {self.weight_sets}")

    @property
    def bus(self) -> WriteBus:
        """The bus to the memories."""
        rows, row_bytes = (max(sizes) for sizes in zip(*self.memories, strict=True))
        return WriteBus(self.weight_sets + 1, rows, row_bytes, len(self.memories))

    @property
    def frame_bytes(self) -> int:
        """Length of a frame."""
        return 1 + sum(rows * row_bytes for rows, row_bytes in self.memories) + CHECKSUM_BYTES

    def frame(self, weight_set: int, contents: Sequence[Sequence[int]]) -> bytes:
        """The frame that writes the rows of every memory for a set."""
        rows = [
            row.to_bytes(row_bytes, "little")
            for (_, row_bytes), memory in zip(self.memories, contents, strict=True)
            for row in memory
        ]
        body = bytes([weight_set]) + b"".join(rows)
        return body + zlib.crc32(body, self.start).to_bytes(CHECKSUM_BYTES, "little")

    def compute(self, frame: bytes) -> tuple[int, list[list[int]]] | None:
        """Set and rows of every memory that a whole frame brings; None for one that changes nothing."""
        body, checksum = frame[:-CHECKSUM_BYTES], frame[-CHECKSUM_BYTES:]
        whole = len(frame) == self.frame_bytes
        right = whole and zlib.crc32(body, self.start) == int.from_bytes(checksum, "little")
        if not right or body[0] >= self.weight_sets:
            return None
        contents, at = [], 1
        for rows, row_bytes in self.memories:
            end = at + rows * row_bytes
            contents.append([int.from_bytes(body[i : i + row_bytes], "little") for i in range(at, end, row_bytes)])
            at = end
        return body[0], contents

    @property
    def checksum(self) -> Parameters:
        """Zlib's CRC-32, its register set to what it is behind `start`."""
        register = int(f"{self.start ^ 0xFFFFFFFF:032b}"[::-1], 2)
        return Algorithm(
            crc_width=32,
            polynomial=0x04C11DB7,
            initial_crc=register,
            reflect_input=True,
            reflect_output=True,
            xor_output=0xFFFFFFFF,
        )(data_width=8)

    def circuit(self) -> "WeightLoaderCircuit":
        """The Amaranth component."""
        return WeightLoaderCircuit(self)


class WeightLoaderCircuit(wiring.Component):
    """Circuit of a `WeightLoader`.

    Members: stream `i` of bytes; `busy`; the bus `writes`, a clock behind the stream; `weight_set`, and in the same
    clock `bank`, where its weights are; `changes`, that banks change places with this clock; `count`, how many whole
    frames there were since the reset, modulo 256, and `good`, whether the last of them was right.
    """

    def __init__(self, spec: WeightLoader):
        self.spec = spec
        super().__init__(
            {
                "i": In(stream.Signature(LOAD_LAYOUT)),
                "busy": In(1),
                "writes": Out(spec.bus.signature),
                "weight_set": In(range(spec.weight_sets)),
                "bank": Out(range(spec.bus.banks)),
                "changes": Out(1),
                "count": Out(8),
                "good": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        spec = self.spec
        m.submodules.checksum = checksum = spec.checksum.create()
        byte, judging = self.i.payload, Signal()
        takes = Signal()
        named = Signal(8, reset_less=True)  # the set that the frame is for
        # The choice of banks belongs to what they hold, which a reset does not change either.
        banks = [
            Signal(range(spec.bus.banks), name=f"bank{s}", init=s, reset_less=True) for s in range(spec.weight_sets)
        ]
        spare = Signal(range(spec.bus.banks), init=spec.weight_sets, reset_less=True)
        m.d.comb += [
            self.i.ready.eq(~self.busy & ~judging),
            takes.eq(self.i.valid & self.i.ready),
            checksum.data.eq(byte.data),
            checksum.valid.eq(takes),
            checksum.start.eq(takes & byte.first),
            self.bank.eq(Array(banks)[self.weight_set]),
        ]
        with m.If(takes & byte.first):
            m.d.sync += named.eq(byte.data)
        whole = self._write(m, takes, spare)
        m.d.sync += judging.eq(whole)
        right = checksum.match_detected & (named < spec.weight_sets)
        m.d.comb += self.changes.eq(judging & right)
        with m.If(judging):
            m.d.sync += [self.count.eq(self.count + 1), self.good.eq(right)]
        for weight_set, bank in enumerate(banks):
            with m.If(self.changes & (named == weight_set)):
                m.d.sync += [bank.eq(spare), spare.eq(bank)]
        return m

    def _write(self, m: Module, takes: Value, spare: Value) -> Value:
        """Puts the bytes behind a frame's first into the memories; tells that the last of the checksum is taken."""
        spec, writes, byte = self.spec, self.writes, self.i.payload
        sizes = (*spec.memories, (1, CHECKSUM_BYTES))
        inside = Signal()
        memory = Signal(range(len(sizes)))
        row, place = Signal(range(spec.bus.rows)), Signal(range(max(spec.bus.row_bytes, CHECKSUM_BYTES)))
        row_ends = place == Array(row_bytes - 1 for _, row_bytes in sizes)[memory]
        memory_ends = row_ends & (row == Array(rows - 1 for rows, _ in sizes)[memory])
        goes_on = takes & inside & ~byte.first
        whole = goes_on & memory_ends & (memory == len(sizes) - 1)
        m.d.sync += writes.enable.eq(Mux(goes_on, Cat(memory == n for n in range(len(spec.memories))), 0))
        with m.If(takes):
            m.d.sync += [writes.data.eq(byte.data), writes.row.eq(row), writes.byte.eq(place), writes.bank.eq(spare)]
        with m.If(takes & byte.first):
            m.d.sync += [inside.eq(1), memory.eq(0), row.eq(0), place.eq(0)]
        with m.Elif(goes_on):
            m.d.sync += [place.eq(Mux(row_ends, 0, place + 1)), inside.eq(~whole)]
            with m.If(row_ends):
                m.d.sync += row.eq(Mux(memory_ends, 0, row + 1))
            with m.If(memory_ends):
                m.d.sync += memory.eq(memory + 1)
        return whole
