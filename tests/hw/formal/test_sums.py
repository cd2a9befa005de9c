"""Sums and counts against chains of additions."""

import pytest
from amaranth.hdl import signed, unsigned
from amaranth.lib import wiring

from hw.components.engine.counting import BitCounter
from hw.components.rom import Storage
from hw.components.sums import SumTree
from hw.components.terms import MatchTerms, PairTerms
from tests.hw.formal.claims import Claim, exchange, prove_all, tie
from tests.hw.formal.harness import TOP, rtlil_of
from tests.hw.formal.layers import INT2, INT3, UINT2
from tests.hw.formal.sums import BitsCounted, Counts, PlainTree, RegisteredTree, TermsOfColumns


def claim(name: str, circuit: wiring.Component, *cells: tuple) -> Claim:
    """Broken variants have a cell of another kind."""
    text = rtlil_of(circuit)
    return Claim(name, text, {f"{cell}": exchange(text, f"{TOP}.circuit", *cell) for cell in cells})


@pytest.mark.verify("proven")
def test_sums_of_terms(tmp_path, record_property):
    """Trees of adders, with and without registers, give the sum of a chain, for all terms and carry bits."""
    claims = [
        claim(
            "mixed terms", PlainTree([signed(3), unsigned(2), signed(4), unsigned(1), unsigned(3)]), ("add", "sub")
        ),
        claim("registers", RegisteredTree(SumTree(((0, 3),) * 4, 2)), ("add", "sub")),
        claim("registers first", RegisteredTree(SumTree(((0, 3),) * 4, 2, registered=True)), ("add", "sub")),
    ]
    prove_all(claims, tmp_path, record_property)


@pytest.mark.formal
@pytest.mark.verify("proven")
def test_registered_sums(tmp_path, record_property):
    """Registered trees of small, signed and chained adders give the sum of a chain, for all terms and carry bits."""
    claims = [
        claim("signed terms", RegisteredTree(SumTree(((-3, 2),) * 5, 1)), ("add", "sub"), ("add", "sub", 1)),
        claim("more terms", RegisteredTree(SumTree(((0, 3),) * 7, 3)), ("add", "sub")),
        claim("adders end to end", RegisteredTree(SumTree(((0, 7),) * 5, 3)), ("add", "sub")),
        claim("bits left over", RegisteredTree(SumTree(((0, 1),) * 2, 4)), ("add", "sub")),
    ]
    prove_all(claims, tmp_path, record_property)


@pytest.mark.formal
@pytest.mark.verify("proven")
def test_terms_of_columns(tmp_path, record_property):
    """What is made of columns in threes and pairs adds up to matches or ±x, for all weights and elements."""
    claims = [
        claim(f"matches of {n}", TermsOfColumns(MatchTerms(n)), ("xor", "xnor"), ("and", "or"), ("or", "and"))
        for n in range(2, 13)
    ]
    claims += [
        claim(f"{n} of {element.name}", TermsOfColumns(PairTerms(element, n)), ("xor", "xnor"), ("add", "sub"))
        for element in (INT2, INT3, UINT2)
        for n in range(2, 6)
    ]
    prove_all(claims, tmp_path, record_property)


@pytest.mark.formal
@pytest.mark.verify("proven")
def test_counts_of_bits(tmp_path, record_property):
    """Counts of 1 to 14 bits, fitted to tables of 4 and of 6 inputs, are those of a chain, for all bits."""
    claims = [
        claim(f"tables of {inputs} inputs", Counts(14, inputs), ("xor", "xnor"), ("or", "and"), ("add", "sub"))
        for inputs in (4, 6)
    ]
    prove_all(claims, tmp_path, record_property)


@pytest.mark.formal
@pytest.mark.verify("proven")
def test_bit_counters(tmp_path, record_property):
    """The engine's counts of bits, in logic and by tables, are those of a chain, for all words at all times."""
    claims = []
    for bits, storage, ports in ((8, Storage.LOGIC, ("count", "enable")), (16, Storage.BLOCK, ("count",))):
        text = rtlil_of(BitsCounted(BitCounter(bits, storage)))
        circuit = f"{TOP}.circuit"
        broken = {f"{port} is always set": tie(text, circuit, port, 1) for port in ports}
        broken["subtracts"] = exchange(text, circuit, "add", "sub")
        claims.append(Claim(f"{bits} bits in {storage}", text, broken))
    prove_all(claims, tmp_path, record_property)
