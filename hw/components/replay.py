"""Vector replay: holds an input vector and plays it once for every group of rows."""

from dataclasses import dataclass

from amaranth.hdl import Cat, Module, Mux, Signal, Value, unsigned
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from hw.components.counters import successor

SELECTED_WORDS = 4
"""Words among which one lookup table of six inputs, or two of four, choose a bit."""


@dataclass(frozen=True)
class VectorReplay:
    """Takes vectors of `words` stream words and gives each of them `repeats` times, order kept.

    A folded matrix-vector unit computes PE rows at a time and needs its whole input vector again for the next rows.

    - One bank: the first pass goes straight through (latency 0, from `i.valid` to `o.valid` without a register)
      while the bank fills; the later passes come from the bank and nothing is taken meanwhile. Initiation interval
      `words * repeats` clocks if the source never waits. With a single repeat there is no bank at all.
    - Two banks: a vector plays once it is whole (latency `words` clocks at the least) while the next one fills the
      other bank. Initiation interval `words * repeats` clocks even if the source spreads its words over as many.

    Banks are shift registers that rotate: a register needs no lookup table but the one where it is filled. Two banks
    of at most `SELECTED_WORDS` words stand still instead: one collects a vector and hands it over as a whole to the
    other, of which one word at a time is chosen (latency one clock more), which takes fewer lookup tables. A vector
    of a single word is held instead, in one register that takes the next word with the last repeat (latency 1 clock,
    initiation interval `repeats` clocks, whatever the banks): nothing rotates, and no bank is chosen from. Gives and
    takes backpressure.

    Raises:
        ValueError: if a size is not positive, or there are neither one nor two banks.
    """

    word_bits: int
    words: int
    repeats: int
    banks: int = 1

    def __post_init__(self) -> None:
        for name in ("word_bits", "words", "repeats"):
            if getattr(self, name) < 1:
                raise ValueError(f"vector replay: {name} must be at least 1, not {getattr(self, name)}")
        if self.banks not in (1, 2):
            raise ValueError(f"vector replay: there are 1 or 2 banks, not {self.banks}")

    def compute(self, words: list[int]) -> list[int]:
        """Words that come out for whole vectors that go in."""
        vectors = [words[i : i + self.words] for i in range(0, len(words), self.words)]
        return [word for vector in vectors for _ in range(self.repeats) for word in vector]

    def circuit(self) -> wiring.Component:
        """The Amaranth component, with streams `i` and `o`."""
        if self.banks == 1 and self.repeats == 1:
            return _Wires(self)
        if self.words == 1:
            return _Held(self)
        if self.banks == 1:
            return _OneBank(self)
        return _Selected(self) if self.words <= SELECTED_WORDS else _TwoBanks(self)


class _Replay(wiring.Component):
    def __init__(self, spec: VectorReplay):
        self.spec = spec
        super().__init__(
            {
                "i": In(stream.Signature(unsigned(spec.word_bits))),
                "o": Out(stream.Signature(unsigned(spec.word_bits))),
            }
        )


class _Wires(_Replay):
    def elaborate(self, platform: object) -> Module:
        m = Module()
        wiring.connect(m, wiring.flipped(self.i), wiring.flipped(self.o))
        return m


class _Held(_Replay):
    def elaborate(self, platform: object) -> Module:
        m = Module()
        step = self.o.valid & self.o.ready
        _, at_last_repeat = _count_passes(m, self.spec, step)
        m.d.comb += self.i.ready.eq(~self.o.valid | (self.o.ready & at_last_repeat))
        with m.If(step & at_last_repeat):
            m.d.sync += self.o.valid.eq(0)
        with m.If(self.i.valid & self.i.ready):
            m.d.sync += [self.o.valid.eq(1), self.o.payload.eq(self.i.payload)]
        return m


