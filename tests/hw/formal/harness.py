"""Proofs about circuits: assertions in an Amaranth component, held by a solver for all inputs and all times.

A property circuit is a component whose inputs are free: what it must obey stands in `Assume`, what it must show in
`Assert`, each with a message that is unique in its module and names it in a verdict. Its clock and reset are those of
the domain `sync`, which it must not make itself: as ports of the top the clock ticks, and the reset is one more free
input. A domain made inside would have a clock that never ticks, and anything would hold.
"""

import re
import time
from pathlib import Path

from amaranth.back import rtlil
from amaranth.hdl import Elaboratable

from tests.hw.formal.abc import run_abc
from tests.hw.formal.sby import run_sby
from tests.hw.formal.verdict import Mode, Undecided, Verdict

TOP = "top"

_CHECK = re.compile(r"^(\s*cell \$check )\S+(\n\s*parameter \\FORMAT \"([^\"]+)\")", re.MULTILINE)

_ASSERTION = r'parameter \FLAVOR "assert"'


def rtlil_of(circuit: Elaboratable) -> str:
    """RTLIL of a property circuit, whose assertions are called by their messages."""
    text = rtlil.convert(circuit, name=TOP, emit_src=False)
    return _CHECK.sub(lambda cell: f"{cell[1]}\\{cell[3].replace(' ', '_')}{cell[2]}", text)


def prove(text: str, folder: Path, mode: Mode = "prove", depth: int = 20, limit_s: int = 120) -> Verdict:
    """Whether every assertion of a circuit holds, for all inputs.

    Args:
        text: RTLIL, the top called `TOP`.
        folder: working folder, which exists; files of an earlier proof are overwritten.
        mode: "prove" for all times (IC3, also called PDR, in the ABC that Yosys carries), "bmc" for the first `depth`
            clocks (ABC's bounded model checking), "induction" for all times (k-induction by z3, `depth` its k), or
            "cover" whether every `Cover` is reached within `depth` clocks (z3).
        depth: clocks; without meaning for "prove".
        limit_s: seconds after which the proof is given up.

    Raises:
        Undecided: if it was neither proven nor refuted, whatever the reason; nothing is proven of a circuit that
            asserts nothing.
    """
    if mode != "cover" and _ASSERTION not in text:
        raise Undecided("the circuit asserts nothing")
    (folder / f"{TOP}.il").write_text(text)
    began = time.monotonic()
    run = run_abc if mode in ("prove", "bmc") else run_sby
    outcome = run(folder, TOP, mode, depth, limit_s)
    return Verdict(seconds=time.monotonic() - began, **outcome)


def trace(text: str, folder: Path, depth: int, limit_s: int = 120) -> Verdict:
    """The shortest way to a failing assertion, found by z3 within `depth` clocks: a verdict with a waveform.

    Raises:
        Undecided: if z3 came to no end.
    """
    (folder / f"{TOP}.il").write_text(text)
    began = time.monotonic()
    outcome = run_sby(folder, TOP, "bmc", depth, limit_s)
    return Verdict(seconds=time.monotonic() - began, **outcome)
