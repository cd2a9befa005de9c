"""Proofs with their counterproofs: a circuit that keeps its assertions, and broken ones that do not."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.hw.formal.harness import prove

# Ten times what the longest takes on a quiet machine.
_LIMIT_S = 300


@dataclass(frozen=True)
class Claim:
    """What is proven.

    Attributes:
        name: what it is about.
        circuit: RTLIL of the circuit with its assertions.
        broken: RTLIL of variants of the circuit, each with one thing wrong, and the same assertions.
        depth: clocks from the start that are looked at; None: for all time.
    """

    name: str
    circuit: str
    broken: Mapping[str, str]
    depth: int | None = None


def prove_all(claims: Sequence[Claim], folder: Path, record_property: Callable[[str, object], None]) -> None:
    """Proves every claim, refutes every broken variant, and counts both."""
    caught, seconds = 0, 0.0
    for claim in claims:
        mode, depth = ("prove", 0) if claim.depth is None else ("bmc", claim.depth)
        verdict = prove(claim.circuit, folder, mode, depth, _LIMIT_S)
        assert verdict.passed, f"{claim.name}: {verdict.failing} in clock {verdict.step}"
        seconds = max(seconds, verdict.seconds)
        for change, broken in claim.broken.items():
            assert broken != claim.circuit, f"{claim.name}, {change}: nothing is changed"
            assert not prove(broken, folder, mode, depth, _LIMIT_S).passed, f"{claim.name}, {change}: nobody notices"
            caught += 1
    record_property("proofs", len(claims))
    record_property("mutants", sum(len(claim.broken) for claim in claims))
    record_property("mutants_caught", caught)
    record_property("seconds_longest_proof", round(seconds, 1))


def exchange(text: str, module: str, kind: str, other: str, nth: int = 0) -> str:
    """RTLIL in which one cell of a module is of another kind, such as `le` in place of `lt`."""
    start = text.index(f"module \\{module}\n")
    for _ in range(nth + 1):
        start = text.index(f"cell ${kind} ", start + 1)
    assert start < text.index("\nend\n", text.index(f"module \\{module}\n")), f"{module} has fewer cells ${kind}"
    return text[:start] + text[start:].replace(f"${kind}", f"${other}", 1)


def tie(text: str, module: str, port: str, value: int) -> str:
    """RTLIL in which a module sees an input as a constant."""
    start = text.index(f"module \\{module}\n")
    end = text.index("\nend\n", start)
    assert re.search(rf"input \d+  \\{port}\n", text[start:end]), f"{module} has no input {port}"

    def constant(bits: re.Match[str]) -> str:
        high, low = int(bits[1]), int(bits[2] or bits[1])
        width = high - low + 1
        return f"{width}'{value >> low & (1 << width) - 1:0{width}b}"

    return text[:start] + re.sub(rf"\\{port} \[(\d+)(?::(\d+))?\]", constant, text[start:end]) + text[end:]
