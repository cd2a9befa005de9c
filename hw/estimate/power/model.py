"""Energy of what switches.

    energy = clocks (clock network + registers x flip-flops) + changes x energy of a change + accesses x energy of one

Static power is no energy of a stretch and stands apart, in `hw.estimate.power.working_point`.
"""

from dataclasses import dataclass

from hw.estimate.power.coefficients import PowerCoefficients
from hw.estimate.power.ranges import Range
from hw.simulate.mapped import Toggles


@dataclass(frozen=True)
class Switching:
    """What switches over a stretch of clocks, such as an inference.

    Attributes:
        clocks: that the design gets.
        flip_flops: that it has, all of them clocked.
        settled: changes of cell outputs between settled values.
        glitching: the same with every change on the way.
        carries: changes of carries, with every change on the way.
        memory_accesses: reads and writes of block memories.
    """

    clocks: float
    flip_flops: int
    settled: Range
    glitching: Range
    carries: Range
    memory_accesses: Range

    def __mul__(self, factor: float) -> "Switching":
        """As many stretches, or a part of one."""
        return Switching(
            self.clocks * factor,
            self.flip_flops,
            self.settled * factor,
            self.glitching * factor,
            self.carries * factor,
            self.memory_accesses * factor,
        )

    def during(self, clocks: float) -> "Switching":
        """The same changes in so many clocks."""
        return Switching(clocks, self.flip_flops, self.settled, self.glitching, self.carries, self.memory_accesses)


@dataclass(frozen=True)
class Energy:
    """Energy of a stretch, in nanojoules.

    Attributes:
        clock_network: up to the flip-flops.
        registers: of clocking them.
        changes: of registers, lookup tables, carries and what block memories give. Low: settled changes, or wires
            alone; high: with glitches, carries not taken to be within them.
        memory: of accesses to block memories.
    """

    clock_network: float
    registers: float
    changes: Range
    memory: Range

    @property
    def without_memory(self) -> Range:
        """What measured coefficients stand behind."""
        clocked = self.clock_network + self.registers
        return Range(clocked + self.changes.low, clocked + self.changes.high)

    @property
    def total(self) -> Range:
        """Everything together."""
        return self.without_memory + self.memory


def energy(switching: Switching, coefficients: PowerCoefficients) -> Energy:
    """Energy of what switches."""
    c, s = coefficients, switching
    low = min(s.settled.low * c.settled_change_picojoules, s.glitching.low * c.wire_change_picojoules)
    high = max(s.settled.high * c.settled_change_picojoules, s.glitching.high * c.change_picojoules)
    changes = Range(
        low + s.carries.low * c.carry_picojoules.low,
        high + s.carries.high * c.carry_picojoules.high,
    )
    accesses = s.memory_accesses
    return Energy(
        clock_network=s.clocks * c.clock_picojoules / 1000,
        registers=s.clocks * s.flip_flops * c.register_picojoules / 1000,
        changes=changes * (1 / 1000),
        memory=Range(accesses.low * c.memory_picojoules.low, accesses.high * c.memory_picojoules.high) * (1 / 1000),
    )


def counted(toggles: Toggles, flip_flops: int, stretches: int) -> Switching:
    """What was counted on a mapped netlist, of one stretch out of so many.

    Args:
        toggles: over all of them.
        flip_flops: of the netlist.
        stretches: such as inferences.

    Raises:
        ValueError: if nothing was counted.
    """
    if not toggles.clocks or not stretches:
        raise ValueError("power needs toggles of at least one clock and one inference")
    routed = toggles.registers + toggles.memory_bits
    return Switching(
        toggles.clocks,
        flip_flops,
        _both(routed + toggles.luts),
        _both(routed + toggles.luts_with_glitches),
        _both(toggles.carries_with_glitches),
        _both(toggles.memory_reads + toggles.memory_writes),
    ) * (1 / stretches)


def _both(count: int) -> Range:
    return Range(count, count)
