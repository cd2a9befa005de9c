"""What a component promises about its streams."""

from collections.abc import Callable
from dataclasses import dataclass

Words = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Contract:
    """What a component does with a stream: frames of words go in, frames of words come out.

    Attributes:
        words_in: words of a frame that goes in.
        needs: for each word of the frame that comes of it, how many words of the frame it takes to know it.
        results: the words that come of a frame, and of what `side` was.
        latency_clocks: from the clock in which the last word that a result needs is taken to the clock in which the
            result is offered, at the most, where nothing before it is in the way; 0: in the same clock.
        interval_clocks: from one frame's first word to the next one's, at the most, while the source offers a word
            and the sink takes one in every clock.
        frames: in the component at a time, at the most.
        quiet_clocks: clocks in a row, at the most, in which nothing is taken or given though both sides are willing.
        source: name of the stream that goes in.
        sink: name of the stream that comes out.
        side: name of an input on which results depend too, as it is with a frame's first word; "" if there is none.
        side_holds: whether it stays the same up to the frame's last word.
    """

    words_in: int
    needs: tuple[int, ...]
    results: Callable[[Words, int], Words]
    latency_clocks: int
    interval_clocks: int
    frames: int
    quiet_clocks: int = 0
    source: str = "i"
    sink: str = "o"
    side: str = ""
    side_holds: bool = True
