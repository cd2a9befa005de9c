"""Seeded requests to a board, and ways to damage them."""

from dataclasses import dataclass

import numpy as np

from hw.driver.exchange import Exchange
from hw.link.frames import END, ESC, Frame
from hw.link.protocol import Kind, LoadRequest, SetRequest, SortRequest, Status, StatusRequest
from hw.network.vectors import random_inputs
from hw.simulate.pins.uart import BITS, levels_of

_AWKWARD = (END, ESC, 0xDC, 0xDD)


@dataclass(frozen=True)
class Requests:
    """Draws requests that a board carries out.

    None has the sequence number that a driver gives its next one, as no request has that a driver has given up.

    Attributes:
        rng: what decides.
        board: whose.
        exchange: the driver's.
    """

    rng: np.random.Generator
    board: Status
    exchange: Exchange

    def window(self) -> np.ndarray:
        return random_inputs(self.board.element, self.board.n_inputs, 4, int(self.rng.integers(2**31)))[-1]

    def frame(self, **chances: float) -> Frame:
        """A request of a kind with that chance: SORT, STATUS, LOAD, SET."""
        kind = Kind[self.rng.choice(list(chances), p=list(chances.values()))]
        makers = {Kind.SORT: self._sort, Kind.STATUS: StatusRequest, Kind.LOAD: self._load, Kind.SET: self._set}
        return Frame(kind, self.sequence(), makers[kind]().encode())

    def sequence(self) -> int:
        return int(self.exchange.sequence + self.rng.integers(2, 257)) % 256

    def any(self) -> Frame:
        return self.frame(SORT=0.5, STATUS=0.2, LOAD=0.1, SET=0.2)

    def _sort(self) -> SortRequest:
        return SortRequest(tuple(map(int, self.window())), self.board.element)

    def _load(self) -> LoadRequest:
        return LoadRequest(self.rng.bytes(self.rng.integers(1, 30)), bool(self.rng.random() < 0.3))

    def _set(self) -> SetRequest:
        """At times a weight set that there is none of."""
        margin = int(self.rng.integers(1 << self.board.margin_bits)) if self.rng.random() < 0.5 else None
        weight_set = int(self.rng.integers(self.board.weight_sets + 1)) if self.rng.random() < 0.5 else None
        return SetRequest(margin, weight_set)


