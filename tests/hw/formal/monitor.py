"""The stream contract as assertions: one monitor for every component that speaks streams."""

from amaranth.hdl import Array, Assert, Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In

from tests.hw.formal.bench import Bench
from tests.hw.formal.contract import Contract


class StreamContract(Bench):
    """A component in the hands of an arbitrary source, sink and reset, and what must hold of it.

    The source offers arbitrary words with arbitrary gaps, and keeps an offer until it is taken; the sink takes words
    when it likes; the reset comes at any time. Then

    - a word that was offered and not taken stays offered, with the same payload;
    - no word is offered before those that it is made of are, or given before they are taken;
    - a word that is due is offered within the stated clocks, whether the sink is ready or not;
    - while source and sink are willing, something moves within the stated clocks, and a frame follows another within
      the stated interval;
    - there are no more frames inside than stated;
    - every word is the right one: an arbitrary frame is chosen as it begins, its words are kept, the frames before
      it are counted as they leave, and at its turn every word must be what `results` says. Since any frame may be
      the chosen one, none is lost, none comes twice, and all keep their order.

    `choose` says that the frame that begins is the chosen one; it is free.
    """

    def __init__(self, part: wiring.Component, contract: Contract):
        super().__init__((part,), contract, {"choose": In(1)})
        self._i, self._o = getattr(part, contract.source), getattr(part, contract.sink)

    def elaborate(self, platform: object) -> Module:
        m = super().elaborate(platform)
        self._add_holding(m)
        begins = Signal()
        m.d.comb += begins.eq(self.taken & (self.in_word == 0))
        finishes, out_word = self._count_out(m)
        frames = self._count_frames(m, begins, finishes)
        self._add_timing(m, frames, out_word)
        self._add_pace(m, begins)
        self._add_chosen_frame(m, begins, finishes, frames, out_word)
        return m

    def _add_holding(self, m: Module) -> None:
        waits, payload = Signal(), Value.cast(self._o.payload)
        waiting = Signal.like(payload)
        m.d.sync += [waits.eq(self._o.valid & ~self._o.ready), waiting.eq(payload)]
        m.d.comb += [
            Assert(~waits | self._o.valid, "an offer stays"),
            Assert(~waits | (payload == waiting), "a payload holds"),
        ]

    def _count_out(self, m: Module) -> tuple[Value, Signal]:
        """Tells that a frame's last word is given; the number of the word that comes next."""
        given, finishes = Signal(), Signal()
        n_words = len(self.contract.needs)
        word = Signal(range(n_words))
        m.d.comb += [given.eq(self._o.valid & self._o.ready), finishes.eq(given & (word == n_words - 1))]
        with m.If(given):
            m.d.sync += word.eq(Mux(word == n_words - 1, 0, word + 1))
        return finishes, word

    def _count_frames(self, m: Module, begins: Value, finishes: Value) -> Signal:
        """Frames that have begun to go in and not left."""
        frames = Signal(range(self.contract.frames + 2))
        m.d.sync += frames.eq(frames + begins - finishes)
        m.d.comb += Assert(frames <= self.contract.frames, "frames inside")
        return frames

    def _add_timing(self, m: Module, frames: Signal, out_word: Signal) -> None:
        contract, i, o = self.contract, self._i, self._o
        is_going_in = (frames == 0) | ((frames == 1) & (self.in_word != 0))  # the frame that is to leave next
        had, have, have_taken = (Signal(range(contract.words_in + 1)) for _ in range(3))
        need = Signal.like(had)
        m.d.comb += [
            need.eq(Array(contract.needs)[out_word]),
            had.eq(Mux(is_going_in, self.in_word, contract.words_in)),
            have.eq(had + (is_going_in & i.valid)),
            have_taken.eq(had + (is_going_in & self.taken)),
            Assert(~o.valid | (have >= need), "offered of words that are there"),
            Assert(~(o.valid & o.ready) | (have_taken >= need), "given of words that were taken"),
        ]
        late, still = Signal(), Signal()
        known = have if contract.latency_clocks == 0 else had
        m.d.comb += [
            late.eq((known >= need) & ~o.valid),
            still.eq(i.valid & ~i.ready & ~o.valid),
            Assert(~self._lasts(m, late, contract.latency_clocks - 1), "offered in time"),
            Assert(~self._lasts(m, still, contract.quiet_clocks), "something moves"),
        ]

    def _add_pace(self, m: Module, begins: Value) -> None:
        unhindered, counts = Signal(), Signal()
        interval = self.contract.interval_clocks
        clocks = Signal(range(interval + 1))
        m.d.comb += [
            unhindered.eq(self._i.valid & self._o.ready),
            Assert(~(counts & unhindered & ~begins & (clocks == interval)), "a frame an interval"),
        ]
        m.d.sync += [
            counts.eq(unhindered & (begins | counts)),
            clocks.eq(Mux(begins, 1, clocks + (clocks != interval))),
        ]

    def _lasts(self, m: Module, state: Value, clocks: int) -> Value:
        """Whether a state lasts longer than some clocks."""
        if clocks <= 0:
            return state
        past = Signal(range(clocks + 1))
        m.d.sync += past.eq(Mux(state, Mux(past == clocks, past, past + 1), 0))
        return state & (past == clocks)

    def _add_chosen_frame(self, m: Module, begins: Value, finishes: Value, frames: Signal, out_word: Signal) -> None:
        chosen, starts, is_chosen = Signal(), Signal(), Signal()
        before, ahead = Signal.like(frames), Signal.like(frames)
        m.d.comb += [
            starts.eq(begins & self.choose & ~chosen),
            is_chosen.eq(chosen | starts),
            ahead.eq(Mux(chosen, before, frames)),
        ]
        m.d.sync += [
            before.eq(ahead - finishes),
            chosen.eq(is_chosen & ~(finishes & (ahead == 0))),
        ]
        words = self._kept_words(m, starts)
        side = self._kept_side(m, starts)
        expected = Signal(len(Value.cast(self._o.payload)))
        m.d.comb += [
            expected.eq(self._table(out_word, words, side)),
            Assert(
                ~(is_chosen & (ahead == 0) & self._o.valid) | (Value.cast(self._o.payload) == expected),
                "the right word",
            ),
        ]

    def _kept_words(self, m: Module, starts: Value) -> Value:
        """The words of the chosen frame, as far as they are known, the one that is offered included."""
        goes_in, going_in = Signal(), Signal()
        n_words = self.contract.words_in
        m.d.comb += goes_in.eq(starts | going_in)
        ends = self.taken & (self.in_word == n_words - 1)
        m.d.sync += going_in.eq(goes_in & ~ends)
        words = []
        for index in range(n_words):
            kept, word = (Signal.like(self.word, name=f"{name}{index}") for name in ("kept", "word"))
            m.d.comb += word.eq(Mux(goes_in & (self.in_word == index), self.word, kept))
            m.d.sync += kept.eq(word)
            words.append(word)
        return Cat(words)

    def _kept_side(self, m: Module, starts: Value) -> Value:
        if not self.contract.side:
            return Const(0, 0)
        side = getattr(self, self.contract.side)
        kept = Signal.like(side)
        with m.If(starts):
            m.d.sync += kept.eq(side)
        return Mux(starts, side, kept)

    def _table(self, out_word: Signal, words: Value, side: Value) -> Value:
        """What `results` says, for every content and every side."""
        contract, bits = self.contract, len(self.word)
        payload = Value.cast(self._o.payload).shape()
        address = Cat(words, side)
        frames = []
        for code in range(1 << len(address)):
            content = tuple(code >> bits * n & ((1 << bits) - 1) for n in range(contract.words_in))
            frames.append(contract.results(content, code >> len(words)))
        columns = zip(*frames, strict=True)
        return Array(Array(Const(word, payload) for word in column)[address] for column in columns)[out_word]
