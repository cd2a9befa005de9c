"""What switches in a design before there is a netlist: cells and block memories that move as others were seen to.

Counted with `hw.simulate.netlist.run_spaced` on mapped netlists for UP5K. Slow designs: the engine of 8 lanes, and
pipelines of 256, 1024 and 8192 clocks an inference, of a network 64 INT8 samples -> 256 -> 256 -> 3 that was trained
and run on spikes of simulated recordings. Fast ones: random networks 16 -> 24 -> 4 unrolled, and 32 -> 48 -> 32 -> 4
at 4 clocks, on random inputs. Each is told over the clocks in which inferences follow each other; a spike that comes
alone moves as much, in more clocks.
"""

from dataclasses import dataclass

from hw.estimate.power.model import Switching
from hw.estimate.power.ranges import Range, exactly
from hw.estimate.resources import Resources


@dataclass(frozen=True)
class Activity:
    """Changes for each lookup table or flip-flop and clock.

    Attributes:
        settled: of cell outputs, between settled values.
        glitching: the same with every change on the way.
        carries: of carries, with every change on the way.
    """

    settled: Range
    glitching: Range
    carries: Range


SLOW = Activity(Range(0.13, 0.28), Range(0.18, 0.32), Range(0.015, 0.13))
FAST = Activity(Range(0.31, 0.36), Range(0.32, 0.49), Range(0.18, 0.30))
_FAST_CLOCKS = 32  # clocks an inference below which a design is more like the fast ones that were counted
# Accesses to a block memory a clock, writes included, and bits that change with one.
ACCESSES = Range(0.78, 1.01)
BITS_OF_ACCESS = Range(0.9, 8.0)


def estimated(resources: Resources, interval_clocks: int, clocks: int) -> Switching:
    """What switches for one spike.

    Args:
        resources: of the design.
        interval_clocks: from an inference to the next, while spikes wait.
        clocks: that the design gets, `interval_clocks` at full speed, its latency for a spike that comes alone.
    """
    activity = FAST if interval_clocks < _FAST_CLOCKS else SLOW
    cells = (resources.luts + resources.flip_flops) * interval_clocks
    accesses = ACCESSES * (resources.block_rams * interval_clocks)
    bits = Range(accesses.low * BITS_OF_ACCESS.low, accesses.high * BITS_OF_ACCESS.high)
    return Switching(
        clocks,
        resources.flip_flops,
        settled=activity.settled * cells + bits,
        glitching=activity.glitching * cells + bits,
        carries=activity.carries * cells,
        memory_accesses=accesses,
    )


def at_rest(resources: Resources) -> Switching:
    """What switches in a clock without a spike inside: no cell was seen to change, and no memory to be read."""
    return Switching(1, resources.flip_flops, exactly(0), exactly(0), exactly(0), exactly(0))
