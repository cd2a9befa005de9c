"""Clock of ECP5: its phase-locked loop."""

from dataclasses import dataclass
from fractions import Fraction

from amaranth.hdl import Const, Instance, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hw.clocks.frequency import Range, beside, exact_mhz

# Lattice, ECP5 and ECP5-5G family data sheet (FPGA-DS-02012), sysCLOCK PLL timing.
_INPUT = Range("the input of an ECP5 PLL", Fraction(8), Fraction(400))
_PHASE_DETECTOR = Range("the phase detector of an ECP5 PLL", Fraction(10), Fraction(400))
_VCO = Range("the oscillator of an ECP5 PLL", Fraction(400), Fraction(800))
_OUTPUT = Range("the output of an ECP5 PLL", Fraction(25, 8), Fraction(400))
# Lattice, ECP5 sysCLOCK PLL/DLL design and usage guide (FPGA-TN-02200).
_DIVIDERS = range(1, 129)


@dataclass(frozen=True)
class Ecp5Pll:
    """A PLL with a divider for its feedback alone: output = input x feedback / (reference x output divider).

    The feedback comes over the second output (CLKOS), inside the PLL. Were it the first, as usual, the output would
    have to be a multiple of the phase detector's frequency, which cannot be below 10 MHz. Its circuit has the members
    of every clock source: `clk_in`, `clk_out` and `locked`, which is low until the clock can be used.

    Attributes:
        input_mhz: of the oscillator.
        reference: divider of the input (CLKI_DIV).
        feedback: divider of the feedback (CLKOS_DIV).
        output: divider of the output (CLKOP_DIV).

    Raises:
        BadInput: if a frequency is outside the data sheet's range.
    """

    input_mhz: Fraction
    reference: int
    feedback: int
    output: int

    def __post_init__(self) -> None:
        _INPUT.require(self.input_mhz)
        _PHASE_DETECTOR.require(self.phase_detector_mhz)
        _VCO.require(self.vco_mhz)
        _OUTPUT.require(self.output_mhz)

    @property
    def phase_detector_mhz(self) -> Fraction:
        """Frequency at which input and feedback are compared."""
        return self.input_mhz / self.reference

    @property
    def vco_mhz(self) -> Fraction:
        """Frequency of the oscillator inside."""
        return self.phase_detector_mhz * self.feedback

    @property
    def output_mhz(self) -> Fraction:
        """Frequency of the clock that comes out."""
        return self.vco_mhz / self.output

    def circuit(self) -> "Ecp5PllCircuit":
        """The cell."""
        return Ecp5PllCircuit(self)


class Ecp5PllCircuit(wiring.Component):
    """EHXPLLL, set by its spec."""

    def __init__(self, spec: Ecp5Pll):
        self.spec = spec
        super().__init__({"clk_in": In(1), "clk_out": Out(1), "locked": Out(1)})

    def elaborate(self, platform: object) -> Module:
        """The cell."""
        m = Module()
        spec = self.spec
        feedback = Signal()
        m.submodules.pll = Instance(
            "EHXPLLL",
            a_FREQUENCY_PIN_CLKI=f"{float(spec.input_mhz):g}",
            a_FREQUENCY_PIN_CLKOP=f"{float(spec.output_mhz):g}",
            # Charge pump and loop filter as Project Trellis's ecppll sets them.
            a_ICP_CURRENT="12",
            a_LPF_RESISTOR="8",
            a_MFG_ENABLE_FILTEROPAMP="1",
            a_MFG_GMCREF_SEL="2",
            p_CLKI_DIV=spec.reference,
            p_CLKFB_DIV=1,
            p_FEEDBK_PATH="INT_OS",
            p_CLKOS_ENABLE="ENABLED",
            p_CLKOS_DIV=spec.feedback,
            # A divider less one is no shift of phase.
            p_CLKOS_CPHASE=spec.feedback - 1,
            p_CLKOP_ENABLE="ENABLED",
            p_CLKOP_DIV=spec.output,
            p_CLKOP_CPHASE=spec.output - 1,
            i_CLKI=self.clk_in,
            i_CLKFB=feedback,
            i_RST=Const(0),
            i_STDBY=Const(0),
            o_CLKINTFB=feedback,
            o_CLKOP=self.clk_out,
            o_LOCK=self.locked,
        )
        return m


def ecp5_pll(input_mhz: float, wanted_mhz: float) -> Ecp5Pll:
    """The PLL whose output is nearest to the frequency wanted; of several the one that divides its input least.

    Raises:
        BadInput: if the input or the frequency wanted is outside the data sheet's range.
    """
    given, wanted = exact_mhz(input_mhz), exact_mhz(wanted_mhz)
    _PHASE_DETECTOR.require(given)  # undivided; narrower than what the input may be
    _OUTPUT.require(wanted)
    settings = [
        (abs(made - wanted), reference, feedback, output)
        for reference in _DIVIDERS
        if (compared := given / reference) in _PHASE_DETECTOR
        for feedback in _VCO.multiples(compared, _DIVIDERS[0], _DIVIDERS[-1])
        for output in beside(compared * feedback / wanted, _DIVIDERS)
        if (made := compared * feedback / output) in _OUTPUT
    ]
    _, reference, feedback, output = min(settings)
    return Ecp5Pll(given, reference, feedback, output)
