"""Model checking by ABC, which Yosys carries for synthesis: no further solver is needed, and quick."""

import json
import subprocess
from pathlib import Path

from hw.tools.yosys import YOSYS
from tests.hw.formal.verdict import PROVEN, Mode, Outcome, Undecided

_YOSYS = YOSYS.command()

# To an and-inverter graph as sby does it, asserts its outputs and assumptions its constraints.
_TO_GRAPH = """
read_rtlil {top}.il
prep -flatten -top {top}
memory_nordff
async2sync
chformal -assume -early
formalff -setundef -clk2ff -ff2anyinit -hierarchy
chformal -live -fair -cover -remove
setundef -undriven -anyseq
opt -fast
formalff -assume
setattr -unset keep
delete -output
opt -full
techmap
opt -fast
memory_map -formal
formalff -clk2ff -ff2anyinit
simplemap
dffunmap
aigmap
opt_clean
write_aiger -I -B -zinit -no-startoffset -ywmap {top}.ywa {top}.aig
"""
# ABC works on the graph's file in place of the gate that Yosys hands it, and gives that gate back unchanged. What it
# prints is lost when it runs inside Yosys, so the verdict comes as a file.
_IN_ABC = """
design -reset
read_verilog <<END
module gate(input a, b, output y); assign y = a & b; endmodule
END
techmap
abc -script +backup;read_aiger,{top}.aig;fold;strash;{command};write_status,{status};restore
"""
_STATUS = "status.txt"
_REST = "rest.aig"


def run_abc(folder: Path, top: str, mode: Mode, depth: int, limit_s: int) -> Outcome:
    """Prove `<top>.il` in the folder by IC3, or its first `depth` clocks by bounded model checking.

    Before IC3, registers that always agree become one: to learn as much clause by clause takes it far longer.
    """
    status = folder / _STATUS
    status.unlink(missing_ok=True)
    command = f"scorr;write_aiger,{_REST};pdr,-T,{limit_s}" if mode == "prove" else f"bmc3,-F,{depth},-T,{limit_s}"
    script = (_TO_GRAPH + _IN_ABC).format(top=top, command=command, status=_STATUS)
    (folder / "prove.ys").write_text(script)
    try:
        done = subprocess.run(
            [*_YOSYS, "-q", "prove.ys"], cwd=folder, capture_output=True, text=True, check=False, timeout=limit_s + 60
        )
    except subprocess.TimeoutExpired as error:
        raise Undecided(f"no verdict within {limit_s} s") from error
    if not status.exists():
        tail = " / ".join((done.stdout + done.stderr).strip().splitlines()[-3:])
        raise Undecided(f"Yosys ended with {done.returncode}: {tail}")
    if mode == "prove" and _is_never(folder / _REST):
        return PROVEN
    return _outcome(status.read_text().split(), folder / f"{top}.ywa", mode, depth)


def _is_never(graph: Path) -> bool:
    """Whether every output of a graph is a constant 0, without a register left: then IC3 takes no part.

    AIGER begins with its numbers of variables, inputs, registers, outputs and gates; an output of a graph without
    registers follows as a line each, which names what it is.
    """
    _, _, registers, outputs, _ = (int(n) for n in graph.read_bytes().split(b"\n", 1)[0].split()[1:6])
    lines = graph.read_bytes().split(b"\n")[1 : 1 + outputs]
    return registers == 0 and all(line == b"0" for line in lines)


def _outcome(status: list[str], names: Path, mode: Mode, depth: int) -> Outcome:
    """From ABC's words: `snl_SAT frames engine output frame`, or `snl_UNSAT` or `snl_UNK` with the last frame."""
    kind, frames = status[0], int(status[1])
    if kind == "snl_SAT":
        path = json.loads(names.read_text())["asserts"][int(status[3])]
        return Outcome(passed=False, failing=(path[-1].lstrip("\\"),), step=int(status[4]), trace=None)
    if kind == "snl_UNSAT" or (mode == "bmc" and kind == "snl_UNK" and frames >= depth - 1):
        return PROVEN
    raise Undecided(f"no verdict: ABC got to frame {frames}")
