"""What each request does to the accelerator, and its answer byte by byte."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from operator import or_

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value, unsigned
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from hw.accelerator.accelerator import Accelerator
from hw.components.loader import LOAD_LAYOUT
from hw.link.frames import HEADER_BYTES
from hw.link.protocol import (
    ANSWER,
    ERROR,
    ErrorCode,
    Kind,
    LoadRequest,
    Status,
    design_digest,
)
from hw.link.settings import SET_BYTES, Settings
from hw.link.slip import BYTE_LAYOUT
from hw.link.window import WindowWords

_BEHIND = HEADER_BYTES + SET_BYTES  # all that is told from each other in a request
_CHANGING_BYTES = 6  # of a status, behind those that are as built


@dataclass(frozen=True, eq=False)
class Commands:
    """Carries out one request after another, each of which has one answer (`hw.link.protocol`).

    Takes a request's bytes, one a clock, but two clocks for one that the accelerator takes, whose ready no other
    handshake so depends on. Answers begin once all of the answer is known, and give a byte a clock. Gives and takes
    backpressure.

    A result stays with the accelerator until its answer has gone, so that it needs no registers here, and one
    inference at a time is in flight.

    Attributes:
        accelerator: that they are for.
        has_scores: whether an answer to SORT tells the best score.
        most_payload_bytes: of a request.
    """

    accelerator: Accelerator
    has_scores: bool
    most_payload_bytes: int

    @property
    def window(self) -> WindowWords:
        """From a window's bytes to the accelerator's words."""
        return WindowWords(self.accelerator.input_format)

    @property
    def window_bytes(self) -> int:
        """Bytes of a window."""
        return self.accelerator.network.n_inputs * self.window.element_bytes

    @property
    def settings(self) -> Settings:
        """What a SET may change."""
        accelerator = self.accelerator
        return Settings(accelerator.margin_bits, accelerator.schedule.weight_sets, accelerator.network.margin)

    @property
    def has_loading(self) -> bool:
        """Whether there is anything to be loaded."""
        return self.accelerator.weights is not None and self.accelerator.weights.loads

    @property
    def latency_bits(self) -> int:
        """Of the counter of clocks from a window's first word to its result.

        A word that comes late delays the result by no more than itself, and a window comes in two clocks a byte.
        """
        return (self.accelerator.latency_clocks + 2 * self.window_bytes).bit_length() + 1

    @cached_property
    def status(self) -> Status:
        """What STATUS tells after a reset."""
        accelerator = self.accelerator
        network, schedule = accelerator.network, accelerator.schedule
        return Status(
            digest=design_digest(network.to_json(), schedule.to_json()),
            n_inputs=network.n_inputs,
            element=network.input_format,
            classes=network.head.rows,
            has_scores=self.has_scores,
            has_loading=self.has_loading,
            margin_bits=accelerator.margin_bits,
            weight_sets=schedule.weight_sets,
            most_payload_bytes=self.most_payload_bytes,
        )

    def circuit(self) -> "CommandsCircuit":
        """The Amaranth component."""
        return CommandsCircuit(self)


class CommandsCircuit(wiring.Component):
    """Circuit of `Commands`.

    Members, at the host's side: stream `i` of `BYTE_LAYOUT`, requests without their CRC, and `payload_bytes`, the
    length of the payload while the first byte is offered; stream `o` of `BYTE_LAYOUT`, answers without their CRC;
    `good` and `dropped`, that a frame was found whole or was dropped, to be counted.

    At the accelerator's side: stream `window` of bytes, `begins`, that it takes a window's first word or one behind
    it, and stream `units`; `margin` and `weight_set`, without bits where fixed; stream `load`, `load_count` and
    `load_good`, where weights are loaded.
    """

    def __init__(self, spec: Commands):
        self.spec = spec
        settings = spec.settings
        load = {"load": Out(stream.Signature(LOAD_LAYOUT)), "load_count": In(8), "load_good": In(1)}
        super().__init__(
            {
                "i": In(stream.Signature(BYTE_LAYOUT)),
                "payload_bytes": In(range(spec.most_payload_bytes + 1)),
                "o": Out(stream.Signature(BYTE_LAYOUT)),
                "good": In(1),
                "dropped": In(1),
                "window": Out(stream.Signature(unsigned(8))),
                "begins": In(1),
                "units": In(stream.Signature(spec.accelerator.result_layout)),
                "margin": Out(settings.margin_bits),
                "weight_set": Out(range(settings.weight_sets)),
                **(load if spec.has_loading else {}),
            }
        )
        self._answers = Signal()  # a request is answered, else one comes
        self._place = Signal(range(HEADER_BYTES + Status.layout.size))  # of the byte in the frame
        self._asks = {kind: Signal(name=f"asks_{kind.name.lower()}") for kind in Kind}  # one of them, or an error
        self._error = Signal(range(max(ErrorCode) + 1))

    def elaborate(self, platform: object) -> Module:
        m = Module()
        taken, given = Signal(), Signal()
        m.d.comb += [taken.eq(self.i.valid & self.i.ready), given.eq(self.o.valid & self.o.ready)]
        place, sequence = self._place, Signal(8, reset_less=True)
        with m.If(taken):
            with m.If(place == 0):
                self._judge(m)
            with m.If(place == 1):
                m.d.sync += sequence.eq(self.i.payload.data)
            with m.If(place != _BEHIND):
                m.d.sync += place.eq(place + 1)
            with m.If(self.i.payload.last):
                m.d.sync += [self._answers.eq(1), place.eq(0)]
        with m.If(given):
            m.d.sync += place.eq(place + 1)
            with m.If(self.o.payload.last):
                m.d.sync += [self._answers.eq(0), place.eq(0)]
        self._feed(m)
        payloads = {
            Kind.SORT: self._sort_answer(m, begun=taken & (place == 0)),
            Kind.STATUS: self._status_answer(m, given),
            Kind.LOAD: [self.load_count, self.load_good] if self.spec.has_loading else [],
            Kind.SET: self._set(m, taken),
        }
        self._answer(m, sequence, {kind: payload for kind, payload in payloads.items() if payload})
        m.d.comb += self.units.ready.eq(given & self.o.payload.last & self._asks[Kind.SORT])
        return m

    def _judge(self, m: Module) -> None:
        """Notes what the first byte asks for, if it can be done."""
        spec, payload_bytes = self.spec, self.payload_bytes
        right_length = {
            Kind.SORT: payload_bytes == spec.window_bytes,
            Kind.STATUS: payload_bytes == 0,
            Kind.LOAD: payload_bytes > LoadRequest.flag_bytes,
            Kind.SET: payload_bytes == SET_BYTES,
        }
        built_in = {Kind.LOAD: spec.has_loading, Kind.SET: spec.settings.built_in}
        m.d.sync += [self._error.eq(ErrorCode.UNKNOWN_KIND), *(asked.eq(0) for asked in self._asks.values())]
        with m.Switch(self.i.payload.data):
            for kind, asked in self._asks.items():
                with m.Case(kind):
                    if built_in.get(kind, True):
                        wrong = ErrorCode.WRONG_LENGTH
                        m.d.sync += [asked.eq(right_length[kind]), self._error.eq(Mux(right_length[kind], 0, wrong))]
                    else:
                        m.d.sync += self._error.eq(ErrorCode.NOT_BUILT_IN)

    def _feed(self, m: Module) -> None:
        """Gives the accelerator what is for it; takes all else of a request at once."""
        byte, place = self.i.payload, self._place
        passed = Signal()  # the accelerator has the byte; it leaves with the next clock, free of its ready
        to_window, to_load = self._asks[Kind.SORT] & (place >= HEADER_BYTES), Const(0)
        feeds, accepted = self.i.valid & ~self._answers & ~passed, self.window.valid & self.window.ready
        m.d.comb += [self.window.payload.eq(byte.data), self.window.valid.eq(feeds & to_window)]
        if self.spec.has_loading:
            data_begins, first = HEADER_BYTES + LoadRequest.flag_bytes, Signal()
            with m.If(place == HEADER_BYTES):
                m.d.sync += first.eq(byte.data[0])
            to_load = self._asks[Kind.LOAD] & (place >= data_begins)
            accepted |= self.load.valid & self.load.ready
            m.d.comb += [
                self.load.payload.data.eq(byte.data),
                self.load.payload.first.eq(first & (place == data_begins)),
                self.load.valid.eq(feeds & to_load),
            ]
        m.d.comb += self.i.ready.eq(~self._answers & (passed | ~(to_window | to_load)))
        m.d.sync += passed.eq(accepted)

    def _set(self, m: Module, taken: Value) -> list[Value]:
        """Lets a SET change the settings; the payload of its answer."""
        settings = self.spec.settings
        if not settings.built_in:
            return []
        m.submodules.settings = circuit = settings.circuit()
        last = Signal()
        m.d.comb += [
            circuit.byte.eq(self.i.payload.data),
            circuit.place.eq(self._place - HEADER_BYTES),
            circuit.takes.eq(taken & self._asks[Kind.SET] & (self._place >= HEADER_BYTES)),
            last.eq(circuit.takes & self.i.payload.last),
            self.margin.eq(circuit.margin),
            self.weight_set.eq(circuit.weight_set),
        ]
        with m.If(last & circuit.wrong):
            m.d.sync += [self._asks[Kind.SET].eq(0), self._error.eq(ErrorCode.BAD_VALUE)]
        return [*_bytes_of(circuit.margin, 4), circuit.weight_set]

    def _sort_answer(self, m: Module, begun: Value) -> list[Value]:
        """Counts the clocks of an inference; the payload of its answer."""
        latency, runs = Signal(self.spec.latency_bits), Signal()
        with m.If(begun):
            m.d.sync += [latency.eq(0), runs.eq(0)]
        with m.Elif((runs | self.begins) & ~self.units.valid):
            m.d.sync += [latency.eq(latency + 1), runs.eq(1)]
        result, argmax = self.units.payload, self.spec.accelerator.argmax
        unsorted = result.unit == argmax.classes if argmax.can_be_unsorted else Const(0)
        score = _bytes_of(result.score, 4) if self.spec.has_scores else []
        return [*_bytes_of(result.unit, 2), unsorted, *_bytes_of(latency, 4), *score]

    def _status_answer(self, m: Module, given: Value) -> list[Value]:
        """Counts frames; the payload of an answer to STATUS."""
        fixed = [Const(byte, 8) for byte in self.spec.status.encode()[:-_CHANGING_BYTES]]
        high = Signal(8, reset_less=True)
        counts: list[Value] = []
        for event, name in ((self.good, "good_frames"), (self.dropped, "dropped_frames")):
            count, next_count = Signal(16, name=name), Signal(17, name=f"next_{name}")
            m.d.comb += next_count.eq(count + 1)
            with m.If(event & ~next_count[16]):
                m.d.sync += count.eq(next_count)
            # Both bytes are of the same count, whatever frame ends between them.
            with m.If(given & (self._place == HEADER_BYTES + len(fixed) + len(counts))):
                m.d.sync += high.eq(count[8:])
            counts += [count[:8], high]
        loaded = [self.load_count, self.load_good] if self.spec.has_loading else [Const(0), Const(0)]
        return [*fixed, *counts, *loaded]

    def _answer(self, m: Module, sequence: Signal, payloads: Mapping[Kind, Sequence[Value]]) -> None:
        """Gives the answer: header, then the payload of what was asked for, or the error."""
        errs = self._error != 0
        code = reduce(or_, (Mux(asked, kind, 0) for kind, asked in self._asks.items()))
        answers = [(errs, [self._error]), *((self._asks[kind], payload) for kind, payload in payloads.items())]
        content = self.o.payload.data
        with m.Switch(self._place):
            with m.Case(0):
                m.d.comb += content.eq(Mux(errs, ERROR, ANSWER | code))
            with m.Case(1):
                m.d.comb += content.eq(sequence)
            with m.Default():
                bytes_ = (Mux(asked, self._table(m, payload), 0) for asked, payload in answers)
                m.d.comb += content.eq(reduce(or_, bytes_))
        lasts = (asked & (self._place == HEADER_BYTES + len(payload) - 1) for asked, payload in answers)
        m.d.comb += [
            self.o.payload.last.eq(reduce(or_, lasts)),
            self.o.valid.eq(self._answers & (self.units.valid | ~self._asks[Kind.SORT])),
        ]

    def _table(self, m: Module, payload: Sequence[Value]) -> Signal:
        """The byte of a payload that has its turn."""
        byte = Signal(8)
        with m.Switch(self._place):
            for place, value in enumerate(payload, HEADER_BYTES):
                with m.Case(place):
                    m.d.comb += byte.eq(value)
        return byte


def _bytes_of(value: Value, n_bytes: int) -> list[Value]:
    """A number as so many bytes, the low one first."""
    sign = value[-1] if value.shape().signed else Const(0)
    whole = Cat(value, sign.replicate(8 * n_bytes - len(value)))
    return [whole[8 * n : 8 * n + 8] for n in range(n_bytes)]
