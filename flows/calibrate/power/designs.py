"""The designs whose currents were published, rebuilt from what their author's source says.

That source (`power_test/rgb_blink.v` of tinyvision-ai-inc/ice40_power) has one counter, whose width is a parameter,
and for the multiplier two counters of 8 bits that step by 3 and 5, with all bits of their product gathered into one
pin. "28*2", "28*4" and "28*8 bit counter" are therefore one counter of 56, 112 and 224 bits; the published counts of
logic cells, 28 n + 4, say the same: counters apart from each other would take one more cell each to begin their
carry chains (`separate` builds them so).
"""

from dataclasses import dataclass
from pathlib import Path

from amaranth.back import rtlil
from amaranth.hdl import Cat, ClockDomain, ClockSignal, Module, Signal

from hw.devices import DEVICES
from hw.simulate.mapped import MappedNetlist, MappedSimulator, Toggles
from hw.tools import nextpnr, yosys

TOP = "counter"
_DEVICE = DEVICES["up5k"]
_N_INPUTS = 5  # input pins that the author's source gathers into one output, so that they are kept


@dataclass(frozen=True)
class Design:
    """A counter, perhaps with the multiplier beside it.

    Attributes:
        bits: width of the counter; 0 builds the blank design.
        multiply: two counters of 8 bits are multiplied beside it, in lookup tables.
        separate: so many counters of that width instead of one.
    """

    bits: int
    multiply: bool = False
    separate: int = 1

    def rtlil(self) -> str:
        """The design in Yosys's language."""
        m = Module()
        m.domains.sync = ClockDomain(reset_less=True)
        clock, out, unused = Signal(name="clk"), Signal(name="out"), Signal(name="unused")
        inputs, leds = Signal(_N_INPUTS, name="inputs"), Signal(3, name="leds")
        m.d.comb += [ClockSignal().eq(clock), leds.eq(0b101), unused.eq(inputs.any())]
        counters = [Signal(self.bits, name=f"counter{index}") for index in range(self.separate)]
        m.d.sync += [counter.eq(counter + 1) for counter in counters]
        gathered = Cat(counter[-1] for counter in counters).any()
        if self.multiply:
            a, b = Signal(8), Signal(8)
            # Synthesis today sees that no product has all bits set, and would leave the multiplier out.
            product = Signal(16, attrs={"keep": True})
            m.d.sync += [a.eq(a + 3), b.eq(b + 5)]
            m.d.comb += product.eq(a * b)
            gathered = gathered | a.all() | b.all() | product.all()
        m.d.comb += out.eq(gathered)
        return rtlil.convert(m, ports=[clock, inputs, out, unused, leds], name=TOP)


@dataclass(frozen=True)
class Built:
    """A design as synthesis and placement made it.

    Attributes:
        lut_cells: lookup tables.
        flip_flops: flip-flops, every one clocked in every clock.
        carry_cells: carries.
        logic_cells: after packing.
        toggles: changes over the clocks that were simulated.
    """

    lut_cells: int
    flip_flops: int
    carry_cells: int
    logic_cells: int
    toggles: Toggles


def build(design: Design, clocks: int, folder: Path) -> Built:
    """Synthesise and place a design with the project's own flow, and run its mapped netlist.

    Args:
        design: what to build.
        clocks: to simulate.
        folder: working folder.

    Raises:
        ToolError: if a tool fails.
    """
    (folder / "top.il").write_text(design.rtlil(), encoding="utf-8")
    counts = yosys.synthesise("top.il", TOP, _DEVICE, folder, "mapped.json")
    placed = nextpnr.place_and_route("mapped.json", _DEVICE, folder, seed=1, target_mhz=1.0)
    simulator = MappedSimulator(MappedNetlist.read(folder / "mapped.json", TOP))
    for _ in range(clocks):
        simulator.clock({})
    return Built(
        counts.luts,
        counts.flip_flops,
        counts.cells.get("SB_CARRY", 0),
        placed.used["ICESTORM_LC"][0],
        simulator.toggles,
    )
