"""What each request does to the accelerator, and its answer byte by byte."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value, unsigned
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from hw.accelerator.accelerator import Accelerator
from hw.components.loader import LOAD_LAYOUT
from hw.link.answers import AnswerBytes, AnswerBytesCircuit, byte_of, one_of
from hw.link.frame_receiver import FRAME_BYTES
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


@dataclass(frozen=True, eq=False)
class Commands:
    """Carries out one request after another, each of which has one answer (`hw.link.protocol`).

    Takes a request's bytes, one a clock, but two clocks for one that the accelerator takes, on whose ready no other
    handshake then depends. An answer begins once all of it is known, and gives a byte in two clocks. Gives and takes
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
    def kinds(self) -> list[Kind]:
        """Requests that are built in."""
        loading, setting = [Kind.LOAD] * self.has_loading, [Kind.SET] * self.settings.built_in
        return [Kind.SORT, Kind.STATUS, *loading, *setting]

    @property
    def telling_bytes(self) -> int:
        """Of a request, those of which each has a meaning of its own."""
        of_payload = SET_BYTES if self.settings.built_in else LoadRequest.flag_bytes if self.has_loading else 0
        return HEADER_BYTES + of_payload

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

    Members, at the host's side: stream `i` of `BYTE_LAYOUT`, requests without their CRC, and `content_bytes`, how
    many a request has, its CRC included, while the first is offered; stream `o` of `BYTE_LAYOUT`, answers without
    their CRC; `good` and `dropped`, that a frame was found whole or was dropped, to be counted.

    At the accelerator's side: stream `window` of bytes, `takes_word`, that it takes a word of
    one, and stream `units`; `margin` and `weight_set`, without bits where fixed; stream `load`, `load_count` and
    `load_good`, where weights are loaded.
    """

    def __init__(self, spec: Commands):
        self.spec = spec
        settings = spec.settings
        load = {"load": Out(stream.Signature(LOAD_LAYOUT)), "load_count": In(8), "load_good": In(1)}
        super().__init__(
            {
                "i": In(stream.Signature(BYTE_LAYOUT)),
                "content_bytes": In(range(spec.most_payload_bytes + FRAME_BYTES + 1)),
                "o": Out(stream.Signature(BYTE_LAYOUT)),
                "good": In(1),
                "dropped": In(1),
                "window": Out(stream.Signature(unsigned(8))),
                "takes_word": In(1),
                "units": In(stream.Signature(spec.accelerator.result_layout)),
                "margin": Out(settings.margin_bits),
                "weight_set": Out(range(settings.weight_sets)),
                **(load if spec.has_loading else {}),
            }
        )
        self._place = Signal(range(spec.telling_bytes + 1))  # of a request's byte, as far as places matter
        self._asks = {
            kind: Signal(name=f"asks_{kind.name.lower()}") for kind in spec.kinds
        }  # one of them, or an error
        self._error = Signal(range(max(ErrorCode) + 1))
        self._has_all = Signal()  # of a request, which is carried out and answered; else one comes

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.answer = answer = AnswerBytes(Status.layout.size).circuit()
        place, taken = self._place, Signal()
        m.d.comb += taken.eq(self.i.valid & self.i.ready)
        with m.If(taken):
            with m.If(place == 0):
                self._judge(m)
            with m.If(place == 1):
                m.d.sync += answer.sequence.eq(self.i.payload.data)
            with m.If(self.i.payload.last):
                m.d.sync += [place.eq(0), self._has_all.eq(1)]
            with m.Elif(place != self.spec.telling_bytes):
                m.d.sync += place.eq(place + 1)
        with m.If(self._has_all & (self.units.valid | ~self._asks[Kind.SORT])):
            m.d.sync += answer.due.eq(1)
        with m.If(answer.ends):
            m.d.sync += [self._has_all.eq(0), answer.due.eq(0)]
        self._feed(m, taken)
        payloads = {
            Kind.SORT: self._sort(m, answer.ends),
            Kind.STATUS: self._tell_status(m, answer),
        }
        if self.spec.has_loading:
            # The loader judges in the two clocks behind a weight frame's last byte, the answer's header takes more.
            payloads[Kind.LOAD] = [self.load_count, self.load_good]
        if self.spec.settings.built_in:
            payloads[Kind.SET] = self._set(m, taken)
        self._answer(m, answer, payloads)
        return m

    def _judge(self, m: Module) -> None:
        """Notes what the first byte asks for, or what is wrong about it."""
        length = self.content_bytes
        right_length = {
            Kind.SORT: length == FRAME_BYTES + self.spec.window_bytes,
            Kind.STATUS: length == FRAME_BYTES,
            Kind.LOAD: length > FRAME_BYTES + LoadRequest.flag_bytes,
            Kind.SET: length == FRAME_BYTES + SET_BYTES,
        }
        m.d.sync += [self._error.eq(ErrorCode.UNKNOWN_KIND), *(asked.eq(0) for asked in self._asks.values())]
        with m.Switch(self.i.payload.data):
            for kind, right in right_length.items():
                with m.Case(kind):
                    if kind in self._asks:
                        m.d.sync += [
                            self._asks[kind].eq(right),
                            self._error.eq(Mux(right, 0, ErrorCode.WRONG_LENGTH)),
                        ]
                    else:
                        m.d.sync += self._error.eq(ErrorCode.NOT_BUILT_IN)

    def _feed(self, m: Module, taken: Value) -> None:
        """Gives the accelerator what is for it, and takes all else of a request at once."""
        byte, place = self.i.payload, self._place
        passed = Signal()  # the accelerator has the byte, which leaves with the next clock, whatever else is ready
        for_window, for_load = Signal(), Signal()  # the byte is
        offers, accepted = self.i.valid & ~passed, self.window.valid & self.window.ready
        with m.If(taken):
            m.d.sync += for_window.eq(self._asks[Kind.SORT] & (place >= HEADER_BYTES - 1) & ~byte.last)
        m.d.comb += [self.window.payload.eq(byte.data), self.window.valid.eq(offers & for_window)]
        if self.spec.has_loading:
            flags, first = place == HEADER_BYTES, Signal()
            with m.If(taken):
                m.d.sync += [
                    for_load.eq(self._asks[Kind.LOAD] & (place >= HEADER_BYTES) & ~byte.last),
                    first.eq(flags & byte.data[0]),
                ]
            accepted |= self.load.valid & self.load.ready
            m.d.comb += [
                self.load.payload.data.eq(byte.data),
                self.load.payload.first.eq(first),
                self.load.valid.eq(offers & for_load),
            ]
        m.d.comb += self.i.ready.eq(~self._has_all & (passed | ~(for_window | for_load)))
        m.d.sync += passed.eq(accepted)

    def _sort(self, m: Module, ends: Value) -> list[Value | int]:
        """Counts the clocks of an inference; the payload of the answer."""
        latency, runs = Signal(self.spec.latency_bits), Signal()
        with m.If(ends):
            m.d.sync += [latency.eq(0), runs.eq(0)]
        with m.Elif((runs | self.takes_word) & ~self.units.valid):
            m.d.sync += [latency.eq(latency + 1), runs.eq(1)]
        result, argmax = self.units.payload, self.spec.accelerator.argmax
        unsorted = result.unit == argmax.classes if argmax.can_be_unsorted else 0
        score = _bytes_of(result.score, 4) if self.spec.has_scores else []
        return [*_bytes_of(result.unit, 2), unsorted, *_bytes_of(latency, 4), *score]

    def _set(self, m: Module, taken: Value) -> list[Value | int]:
        """Lets the settings see the payload; that of the answer."""
        m.submodules.settings = settings = self.spec.settings.circuit()
        m.d.comb += [
            settings.byte.eq(self.i.payload.data),
            settings.place.eq(self._place - HEADER_BYTES),
            settings.takes.eq(taken & self._asks[Kind.SET] & (self._place >= HEADER_BYTES)),
            self.margin.eq(settings.margin),
            self.weight_set.eq(settings.weight_set),
        ]
        with m.If(settings.takes & self.i.payload.last & settings.wrong):
            m.d.sync += [self._asks[Kind.SET].eq(0), self._error.eq(ErrorCode.BAD_VALUE)]
        return [*_bytes_of(settings.margin, 4), settings.weight_set]

    def _tell_status(self, m: Module, answer: AnswerBytesCircuit) -> list[Value | int]:
        """Counts frames; the payload of the answer."""
        high = Signal(8, reset_less=True)
        counts: list[Value | int] = []
        for event, name, follow in ((self.good, "good_frames", 5), (self.dropped, "dropped_frames", 3)):
            count, following = Signal(16, name=name), Signal(17, name=f"next_{name}")
            m.d.comb += following.eq(count + 1)
            with m.If(event & ~following[16]):
                m.d.sync += count.eq(following)
            # Both bytes are of one count, whatever frame ends between them.
            with m.If(answer.fetches & (answer.left == follow)):
                m.d.sync += high.eq(count[8:])
            counts += [count[:8], high]
        loaded: list[Value | int] = [self.load_count, self.load_good] if self.spec.has_loading else [0, 0]
        return [*self.spec.status.encode()[: -len(counts) - len(loaded)], *counts, *loaded]

    def _answer(self, m: Module, answer: AnswerBytesCircuit, payloads: Mapping[Kind, Sequence[Value | int]]) -> None:
        """Gives the answer to what was asked for, or the error."""
        errs, asks = self._error != 0, self._asks
        choices = [(asks[kind], ANSWER | kind, payload) for kind, payload in payloads.items()]
        choices.append((errs, ERROR, [self._error]))
        m.d.comb += [
            answer.kind.eq(one_of((asked, kind) for asked, kind, _ in choices)),
            answer.follow.eq(one_of((asked, len(payload) - 1) for asked, _, payload in choices)),
            answer.byte.eq(byte_of([(asked, payload) for asked, _, payload in choices], answer.left)),
            self.units.ready.eq(answer.ends & asks[Kind.SORT]),
        ]
        wiring.connect(m, answer.o, wiring.flipped(self.o))


def _bytes_of(value: Value, n_bytes: int) -> list[Value | int]:
    """A number as so many bytes, the low one first."""
    sign = value[-1] if value.shape().signed else Const(0)
    whole = Cat(value, sign.replicate(8 * n_bytes - len(value)))
    return [whole[8 * n : 8 * n + 8] for n in range(n_bytes)]
