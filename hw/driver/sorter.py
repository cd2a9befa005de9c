"""A sorter on a board that is plugged in."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hw.driver.exchange import ATTEMPTS, TIMEOUT_S, Exchange
from hw.driver.transport import Transport
from hw.errors import BadInput, NoResult
from hw.link.protocol import (
    LoadAnswer,
    LoadRequest,
    SetAnswer,
    SetRequest,
    SortAnswer,
    SortRequest,
    Status,
    StatusRequest,
)


@dataclass(frozen=True)
class Sorter:
    """A board's sorter, as `connect` gives it.

    Whatever the line does to bytes, an answer is the board's to that very request, or there is none; the methods
    raise NoResult where a board stays silent or refuses.

    Attributes:
        exchange: with the board.
        board: its status when it was connected.
    """

    exchange: Exchange
    board: Status

    def status(self) -> Status:
        """The board's status now."""
        return Status.decode(self.exchange.ask(StatusRequest()))

    def sort(self, window: NDArray[np.integer]) -> SortAnswer:
        """The unit of one spike window, integers `[n_inputs]`; BadInput if it does not fit the board."""
        self._check(window[None])
        return self._sort(window)

    def sort_all(
        self, windows: NDArray[np.integer], progress: Callable[[float], None] | None = None
    ) -> Iterator[SortAnswer]:
        """The units of spike windows `[n, n_inputs]`, in order; `progress` is told the fraction done.

        Raises:
            BadInput: if they do not fit the board, before any is sent.
        """
        self._check(windows)
        for index, window in enumerate(windows):
            yield self._sort(window)
            if progress:
                progress((index + 1) / len(windows))

    def set(self, margin: int | None = None, weight_set: int | None = None) -> SetAnswer:
        """Choose margin and weight set of the windows to come, where the design has them as inputs; None leaves one.

        Raises:
            BadInput: if one of them is fixed in the design, or does not reach so far.
        """
        board = self.board
        if margin is not None and not 0 <= margin < 1 << board.margin_bits:
            raise BadInput(_out_of_reach("margin", margin, (1 << board.margin_bits) - 1))
        if weight_set is not None and not 0 <= weight_set < board.weight_sets:
            raise BadInput(_out_of_reach("weight set", weight_set, board.weight_sets - 1))
        return SetAnswer.decode(self.exchange.ask(SetRequest(margin, weight_set)))

    def load(self, frame: bytes, progress: Callable[[float], None] | None = None) -> None:
        """Write weights: a frame of `hw.accelerator.load.load_frame`, or `spikeloom frame`.

        It goes in parts. Where the answer to one stays out, nobody knows whether the part was taken, and the whole
        frame is sent anew; until all of it is there the old weights stay.

        Raises:
            BadInput: if nothing is loadable, or the board finds the frame damaged, or made for another design.
        """
        if not self.board.has_loading:
            raise BadInput("the design on the board has no loadable layer: make it with --loadable")
        if not frame:
            raise BadInput("no weights to load: the frame is empty")
        for attempt in range(self.exchange.attempts):
            self.exchange.retries += attempt > 0
            before = self.status().load_count
            answer = self._load_once(frame, progress)
            if answer is None:
                continue
            if answer.load_count != (before + 1) % 256 or not answer.load_good:
                raise BadInput(
                    f"the board took none of the {len(frame)} bytes for weights: they are damaged, or made for "
                    "another design; `spikeloom frame` makes them"
                )
            return
        raise NoResult(
            f"the board at {self.exchange.transport.name} could not be loaded: {self.exchange.attempts} times "
            "an answer to a part of the weights stayed out"
        )

    def _load_once(self, frame: bytes, progress: Callable[[float], None] | None) -> LoadAnswer | None:
        """What the board answers to the last part; None if a part is not answered."""
        size = self.board.most_payload_bytes - LoadRequest.flag_bytes
        payload = b""
        for at in range(0, len(frame), size):
            answered = self.exchange.try_once(LoadRequest(frame[at : at + size], first=at == 0))
            if answered is None:
                return None
            payload = answered
            if progress:
                progress(min(1.0, (at + size) / len(frame)))
        return LoadAnswer.decode(payload)

    def _check(self, windows: NDArray[np.integer]) -> None:
        board = self.board
        if windows.ndim != 2 or windows.shape[1] != board.n_inputs or windows.dtype.kind not in "iu":
            raise BadInput(
                f"spike windows of shape {list(windows.shape)} and type {windows.dtype}: the board takes integers "
                f"[n, {board.n_inputs}]"
            )
        outside = ~board.element.holds(windows)
        if outside.any():
            raise BadInput(f"spike windows: the value {windows[outside][0]} is no {board.element.name}")

    def _sort(self, window: NDArray[np.integer]) -> SortAnswer:
        request = SortRequest(tuple(map(int, window)), self.board.element)
        return SortAnswer.decode(self.exchange.ask(request))


def connect(
    transport: Transport, digest: bytes | None = None, timeout_s: float = TIMEOUT_S, attempts: int = ATTEMPTS
) -> Sorter:
    """The sorter on the board at the other end of a line.

    Args:
        transport: the line.
        digest: `design_digest` that the board must have; None takes any.
        timeout_s: how long an answer may take.
        attempts: how often a request is sent before it is given up.

    Raises:
        BadInput: if the board holds another design, or speaks another version of the protocol.
        NoResult: if it does not answer.
    """
    exchange = Exchange(transport, timeout_s, attempts)
    board = Status.decode(exchange.ask(StatusRequest()))
    if digest is not None and board.digest != digest:
        raise BadInput(
            f"the board at {transport.name} holds another design, {board.digest.hex()} and not {digest.hex()}: "
            "program it with this one's bitstream"
        )
    return Sorter(exchange, board)


def _out_of_reach(what: str, value: int, most: int) -> str:
    if most == 0:
        return f"{what} {value}: the design on the board has a fixed one"
    return f"{what} {value}: the design on the board takes 0 to {most}"
