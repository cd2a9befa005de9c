"""Broken variants of a circuit: a small change in the RTLIL of a component, none in what is asserted of it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_MODULE = re.compile(r"^module \\(\S+)\n(.*?)^end\n", re.MULTILINE | re.DOTALL)
_REGISTER = re.compile(r"^  process .*?^  end\n(?=\n  cell \$dff .*?connect \\Q (\S+))", re.MULTILINE | re.DOTALL)
_CONDITION = re.compile(r"(?<=switch )(\S+ \[\d+\])(?=\n\s*case 1'[01]\n)")
_CELL = re.compile(r"^  cell \$(and|or|not|eq|ne|lt|ge|add) (\S+)\n.*?^  end\n", re.MULTILINE | re.DOTALL)
_OPPOSITE = {"and": "or", "or": "and", "not": "pos", "eq": "ne", "ne": "eq", "lt": "ge", "ge": "lt"}
_CONSTANT = re.compile(r"(?<=connect \\B )(\d+'[01]*)([01])(?=\n)")
_GATE = """
  cell $and \\gate
    parameter \\A_SIGNED 0
    parameter \\B_SIGNED 0
    parameter \\A_WIDTH 1
    parameter \\B_WIDTH 1
    parameter \\Y_WIDTH 1
    connect \\A \\offered
    connect \\B \\{ready}
    connect \\Y \\{valid}
  end
"""


@dataclass(frozen=True)
class Mutant:
    """A variant: where what was changed, and the whole RTLIL."""

    where: str
    what: str
    text: str


def mutants(text: str, part: str) -> Iterator[Mutant]:
    """All mutants of the modules whose names begin with `part`.

    - A condition under which a register moves, and its reset: never met, or (but for a reset) always.
    - A gate or comparison: its counterpart in its place (AND and OR, equal and not equal, less and not less, NOT and
      a wire).
    - A constant that something is compared with or counted on by: its last bit turned.
    """
    for module in _MODULE.finditer(text):
        if module[1].startswith(part):
            for change, start, end, new in (*_moves(module[2]), *_cells(module[2])):
                at = module.start(2)
                yield Mutant(module[1], change, text[: at + start] + new + text[at + end :])


def _moves(body: str) -> Iterator[tuple[str, int, int, str]]:
    """Changes to when registers move: the change, from and to where, and the text there."""
    for process in _REGISTER.finditer(body):
        for condition in _CONDITION.finditer(process[0]):
            start, end = (process.start() + at for at in condition.span())
            yield f"{process[1]} moves with {condition[0]} never", start, end, "1'0"
            if not condition[0].startswith("\\rst"):
                yield f"{process[1]} moves with {condition[0]} always", start, end, "1'1"


def _cells(body: str) -> Iterator[tuple[str, int, int, str]]:
    """Changes to gates and constants, as in `_moves`."""
    for cell in _CELL.finditer(body):
        kind, name = cell[1], cell[2]
        if kind in _OPPOSITE:
            yield f"{name}, {_OPPOSITE[kind]} for {kind}", *cell.span(1), _OPPOSITE[kind]
        if kind not in ("and", "or"):
            for constant in _CONSTANT.finditer(cell[0]):
                start, end = (cell.start() + at for at in constant.span())
                turned = f"{constant[1]}{1 - int(constant[2])}"
                yield f"{name}, {kind} {turned} for {constant[0]}", start, end, turned


def spread(every: list[Mutant], most: int) -> list[Mutant]:
    """At most so many of them, at even distances."""
    n = min(most, len(every))
    return [every[index * len(every) // n] for index in range(n)]


def waiting_for_ready(text: str, top: str, valid: str, ready: str) -> str:
    """The same RTLIL, but the output `valid` of its module `top` rises only while the input `ready` is high."""
    module = next(module for module in _MODULE.finditer(text) if module[1] == top)
    by_cell = rf"(?<=  connect )(\\[YQ] |\\{valid} )\\{valid}(?=\n)"
    by_wire = rf"(?<=^connect )\\{valid}(?= \[0\])"
    driven = re.compile(f"{by_cell}|{by_wire}", re.MULTILINE)
    body = driven.sub(lambda found: f"{found[1] or ''}\\offered", module[2], count=1)
    gated = f"  wire width 1 \\offered\n{body}{_GATE.format(valid=valid, ready=ready)}"
    return text[: module.start(2)] + gated + text[module.end(2) :]