@dataclass(frozen=True)
class Damage:
    """Draws what goes over a wire in place of good frames; bytes that END and ESC are frequent among.

    Attributes:
        rng: what decides.
        requests: good ones.
    """

    rng: np.random.Generator
    requests: Requests

    def draw(self) -> tuple[str, bytes]:
        """What was done, and the bytes."""
        ways = (
            self.changed,
            self.bit_flipped,
            self.truncated,
            self.extended,
            self.interleaved,
            self.garbage,
            self.no_escape,
            self.at_the_longest,
            self.not_to_be_carried_out,
            self.doubled,
            self.good,
        )
        way = ways[self.rng.integers(len(ways))]
        return way.__name__, way()

    def good(self) -> bytes:
        return self.requests.any().encode()

    def changed(self) -> bytes:
        wire = bytearray(self.good())
        for at in self.rng.integers(len(wire), size=self.rng.integers(1, 5)):
            wire[at] = self._byte()
        return bytes(wire)

    def bit_flipped(self) -> bytes:
        wire = bytearray(self.good())
        wire[self.rng.integers(len(wire))] ^= 1 << self.rng.integers(8)
        return bytes(wire)

    def truncated(self) -> bytes:
        wire = self._short().encode()
        first, last = sorted(self.rng.integers(len(wire) + 1, size=2))
        return wire[first:last] if self.rng.random() < 0.5 else wire[:last]

    def extended(self) -> bytes:
        wire = self.good()
        at = self.rng.integers(len(wire) + 1)
        return wire[:at] + self._bytes(8) + wire[at:]

    def interleaved(self) -> bytes:
        """Two requests, byte by byte from either; two short ones, as both may come through whole."""
        wires = [bytearray(self._short().encode()) for _ in range(2)]
        merged = bytearray()
        turn = 0
        while any(wires):
            turn ^= int(self.rng.random() < 0.3)
            wire = wires[turn] or wires[1 - turn]
            merged.append(wire.pop(0))
        return bytes(merged)

    def garbage(self) -> bytes:
        return self._bytes(40)

    def no_escape(self) -> bytes:
        wire = self.good()
        at = self.rng.integers(1, len(wire))
        return wire[:at] + bytes([ESC, self._byte()]) + wire[at:]

    def at_the_longest(self) -> bytes:
        """As many bytes as there is room for, or some more or fewer; long ones are rare."""
        if self.rng.random() < 0.9:
            return self.good()
        n = self.requests.board.most_payload_bytes + int(self.rng.integers(-2, 4))
        return Frame(Kind.LOAD, self.requests.sequence(), bytes(1) + self.rng.bytes(n - 1)).encode()

    def not_to_be_carried_out(self) -> bytes:
        """A right CRC around any kind and any length."""
        kind = int(self.rng.choice([*Kind, 0x00, 0x05, 0x81, 0xFF, self._byte()]))
        return Frame(kind, self.requests.sequence(), self._bytes(20)).encode()

    def doubled(self) -> bytes:
        """The next before the first was answered: it waits for its turn."""
        return self._short().encode() + self._short().encode()

    def _short(self) -> Frame:
        # No status, whose counters tell how far the frame behind it has come.
        return self.requests.frame(SORT=0.7, SET=0.3)

    def _byte(self) -> int:
        return int(self.rng.choice(_AWKWARD) if self.rng.random() < 0.3 else self.rng.integers(256))

    def _bytes(self, most: int) -> bytes:
        return bytes(self._byte() for _ in range(self.rng.integers(1, most + 1)))


def wrongly_clocked(rng: np.random.Generator, sent: bytes) -> np.ndarray:
    """Bits of an SPI transfer of the bytes, with some lost, added or changed, or broken off."""
    bits = np.unpackbits(np.frombuffer(sent, np.uint8))
    at = int(rng.integers(len(bits)))
    ways = (
        lambda: bits[:at],
        lambda: np.delete(bits, at),
        lambda: np.insert(bits, at, rng.integers(2)),
        lambda: np.where(np.arange(len(bits)) == at, 1 - bits, bits),
    )
    return ways[rng.integers(len(ways))]()


def spoiled(rng: np.random.Generator, sent: bytes, divisor: int) -> np.ndarray:
    """Levels of a serial line in every clock, meant to be the bytes, with one of a line's mishaps."""
    levels = np.repeat(levels_of(sent), divisor)
    at, bit = int(rng.integers(len(levels))), int(rng.integers(len(levels) // divisor)) * divisor
    short, long = int(rng.integers(1, divisor)), int(rng.integers(divisor, 3 * BITS * divisor))
    idle = np.ones(int(rng.integers(1, 2 * BITS * divisor)), levels.dtype)
    low = np.zeros_like(idle)
    stretch = int(rng.integers(-divisor // 2, divisor // 2 + 1))
    ways = (
        lambda: np.concatenate([levels[:bit], 1 - levels[bit : bit + divisor], levels[bit + divisor :]]),  # bit error
        lambda: np.concatenate([levels[:at], 1 - levels[at : at + short], levels[at + short :]]),  # glitch
        lambda: np.concatenate([np.zeros(short, levels.dtype), idle, levels]),  # false start
        lambda: np.concatenate([levels[:at], np.zeros(long, levels.dtype), levels[at:]]),  # break within
        lambda: np.concatenate([low, idle, levels]),  # break before
        lambda: np.concatenate([levels[:at], idle]),  # unplugged
        lambda: np.repeat(levels_of(sent), divisor + stretch),  # wrong baud rate
        lambda: np.delete(levels, slice(at, at + short)),  # bits too short
    )
    return ways[rng.integers(len(ways))]()
