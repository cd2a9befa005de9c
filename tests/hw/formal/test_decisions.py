"""Thresholds, the winner among scores, and the table of inputs against their definitions."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from hw.components.argmax import ArgMax
from hw.components.table import TableLookup
from hw.components.threshold import MultiThreshold
from hw.components.unrolled.argmax import ParallelArgMax
from hw.network.types import BIPOLAR, InputTable, IntegerFormat
from tests.hw.formal.claims import Claim, exchange, prove_all
from tests.hw.formal.functions import function_of_table, function_of_thresholds, function_of_winner
from tests.hw.formal.harness import rtlil_of
from tests.hw.formal.held import Function, HeldAgainst
from tests.hw.formal.layers import INT2, INT3, UINT2

INT4, INT5 = IntegerFormat(4, signed=True), IntegerFormat(5, signed=True)
CIRCUIT = "top.circuit"
TIES = ("a tie goes to the later score", "lt", "le")
MARGIN = ("a lead just short of the margin is enough", "ge", "gt", 2)


def claim(name: str, spec, function: Function, wrong: Mapping[str, object], cells: tuple[tuple, ...] = ()) -> Claim:
    """Broken variants are circuits of wrong specs, or this one with a cell of another kind."""
    text = rtlil_of(HeldAgainst(spec.circuit(), function))
    specs = {change: rtlil_of(HeldAgainst(other.circuit(), function)) for change, other in wrong.items()}
    exchanged = {change: exchange(text, CIRCUIT, *cell) for change, *cell in cells}
    return Claim(name, text, specs | exchanged)


def winner(spec: ArgMax) -> Claim:
    wrong = {} if spec.margin_port else {"another margin": replace(spec, margin=spec.margin + 1)}
    # A tie is unsorted with any margin.
    cells = (*(() if spec.margin else (TIES,)), *((MARGIN,) if spec.can_be_unsorted else ()))
    return claim(f"{type(spec).__name__} of {spec.classes}", spec, function_of_winner(spec), wrong, cells)


@pytest.mark.verify("proven")
def test_a_small_winner(tmp_path, record_property):
    """The winner of 3 scores is the greatest, the lowest index first, for all scores at all times."""
    prove_all([winner(ArgMax(3, INT3))], tmp_path, record_property)


@pytest.mark.formal
@pytest.mark.verify("proven")
def test_winners(tmp_path, record_property):
    """The winner is the greatest score, lowest index first, or unsorted, for all scores and margins at all times."""
    specs = [
        ArgMax(2, INT4, 5),
        ArgMax(3, INT3, 2),
        ArgMax(3, INT3, margin_port=True),
        ArgMax(5, INT2, 1),
        ParallelArgMax(2, INT4),
        ParallelArgMax(3, INT3, 3),
        ParallelArgMax(3, INT2, margin_port=True),
        ParallelArgMax(5, INT2, 1),
    ]
    prove_all([winner(spec) for spec in specs], tmp_path, record_property)


@pytest.mark.formal
@pytest.mark.verify("proven")
def test_multiple_thresholds(tmp_path, record_property):
    """Outputs count the thresholds that a total has reached, for all totals at all times."""
    levels = np.array([[1, 5], [0, 0], [3, 9], [2, 7]])
    higher = levels + np.array([[0, 0], [0, 1], [0, 0], [0, 0]])
    seven = np.arange(6)[None, :] * np.array([[1], [2]])
    specs = [
        MultiThreshold("rows in pairs", INT5, levels, UINT2, 0, pe=2),
        MultiThreshold("rows one by one", INT5, levels, INT3, -2),
        MultiThreshold("seven levels", INT5, seven, INT4, -8, pe=2),
    ]
    wrong = [{"a level is one higher": replace(spec, levels=higher)} for spec in specs[:2]]
    wrong.append({"counted from another output": replace(specs[2], lowest=-7)})
    cells = (("a level is passed one later", "ge", "gt"),)
    claims = [
        claim(spec.name, spec, function_of_thresholds(spec), one, cells)
        for spec, one in zip(specs, wrong, strict=True)
    ]
    prove_all(claims, tmp_path, record_property)


@pytest.mark.formal
@pytest.mark.verify("proven")
def test_tables(tmp_path, record_property):
    """Every input value becomes the element that the table has for it, at all times."""
    claims = []
    for source, output in ((INT4, BIPOLAR), (UINT2, INT3), (BIPOLAR, INT2), (INT3, UINT2)):
        entries = output.minimum + output.step * (np.arange(source.n_values) * 3 % output.n_values)
        spec = TableLookup(InputTable(source, entries, output), 2)
        wrong = {f"entry {place} is another": _with_other_entry(spec, place) for place in (0, -1)}
        claims.append(claim(source.name, spec, function_of_table(spec), wrong))
    prove_all(claims, tmp_path, record_property)


def _with_other_entry(spec: TableLookup, place: int) -> TableLookup:
    table = spec.table
    entries = table.values.copy()
    entries[place] = table.output.minimum if entries[place] != table.output.minimum else table.output.maximum
    return replace(spec, table=replace(table, values=entries))
