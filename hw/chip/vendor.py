"""What the vendor's tool of the 7 series is told, where no open tool makes a bitstream."""

from hw.boards.board import Board
from hw.chip.chip import TOP_NAME
from hw.errors import BadInput

BUILD_SCRIPT = "build.tcl"


def build_script(board: Board, verilog: str) -> str:
    """Tcl for the vendor's tool: from Verilog and constraints, which stand beside it, to a bitstream.

    Args:
        board: of the 7 series.
        verilog: name of the file with the chip.

    Raises:
        BadInput: if the board's part is not known.
    """
    if board.part is None:
        raise BadInput(f"board {board.name}: the vendor's tool wants to know the ordering name of its FPGA")
    # The vendor's tool writes its parts in small letters, but the grade.
    name, dash, grade = board.part.rpartition("-")
    part = f"{name.lower()}{dash}{grade}"
    return f"""\
# The bitstream of {board.title}: in this folder, run
#   vivado -mode batch -source {BUILD_SCRIPT}
read_verilog {verilog}
read_xdc {board.file.name}
synth_design -top {TOP_NAME} -part {part}
opt_design
place_design
route_design
report_timing_summary -file timing.txt
report_utilization -file utilisation.txt
if {{[get_property SLACK [get_timing_paths]] < 0}} {{ error "the clock is not met: see timing.txt" }}
write_bitstream -force spikeloom_{board.name}.bit
"""