class _Selected(_Replay):
    def elaborate(self, platform: object) -> Module:
        m = Module()
        width, words = self.spec.word_bits, self.spec.words
        collected, played = (Signal(width * words, name=name, reset_less=True) for name in ("collected", "played"))
        fill_word, play_word = Signal(range(words)), Signal(range(words))
        whole = Signal()
        step, take, hand_over = Signal(), Signal(), Signal()
        at_last_word, at_last_repeat = _count_passes(m, self.spec, step, play_word)
        ends = step & at_last_word & at_last_repeat
        m.d.comb += [
            step.eq(self.o.valid & self.o.ready),
            take.eq(self.i.valid & self.i.ready),
            hand_over.eq(whole & (~self.o.valid | ends)),
            self.i.ready.eq(~whole | hand_over),
            self.o.payload.eq(played.word_select(play_word, width)),
        ]
        with m.If(ends):
            m.d.sync += self.o.valid.eq(0)
        with m.If(hand_over):
            m.d.sync += [played.eq(collected), self.o.valid.eq(1), whole.eq(0)]
        with m.If(take):
            m.d.sync += [
                collected.eq(Cat(collected, self.i.payload)[width:]),
                fill_word.eq(successor(fill_word, words)),
            ]
            with m.If(fill_word == words - 1):
                m.d.sync += whole.eq(1)
        return m


class _OneBank(_Replay):
    def elaborate(self, platform: object) -> Module:
        m = Module()
        width = self.spec.word_bits
        bank = Signal(width * self.spec.words, reset_less=True)
        step = self.o.valid & self.o.ready
        at_last_word, at_last_repeat = _count_passes(m, self.spec, step)
        filling = Signal(init=1)
        m.d.comb += [
            self.o.payload.eq(Mux(filling, self.i.payload, bank[:width])),
            self.o.valid.eq(self.i.valid | ~filling),
            self.i.ready.eq(filling & self.o.ready),
        ]
        with m.If(step):
            m.d.sync += bank.eq(Cat(bank, self.o.payload)[width:])
            with m.If(at_last_word):
                m.d.sync += filling.eq(at_last_repeat)
        return m


class _TwoBanks(_Replay):
    def elaborate(self, platform: object) -> Module:
        m = Module()
        width = self.spec.word_bits
        banks = [Signal(width * self.spec.words, name=f"bank{b}", reset_less=True) for b in range(2)]
        full = Signal(2)
        filled, played = Signal(), Signal()  # the bank that fills, the bank that plays
        fill_word = Signal(range(self.spec.words))
        step = self.o.valid & self.o.ready
        at_last_word, at_last_repeat = _count_passes(m, self.spec, step)
        m.d.comb += [
            self.o.payload.eq(Mux(played, banks[1][:width], banks[0][:width])),
            self.o.valid.eq(full.bit_select(played, 1)),
            self.i.ready.eq(~full.bit_select(filled, 1)),
        ]
        with m.If(self.i.valid & self.i.ready):
            with m.If(fill_word == self.spec.words - 1):
                m.d.sync += [fill_word.eq(0), full.bit_select(filled, 1).eq(1), filled.eq(~filled)]
            with m.Else():
                m.d.sync += fill_word.eq(fill_word + 1)
        with m.If(step & at_last_word & at_last_repeat):
            m.d.sync += [full.bit_select(played, 1).eq(0), played.eq(~played)]
        for b, bank in enumerate(banks):
            fills = self.i.valid & self.i.ready & (filled == b)
            plays = step & (played == b)
            with m.If(fills | plays):
                # A bank that is full only plays and one that is not only fills, so `full` alone decides.
                m.d.sync += bank.eq(Cat(bank, Mux(full[b], bank[:width], self.i.payload))[width:])
        return m


def _count_passes(m: Module, spec: VectorReplay, step: Value, word: Signal | None = None) -> tuple[Value, Value]:
    """Counts words and repeats as they go out; tells the last word of a pass and the last pass."""
    word = Signal(range(spec.words), name="word") if word is None else word
    repeat = Signal(range(spec.repeats))
    at_last_word, at_last_repeat = word == spec.words - 1, repeat == spec.repeats - 1
    with m.If(step):
        m.d.sync += word.eq(successor(word, spec.words))
        with m.If(at_last_word):
            m.d.sync += repeat.eq(successor(repeat, spec.repeats))
    return at_last_word, at_last_repeat
