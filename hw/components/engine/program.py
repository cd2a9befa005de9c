"""The engine's program: for each layer the steps of one row, which repeat until its rows are done."""

from dataclasses import asdict, dataclass, replace

from amaranth.hdl import unsigned
from amaranth.lib import data

from hw.components.engine.layers import EngineLayer

# A row's constant is read while the row runs, and it tells the sequencer, five stages earlier, that no row follows.
SHORTEST_ROW = 6


@dataclass(frozen=True)
class Step:
    """What one clock does, a field of the program memory each.

    Attributes:
        region: of the activations that are read.
        word: within the region.
        count: the word's matches are counted, and the weights advance.
        clear: the accumulator begins at zero.
        double: the accumulator is doubled before the matches are added.
        rewind: the weights go back to the first word of the row.
        turn: the next step is the last of its row.
        last: the row is complete.
        load: an input element is waited for.
        write: a bit is written to the activations.
        target: region that is written; while loading, also the bit of the input element.
        score: the row's total is a score.
    """

    region: int = 0
    word: int = 0
    count: bool = False
    clear: bool = False
    double: bool = False
    rewind: bool = False
    turn: bool = False
    last: bool = False
    load: bool = False
    write: bool = False
    target: int = 0
    score: bool = False


def step_layout(region_bits: int, word_bits: int) -> data.StructLayout:
    """A step as a word of the program memory."""
    widths = {"region": region_bits, "word": word_bits, "target": region_bits}
    return data.StructLayout({name: unsigned(widths.get(name, 1)) for name in asdict(Step())})


def loading_steps(planes: int) -> list[Step]:
    """Steps of one input element: its bits, most significant first, go to one region each."""
    writes = [Step(load=True, write=True, target=plane) for plane in reversed(range(planes))]
    idle = [Step(load=True)] * max(0, SHORTEST_ROW - planes)
    return _with_ends([*writes, *idle])


def row_steps(layer: EngineLayer, lanes: int, region: int, target: int) -> list[Step]:
    """Steps of one row: Horner's rule over the bits of the inputs, most significant first.

    Args:
        layer: the layer.
        lanes: columns of a word.
        region: of its inputs' least significant bits; those above follow.
        target: region of its outputs.
    """
    words = -(-layer.columns // lanes)
    counts = [
        Step(
            region + plane,
            word,
            count=True,
            double=word == 0 and plane < layer.planes - 1,
            rewind=word == words - 1 and plane > 0,
        )
        for plane in reversed(range(layer.planes))
        for word in range(words)
    ]
    # In front, so that the last word, whose last bit is the newest, is read after that bit was written.
    idle = [Step()] * max(0, SHORTEST_ROW - len(counts))
    steps = [*idle, *counts, *[Step(double=True)] * layer.doublings]
    steps[0] = replace(steps[0], clear=True)
    steps[-1] = replace(steps[-1], write=not layer.is_head, target=target, score=layer.is_head)
    return _with_ends(steps)


def _with_ends(steps: list[Step]) -> list[Step]:
    return [*steps[:-2], replace(steps[-2], turn=True), replace(steps[-1], last=True)]
