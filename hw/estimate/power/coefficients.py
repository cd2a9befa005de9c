"""What each kind of element costs, for the one device where somebody has measured it.

`python -m flows.calibrate.power` fits the coefficients of UP5K anew; a test holds them against that fit.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from hw.estimate.power.ranges import Range

_MEASURED = (
    "tinyVision.ai, iCE40 Power Testing (GitHub tinyvision-ai-inc/ice40_power), Joulescope JS110 on Lattice's "
    "iCE40 UltraPlus breakout board, core at 1.219 V"
)
_FITTED = (
    "non-negative least squares over 12 of those rows, rebuilt, synthesised and simulated with Yosys 0.70 "
    "(flows/calibrate/data/up5k-power-*.csv); leave-one-out error 11.0 % of core current at the most, where the "
    "multiplier is told by the metal of wires instead"
)


@dataclass(frozen=True)
class PowerCoefficients:
    """Core energies and powers of a device. None is what nobody has published.

    Attributes:
        static_microwatts: of the configured device at rest.
        other_supplies_microwatts: of the PLL's and the banks' supplies at rest, pins not counted.
        oscillator_microwatts: of the internal oscillator while it runs.
        oscillator_off_microwatts: static power where the internal oscillator is switched off and on by logic on the
            10 kHz one.
        clock_picojoules: of the clock network, a clock.
        register_picojoules: of a flip-flop that is clocked, a clock, whether it changes or not.
        change_picojoules: of a change of a cell's output (register, or lookup table that drives a wire, or bit that
            a block memory gives), changes on the way to a settled value counted with unit delays.
        settled_change_picojoules: the same where only settled changes are counted: more for each, as each then pays
            for the glitches before it.
        wire_change_picojoules: least energy of a change: the metal of the wires that a cell's output drives.
        carry_picojoules: of a change of a carry.
        memory_picojoules: of an access to a block memory.
        spram_picojoules: of an access to a single-port RAM block.
        pin_picojoules: of a change of an output pin; it depends on what the board hangs there.
        sources: where they come from, by subject.
    """

    static_microwatts: Range
    other_supplies_microwatts: Range
    oscillator_microwatts: float
    oscillator_off_microwatts: Range
    clock_picojoules: float
    register_picojoules: float
    change_picojoules: float
    settled_change_picojoules: float
    wire_change_picojoules: float
    carry_picojoules: Range
    memory_picojoules: Range
    spram_picojoules: Range | None
    pin_picojoules: Range | None
    sources: Mapping[str, str]


_CORE_VOLTS, _BANK_VOLTS = 1.219, 3.283

UP5K = PowerCoefficients(
    # A blank design draws 85.6 uA, a counter 92.1 uA with its clock halted and 96.3 uA on the 10 kHz oscillator.
    static_microwatts=Range(85.6 * _CORE_VOLTS, 96.3 * _CORE_VOLTS),
    # PLL 4.1 to 4.4 uA; banks 1.3 to 3.76, 3.4 and 1.5 uA.
    other_supplies_microwatts=Range(
        4.1 * _CORE_VOLTS + (1.3 + 3.4 + 1.5) * _BANK_VOLTS, 4.4 * _CORE_VOLTS + (3.76 + 3.4 + 1.5) * _BANK_VOLTS
    ),
    oscillator_microwatts=45.4,
    # The author's design that wakes itself rests at 135 uA, and leaves open why that is more than 96.3 uA.
    oscillator_off_microwatts=Range(96.3 * _CORE_VOLTS, 135 * _CORE_VOLTS),
    clock_picojoules=51.5,
    register_picojoules=0.0168,
    change_picojoules=0.384,
    settled_change_picojoules=0.605,
    wire_change_picojoules=0.262,
    # Carries never move alone in what was measured: within the fitted change, or as much again.
    carry_picojoules=Range(0.0, 0.384),
    # VTR's 40 nm block of 32 kbit takes 9 pJ an edge of its clock: that is more than 4 kbit of the same technology
    # can take, and less than an eighth of it, by bits, is not to be expected of a smaller block.
    memory_picojoules=Range(18.0 / 8, 18.0),
    spram_picojoules=None,
    pin_picojoules=None,
    sources={
        "static": _MEASURED,
        "clock": f"{_MEASURED}; {_FITTED}",
        "changes": (
            f"{_MEASURED}; {_FITTED}; low bound: 26 fF of metal a tile (VTR, k6_frac_N10_mem32K_40nm.xml, from ITRS) "
            "over the wires that nextpnr gives an output of the multiplier"
        ),
        "memory": (
            "not measured on iCE40. High: a 32 kbit block of 40 nm, 9 pJ a clock edge (VTR, "
            "k6_frac_N10_mem32K_40nm.xml); an 8 kB memory of 64 bits in 45 nm takes as much, 10 pJ at 0.9 V "
            "(Horowitz, ISSCC 2014). Low: an eighth of it, as 4 kbit are of 32"
        ),
        "spram": "not published",
        "pins": "not published; they depend on the load",
    },
)

_OF_DEVICE = {"up5k": UP5K}


def coefficients_of(device: str) -> PowerCoefficients | None:
    """Coefficients of a device, by its name; None where nothing was measured."""
    return _OF_DEVICE.get(device)
