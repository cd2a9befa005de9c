"""A board in Python: the protocol's own decoder, the integer network behind it; and lines that spoil bytes."""

from dataclasses import dataclass, field, replace

import numpy as np

from hw.components.loader import WeightLoader
from hw.link.frames import CRC_BYTES, HEADER_BYTES, Frame, FrameReader
from hw.link.protocol import (
    ANSWER,
    ERROR,
    MOST_COUNT,
    ErrorCode,
    Kind,
    LoadAnswer,
    LoadRequest,
    SetAnswer,
    SetRequest,
    SortAnswer,
    SortRequest,
    Status,
    element_bytes,
)
from hw.network.decide import decide
from hw.network.types import Network


class Refused(Exception):
    """A request that is answered with a code."""


@dataclass
class ModelBoard:
    """Answers bytes with bytes, as gateware does, but at once.

    Attributes:
        networks: one for each weight set.
        status: what it says of itself; counters are kept in it.
        loader: of weight frames.
        trained: the network that a weight frame brings; one that is missing leaves the old network.
        latency_clocks: that it claims.
        loading: what there is of a weight frame; None after one, and before the first.
        loaded: the last whole weight frame, right or wrong.
    """

    networks: list[Network]
    status: Status
    loader: WeightLoader | None = None
    trained: dict[bytes, Network] = field(default_factory=dict)
    latency_clocks: int = 561
    weight_set: int = 0
    loading: bytes | None = None
    loaded: bytes = b""

    def __post_init__(self):
        self.margin = self.networks[0].margin
        self.reader = FrameReader(self.status.most_payload_bytes + HEADER_BYTES + CRC_BYTES)

    def receive(self, received: bytes) -> bytes:
        frames = self.reader.feed(received)
        self.status = replace(self.status, dropped_frames=min(self.reader.dropped, MOST_COUNT))
        return b"".join(self.answer(frame).encode() for frame in frames)

    def answer(self, frame: Frame) -> Frame:
        self.status = replace(self.status, good_frames=min(self.status.good_frames + 1, MOST_COUNT))
        try:
            return Frame(frame.kind | ANSWER, frame.sequence, self._carry_out(frame))
        except Refused as refusal:
            return Frame(ERROR, frame.sequence, bytes([refusal.args[0]]))

    def _carry_out(self, frame: Frame) -> bytes:
        payload, status = frame.payload, self.status
        can_be_set = status.margin_bits or status.weight_sets > 1
        built_in = {Kind.SORT: True, Kind.STATUS: True, Kind.LOAD: status.has_loading, Kind.SET: can_be_set}
        window_bytes = status.n_inputs * element_bytes(status.element)
        right_length = {
            Kind.SORT: len(payload) == window_bytes,
            Kind.STATUS: not payload,
            Kind.LOAD: len(payload) >= 2,
            Kind.SET: len(payload) == SetRequest.layout.size,
        }
        if frame.kind not in built_in:
            raise Refused(ErrorCode.UNKNOWN_KIND)
        if not built_in[frame.kind]:
            raise Refused(ErrorCode.NOT_BUILT_IN)
        if not right_length[frame.kind]:
            raise Refused(ErrorCode.WRONG_LENGTH)
        does = {Kind.SORT: self._sort, Kind.STATUS: self._status, Kind.LOAD: self._load, Kind.SET: self._set}
        return does[frame.kind](payload).encode()

    def _sort(self, payload: bytes) -> SortAnswer:
        network = self.networks[self.weight_set]
        window = SortRequest.decode(payload, self.status.element).window
        scores = network.scores(np.array([window]))
        unit = int(decide(scores, self.margin)[0])
        score = int(scores.max()) if self.status.has_scores else None
        return SortAnswer(unit, unit == self.status.classes, self.latency_clocks, score)

    def _status(self, payload: bytes) -> Status:
        return self.status

    def _load(self, payload: bytes) -> LoadAnswer:
        part = LoadRequest.decode(payload)
        if part.first:
            self.loading = b""
        if self.loading is not None:
            self.loading += part.data
            if len(self.loading) >= self.loader.frame_bytes:
                self._judge(self.loading[: self.loader.frame_bytes])
                self.loading = None
        return LoadAnswer(self.status.load_count, self.status.load_good)

    def _judge(self, frame: bytes) -> None:
        contents = self.loader.compute(frame)
        count = (self.status.load_count + 1) % 256
        self.status = replace(self.status, load_count=count, load_good=contents is not None)
        self.loaded = frame
        if contents is not None and frame in self.trained:
            self.networks[contents[0]] = self.trained[frame]

    def _set(self, payload: bytes) -> SetAnswer:
        wanted, status = SetRequest.decode(payload), self.status
        margin = self.margin if wanted.margin is None else wanted.margin
        weight_set = self.weight_set if wanted.weight_set is None else wanted.weight_set
        if (wanted.margin is not None and margin >> status.margin_bits) or weight_set >= status.weight_sets:
            raise Refused(ErrorCode.BAD_VALUE)
        self.margin, self.weight_set = margin, weight_set
        return SetAnswer(margin if status.margin_bits else 0, weight_set)


def model_board(network: Network, digest: bytes = bytes(8), *others: Network, **built_in) -> ModelBoard:
    """A board of a network, with scores and nothing more, unless `built_in` says otherwise."""
    format_ = network.input_format
    window_bytes = network.n_inputs * element_bytes(format_)
    loader = built_in.pop("loader", None)
    status = Status(
        digest=digest,
        n_inputs=network.n_inputs,
        element=format_,
        classes=network.head.rows,
        has_scores=built_in.pop("has_scores", True),
        has_loading=loader is not None,
        margin_bits=built_in.pop("margin_bits", 0),
        weight_sets=1 + len(others),
        most_payload_bytes=max(window_bytes, 8),
    )
    assert not built_in
    return ModelBoard([network, *others], status, loader)


@dataclass
class Noise:
    """Loses, changes and adds bytes.

    Attributes:
        rng: what decides.
        rate: probability of each of the three, for a byte.
    """

    rng: np.random.Generator
    rate: float = 0.0

    def spoil(self, sent: bytes) -> bytes:
        received = bytearray()
        for byte in sent:
            lost, changed, added = self.rng.random(3) < self.rate
            if added:
                received.append(self.rng.integers(256))
            if not lost:
                received.append(byte ^ (int(self.rng.integers(1, 256)) if changed else 0))
        return bytes(received)


@dataclass
class Line:
    """A transport to a model board; a timeout takes no time."""

    board: ModelBoard
    noise: Noise = field(default_factory=lambda: Noise(np.random.default_rng(0)))
    name: str = "line"

    def __post_init__(self):
        self.waiting = b""
        self.sent = []

    def write(self, sent: bytes) -> None:
        self.sent.append(sent)
        self.waiting += self.noise.spoil(self.board.receive(self.noise.spoil(sent)))

    def read(self, timeout_s: float) -> bytes:
        assert timeout_s > 0
        received, self.waiting = self.waiting, b""
        return received
