"""Bytes on a serial line: start bit, eight data bits, the lowest first, stop bit; no parity."""

from collections.abc import Sequence
from dataclasses import dataclass

from amaranth.hdl import Cat, Module, Mux, Signal, unsigned
from amaranth.lib import stream, wiring
from amaranth.lib.cdc import FFSynchronizer
from amaranth.lib.wiring import In, Out

from hw.errors import BadInput

BITS = 10
"""Of a byte on the line, start and stop bit included."""

MOST_ERROR = 0.02
"""Of a bit's length. Ten bits then end a fifth of a bit early or late, which leaves the other end as much."""

_LEAST_DIVISOR = 4  # clocks a bit; with fewer, no clock is near enough to a bit's middle


def divisor_of(clock_hz: float, baud: int) -> int:
    """Clocks a bit, rounded to whole ones.

    Raises:
        BadInput: if the bits would be more than 2 % too long or too short, or shorter than 4 clocks.
    """
    if clock_hz <= 0 or baud <= 0:
        raise BadInput(f"UART: {baud} baud from a clock of {clock_hz} Hz; expected both to be positive")
    divisor = round(clock_hz / baud)
    if divisor < _LEAST_DIVISOR:
        raise BadInput(f"UART: {baud} baud from {clock_hz:.0f} Hz; expected at most a bit in {_LEAST_DIVISOR} clocks")
    error = divisor * baud / clock_hz - 1
    if abs(error) > MOST_ERROR:
        raise BadInput(
            f"UART: {baud} baud from {clock_hz:.0f} Hz is {error:+.1%} off; expected {MOST_ERROR:.0%} at most"
        )
    return divisor


def _check_divisor(divisor: int) -> None:
    if divisor < _LEAST_DIVISOR:
        raise ValueError(f"UART: a bit of {divisor} clocks; expected at least {_LEAST_DIVISOR}")


@dataclass(frozen=True)
class UartReceiver:
    """Bytes from the level of a line, looked at in the middle of each bit.

    A byte begins where the line falls; it is none if the line is high again in the middle of that bit, and it is
    dropped if its stop bit is low (framing error), whereupon the next begins where the line falls again. It is given
    in the middle of its stop bit, two clocks later for the synchroniser.

    A line knows no backpressure: a byte that is complete before the one before it was taken is dropped.

    Attributes:
        divisor: clocks a bit.

    Raises:
        ValueError: if there are fewer than 4.
    """

    divisor: int

    def __post_init__(self) -> None:
        _check_divisor(self.divisor)

    def compute(self, levels: Sequence[int]) -> list[int]:
        """Bytes that come out, if each is taken at once, for the line's level in every clock, high in the first."""
        found, at = [], 1
        while at < len(levels):
            if levels[at] or not levels[at - 1]:
                at += 1
                continue
            start, *bits = levels[at + self.divisor // 2 :: self.divisor][:BITS]
            at += self.divisor // 2 + (0 if start else (BITS - 1) * self.divisor) + 1
            if not start and len(bits) == BITS - 1 and bits[-1]:
                found.append(sum(bit << place for place, bit in enumerate(bits[:-1])))
        return found

    def circuit(self) -> "UartReceiverCircuit":
        """The Amaranth component."""
        return UartReceiverCircuit(self)


class UartReceiverCircuit(wiring.Component):
    """Circuit of a `UartReceiver`: `rx`, the line as it is at the pin, and stream `o` of bytes."""

    def __init__(self, spec: UartReceiver):
        self.spec = spec
        super().__init__({"rx": In(1, init=1), "o": Out(stream.Signature(unsigned(8)))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        divisor = self.spec.divisor
        line, before = Signal(init=1), Signal(init=1)
        m.submodules.synchroniser = FFSynchronizer(self.rx, line, init=1)
        m.d.sync += before.eq(line)
        timer = Signal(range(divisor))
        left = Signal(range(BITS + 1))  # bits to come, this one included; 0 between bytes
        shift = Signal(8, reset_less=True)
        in_middle = Signal()  # of a bit
        m.d.sync += in_middle.eq((left != 0) & (timer == divisor // 2 - 2))
        with m.If(self.o.ready):
            m.d.sync += self.o.valid.eq(0)
        with m.If((left == 0) | (timer == divisor - 1)):
            m.d.sync += timer.eq(0)
        with m.Else():
            m.d.sync += timer.eq(timer + 1)
        with m.If(left == 0):
            m.d.sync += left.eq(Mux(before & ~line, BITS, 0))
        with m.Elif(in_middle):
            no_start = (left == BITS) & line
            m.d.sync += left.eq(Mux(no_start, 0, left - 1))
            with m.If(left != 1):
                m.d.sync += shift.eq(Cat(shift[1:], line))
            with m.Elif(line & (~self.o.valid | self.o.ready)):
                m.d.sync += [self.o.valid.eq(1), self.o.payload.eq(shift)]
        return m


@dataclass(frozen=True)
class UartTransmitter:
    """The level of a line from bytes; high between them.

    Takes a byte and drives it from the next clock on for `10 * divisor` clocks; then takes the next. Gives
    backpressure.

    Attributes:
        divisor: clocks a bit.

    Raises:
        ValueError: if there are fewer than 4.
    """

    divisor: int

    def __post_init__(self) -> None:
        _check_divisor(self.divisor)

    def compute(self, data: Sequence[int]) -> list[int]:
        """Levels of the line in every clock, from the one in which the first byte is taken, if the next one waits."""
        levels = []
        for byte in data:
            bits = [0, *(byte >> place & 1 for place in range(8)), 1]
            levels += [1, *(bit for bit in bits for _ in range(self.divisor))]
        return levels

    def circuit(self) -> "UartTransmitterCircuit":
        """The Amaranth component."""
        return UartTransmitterCircuit(self)


class UartTransmitterCircuit(wiring.Component):
    """Circuit of a `UartTransmitter`: stream `i` of bytes, and `tx`, the line, which comes from a register."""

    def __init__(self, spec: UartTransmitter):
        self.spec = spec
        super().__init__({"i": In(stream.Signature(unsigned(8))), "tx": Out(1, init=1)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        busy, timer = Signal(), Signal(range(self.spec.divisor))
        left = Signal(range(BITS))  # bits behind the one on the line
        shift = Signal(9, init=-1)  # begins with the bit on the line
        m.d.comb += [self.tx.eq(shift[0]), self.i.ready.eq(~busy)]
        bit_ends = timer == self.spec.divisor - 1
        with m.If(~busy | bit_ends):
            m.d.sync += timer.eq(0)
        with m.Else():
            m.d.sync += timer.eq(timer + 1)
        with m.If(~busy):
            m.d.sync += left.eq(BITS - 1)
            with m.If(self.i.valid):
                m.d.sync += [busy.eq(1), shift.eq(self.i.payload << 1)]
        with m.Elif(bit_ends):
            m.d.sync += [busy.eq(left != 0), left.eq(left - 1), shift.eq(Cat(shift[1:], 1))]
        return m
