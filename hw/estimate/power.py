"""A first power figure for the UP5K: what does not depend on the design, and what its toggles cost.

Every coefficient is derived from the supply currents that tinyVision.ai measured on Lattice's UP5K breakout board
with a Joulescope JS110 ("iCE40 Power Testing", GitHub tinyvision-ai-inc/ice40_power, README), core rail at 1.219 V.
Block memories were not measured there and no figure for them was found published, so theirs is unknown.
"""

from dataclasses import dataclass

from hw.simulate.mapped import Toggles

CORE_VOLTS = 1.219


@dataclass(frozen=True)
class Range:
    """A figure between two bounds, both in the unit that the holder's name states."""

    low: float
    high: float

    def __add__(self, other: "Range") -> "Range":
        return Range(self.low + other.low, self.high + other.high)

    def __mul__(self, factor: float) -> "Range":
        return Range(self.low * factor, self.high * factor)


# Core current of a blank design (85.6 uA), and of a counter whose clock is halted (92.1 uA).
STATIC_MICROWATTS = Range(85.6 * CORE_VOLTS, 92.1 * CORE_VOLTS)
# Slope of one 24-bit counter on the internal oscillator, (2184 - 388.4) uA over 42 MHz; and one 28-bit counter at
# 12 MHz from outside, (613.5 - 85.6) uA over 12 MHz, whose own toggles are small beside it.
CLOCK_PICOJOULES = Range((2184 - 388.4) / 42 * CORE_VOLTS, (613.5 - 85.6) / 12 * CORE_VOLTS)
# Seven more 28-bit counters draw 27.8 uA at 12 MHz: 0.40 pJ a counter and clock, in which two of its registers
# change (the sum of 1 / 2^k). The register, its lookup table and its carry change together, so the low bound
# shares the energy of a register's change among these three cells; the high bound gives it to each.
_REGISTER_CHANGE_PICOJOULES = 27.8 / 7 * CORE_VOLTS / 12 / 2
TOGGLE_PICOJOULES = Range(_REGISTER_CHANGE_PICOJOULES / 3, _REGISTER_CHANGE_PICOJOULES)

# Changes a clock of a cell (lookup table or flip-flop) at full speed, counted on mapped netlists of 48 INT8 inputs ->
# 256 -> 256 -> 5 with random weights and inputs. Settled changes of the 4096-clock folding are the fewest (0.195),
# those of the 256-clock one with its glitches the most (0.634); 1024 clocks lie between.
ACTIVITY = Range(0.19, 0.64)


@dataclass(frozen=True)
class Power:
    """Core power of a design at work, in microwatts, and the energy of one inference, in nanojoules.

    Attributes:
        clock_mhz: clock for which it holds.
        static: of the configured device.
        clock_tree: of the clock alone.
        toggles: of registers and logic. Low: settled changes; high: glitches at one unit of delay a cell included.
        memory: of block memories: unknown.
        memory_reads_per_inference: what the unknown figure would have to be multiplied with.
        inference_nanojoules: clock tree and toggles over one inference; block memories not in it.
    """

    clock_mhz: float
    static: Range
    clock_tree: Range
    toggles: Range
    memory: None
    memory_reads_per_inference: float
    inference_nanojoules: Range

    @property
    def without_memory(self) -> Range:
        """Everything that is known, in microwatts."""
        return self.static + self.clock_tree + self.toggles

    def at_rate(self, spikes_per_s: float) -> Range:
        """Microwatts at a spike rate, if the clock is stopped from outside between spikes; memory not in it."""
        return self.static + self.inference_nanojoules * (spikes_per_s / 1000)


def up5k_power(counted: Toggles, inferences: int, clock_mhz: float) -> Power:
    """Power while spikes come as fast as the design takes them.

    Args:
        counted: toggles of the mapped netlist over a stretch of back-to-back inferences.
        inferences: how many of them.
        clock_mhz: clock, in MHz.

    Raises:
        ValueError: if nothing was counted.
    """
    if not counted.clocks or not inferences:
        raise ValueError("power needs toggles of at least one clock and one inference")
    settled = (counted.registers + counted.logic) / counted.clocks
    with_glitches = (counted.registers + counted.logic_with_glitches) / counted.clocks
    toggle_picojoules = Range(settled * TOGGLE_PICOJOULES.low, with_glitches * TOGGLE_PICOJOULES.high)
    # pJ a clock times MHz is microwatts.
    clocks_per_inference = counted.clocks / inferences
    return Power(
        clock_mhz=clock_mhz,
        static=STATIC_MICROWATTS,
        clock_tree=CLOCK_PICOJOULES * clock_mhz,
        toggles=toggle_picojoules * clock_mhz,
        memory=None,
        memory_reads_per_inference=counted.memory_reads / inferences,
        inference_nanojoules=(CLOCK_PICOJOULES + toggle_picojoules) * (clocks_per_inference / 1000),
    )


def up5k_energy_nanojoules(luts: int, flip_flops: int, clocks: int) -> Range:
    """Energy of an inference before there is a netlist: the clock tree, and cells that change as others were seen to.

    Block memories, whose energy is unknown, are not in it, nor is what the device draws at rest.

    Args:
        luts: lookup tables.
        flip_flops: flip-flops.
        clocks: from an inference to the next.
    """
    cells = luts + flip_flops
    low = CLOCK_PICOJOULES.low + cells * ACTIVITY.low * TOGGLE_PICOJOULES.low
    high = CLOCK_PICOJOULES.high + cells * ACTIVITY.high * TOGGLE_PICOJOULES.high
    return Range(low, high) * (clocks / 1000)
