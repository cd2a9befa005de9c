"""Devices: what a schedule may use and how synthesis is asked for."""

from dataclasses import dataclass
from math import ceil

from hw.errors import BadInput


@dataclass(frozen=True)
class BlockRam:
    """A kind of block memory.

    Attributes:
        name: what the device's data sheet calls it.
        shapes: (depth, width) it can take when only read.
    """

    name: str
    shapes: tuple[tuple[int, int], ...]

    def count(self, depth: int, width: int) -> int:
        """Blocks for a memory of `depth` words of `width` bits, in the one shape that needs the fewest."""
        return min(ceil(depth / d) * ceil(width / w) for d, w in self.shapes)


@dataclass(frozen=True)
class CarryCell:
    """A kind of carry cell.

    Attributes:
        name: what synthesis calls it.
        bits: of an adder that one cell takes.
    """

    name: str
    bits: int


# A logic cell of iCE40 has one, a slice of two lookup tables of ECP5, and one of four of xc7 (Lattice FPGA-DS-02008
# and FPGA-DS-02012, Xilinx UG474): as many bits as lookup tables.
_CARRIES = {"ice40": CarryCell("SB_CARRY", 1), "ecp5": CarryCell("CCU2C", 2), "xc7": CarryCell("CARRY4", 4)}


@dataclass(frozen=True)
class Device:
    """What a device offers, from its data sheet; None where the project has no figure.

    Attributes:
        name: as given on the command line.
        title: family and part.
        family: whose cells synthesis maps to, "ice40", "ecp5" or "xc7".
        synthesis_part: the part as synthesis calls it, where it asks for one.
        lut_inputs: inputs of a lookup table.
        luts: lookup tables.
        flip_flops: flip-flops.
        block_ram: kind of block memory.
        block_rams: how many of them.
        sprams: large memories of 256 kbit, without initial contents.
    """

    name: str
    title: str
    family: str
    synthesis_part: str
    lut_inputs: int
    luts: int
    flip_flops: int
    block_ram: BlockRam
    block_rams: int
    sprams: int = 0

    @property
    def carry(self) -> CarryCell:
        """Kind of carry cell."""
        return _CARRIES[self.family]

    @property
    def carries(self) -> int:
        """How many carry cells."""
        return self.luts // self.carry.bits

    @property
    def writes_luts(self) -> bool:
        """Whether lookup tables can be memories that are written at run time."""
        return self.family != "ice40"


# Lattice, iCE40 memory usage guide (FPGA-TN-02002): 4 kbit, 256 x 16 to 2048 x 2.
EBR = BlockRam("EBR", ((256, 16), (512, 8), (1024, 4), (2048, 2)))
# Xilinx UG473, 7 series memory resources: 18 kbit, as simple dual port up to 512 x 36.
BRAM18 = BlockRam("BRAM18", ((512, 36), (1024, 18), (2048, 9), (4096, 4), (8192, 2), (16384, 1)))
# Lattice, ECP5 memory usage guide (FPGA-TN-02204): 18 kbit, as pseudo dual port up to 512 x 36.
DP16KD = BlockRam("DP16KD", ((512, 36), (1024, 18), (2048, 9), (4096, 4), (8192, 2), (16384, 1)))

DEVICES = {
    device.name: device
    for device in (
        Device(
            "up5k",
            "Lattice iCE40 UltraPlus UP5K",
            "ice40",
            "u",
            lut_inputs=4,
            luts=5280,
            flip_flops=5280,
            block_ram=EBR,
            block_rams=30,
            sprams=4,
        ),
        Device(
            "hx8k",
            "Lattice iCE40 HX8K",
            "ice40",
            "hx",
            lut_inputs=4,
            luts=7680,
            flip_flops=7680,
            block_ram=EBR,
            block_rams=32,
        ),
        Device(
            "hx1k",
            "Lattice iCE40 HX1K",
            "ice40",
            "hx",
            lut_inputs=4,
            luts=1280,
            flip_flops=1280,
            block_ram=EBR,
            block_rams=16,
        ),
        Device(
            "lfe5u-25f",
            "Lattice ECP5 LFE5U-25F",
            "ecp5",
            "",
            lut_inputs=4,
            luts=24288,
            flip_flops=24288,
            block_ram=DP16KD,
            block_rams=56,
        ),
        Device(
            "lfe5u-45f",
            "Lattice ECP5 LFE5U-45F",
            "ecp5",
            "",
            lut_inputs=4,
            luts=43848,
            flip_flops=43848,
            block_ram=DP16KD,
            block_rams=108,
        ),
        Device(
            "lfe5u-85f",
            "Lattice ECP5 LFE5U-85F",
            "ecp5",
            "",
            lut_inputs=4,
            luts=83640,
            flip_flops=83640,
            block_ram=DP16KD,
            block_rams=208,
        ),
        Device(
            "xc7a35t",
            "AMD Artix-7 XC7A35T",
            "xc7",
            "",
            lut_inputs=6,
            luts=20800,
            flip_flops=41600,
            block_ram=BRAM18,
            block_rams=100,
        ),
        Device(
            "xc7a100t",
            "AMD Artix-7 XC7A100T",
            "xc7",
            "",
            lut_inputs=6,
            luts=63400,
            flip_flops=126800,
            block_ram=BRAM18,
            block_rams=270,
        ),
    )
}


def device_named(name: str) -> Device:
    """The device of that name.

    Raises:
        BadInput: if there is none.
    """
    if name not in DEVICES:
        raise BadInput(f"device {name!r} is not known; known are {', '.join(DEVICES)}")
    return DEVICES[name]
