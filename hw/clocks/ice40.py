"""Clock of iCE40: its phase-locked loop."""

from dataclasses import dataclass
from fractions import Fraction

from amaranth.hdl import Const, Instance, Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hw.clocks.frequency import Range, beside, exact_mhz

# Lattice, iCE40 LP/HX and iCE40 UltraPlus family data sheets (FPGA-DS-02029, FPGA-DS-02008), sysCLOCK PLL timing.
_INPUT = Range("the input of an iCE40 PLL", Fraction(10), Fraction(133))
_PHASE_DETECTOR = Range("the phase detector of an iCE40 PLL", Fraction(10), Fraction(133))
_VCO = Range("the oscillator of an iCE40 PLL", Fraction(533), Fraction(1066))
_OUTPUT = Range("the output of an iCE40 PLL", Fraction(16), Fraction(275))
# Widths of DIVR and DIVF, and what DIVQ may be: Lattice, iCE40 sysCLOCK PLL design and usage guide (FPGA-TN-02052).
_REFERENCE_DIVIDERS = range(1, 17)
_MOST_FEEDBACK = 128
_DIVQ = range(1, 7)
# FILTER_RANGE is the number of these that the phase detector's frequency in MHz reaches, plus one: the values that
# Lattice's configurator chooses, as Project IceStorm's icepll has them.
_FILTER_STEPS_MHZ = (17, 26, 44, 66, 101)


@dataclass(frozen=True)
class Ice40Pll:
    """A PLL in its simple mode: output = input x (divf + 1) / ((divr + 1) x 2^divq).

    Its circuit has the members of every clock source: `clk_in`, `clk_out` and `locked`, which is low until the clock
    can be used.

    Attributes:
        input_mhz: of the oscillator.
        divr: reference divider, less one.
        divf: feedback divider, less one.
        divq: the output is divided by 2^divq.
        from_pad: whether `clk_in` is the pin of the PLL itself, which is then no input of anything else; otherwise it
            comes from any other pin.

    Raises:
        BadInput: if a frequency is outside the data sheet's range.
    """

    input_mhz: Fraction
    divr: int
    divf: int
    divq: int
    from_pad: bool

    def __post_init__(self) -> None:
        _INPUT.require(self.input_mhz)
        _PHASE_DETECTOR.require(self.phase_detector_mhz)
        _VCO.require(self.vco_mhz)
        _OUTPUT.require(self.output_mhz)

    @property
    def phase_detector_mhz(self) -> Fraction:
        """Frequency at which input and feedback are compared."""
        return self.input_mhz / (self.divr + 1)

    @property
    def vco_mhz(self) -> Fraction:
        """Frequency of the oscillator inside."""
        return self.phase_detector_mhz * (self.divf + 1)

    @property
    def output_mhz(self) -> Fraction:
        """Frequency of the clock that comes out."""
        return self.vco_mhz / 2**self.divq

    @property
    def filter_range(self) -> int:
        """Setting of the loop filter."""
        return 1 + sum(self.phase_detector_mhz >= step for step in _FILTER_STEPS_MHZ)

    def circuit(self) -> "Ice40PllCircuit":
        """The cell."""
        return Ice40PllCircuit(self)


class Ice40PllCircuit(wiring.Component):
    """SB_PLL40_PAD or SB_PLL40_CORE, set by its spec."""

    def __init__(self, spec: Ice40Pll):
        self.spec = spec
        super().__init__({"clk_in": In(1), "clk_out": Out(1), "locked": Out(1)})

    def elaborate(self, platform: object) -> Module:
        """The cell, its output on the global clock network."""
        m = Module()
        spec = self.spec
        m.submodules.pll = Instance(
            "SB_PLL40_PAD" if spec.from_pad else "SB_PLL40_CORE",
            ("i", "PACKAGEPIN" if spec.from_pad else "REFERENCECLK", self.clk_in),
            p_FEEDBACK_PATH="SIMPLE",
            p_DIVR=Const(spec.divr, 4),
            p_DIVF=Const(spec.divf, 7),
            p_DIVQ=Const(spec.divq, 3),
            p_FILTER_RANGE=Const(spec.filter_range, 3),
            i_RESETB=Const(1),
            i_BYPASS=Const(0),
            o_PLLOUTGLOBAL=self.clk_out,
            o_LOCK=self.locked,
        )
        return m


def ice40_pll(input_mhz: float, wanted_mhz: float, from_pad: bool) -> Ice40Pll:
    """The PLL whose output is nearest to the frequency wanted; of several the one that divides its input least.

    Raises:
        BadInput: if the input or the frequency wanted is outside the data sheet's range.
    """
    given, wanted = exact_mhz(input_mhz), exact_mhz(wanted_mhz)
    _INPUT.require(given)
    _OUTPUT.require(wanted)
    settings = [
        (abs(output - wanted), reference - 1, feedback - 1, divq)
        for reference in _REFERENCE_DIVIDERS
        if (compared := given / reference) in _PHASE_DETECTOR
        for divq in _DIVQ
        for feedback in beside(wanted * 2**divq / compared, _VCO.multiples(compared, 1, _MOST_FEEDBACK))
        if (output := compared * feedback / 2**divq) in _OUTPUT
    ]
    _, divr, divf, divq = min(settings)
    return Ice40Pll(given, divr, divf, divq, from_pad)
