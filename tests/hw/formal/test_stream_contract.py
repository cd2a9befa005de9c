"""Every component that speaks streams keeps the stream contract, proven; and every broken one is caught."""

import inspect
from importlib import import_module
from pkgutil import walk_packages

import pytest
from amaranth.back import rtlil
from amaranth.hdl import Fragment
from amaranth.lib import wiring

from hw import components
from hw.components.loader import WeightLoaderCircuit
from tests.hw.formal.cases import CASES
from tests.hw.formal.catching import catch_all
from tests.hw.formal.flight import AmongResults
from tests.hw.formal.harness import TOP, prove, rtlil_of
from tests.hw.formal.monitor import StreamContract
from tests.hw.formal.mutants import mutants, spread, waiting_for_ready
from tests.hw.formal.paths import reached_at_once
from tests.hw.formal.twins import Twins, without_unread_words

QUICK = {"width converter, wider", "argmax", "row watch"}  # what the default tests take
MOST_MUTANTS = 16  # of a component, from everywhere in it


def marked(cases, quick=()):
    return [
        pytest.param(case, id=case.name, marks=() if case.name in quick else pytest.mark.formal) for case in cases
    ]


def speak_streams():
    """The circuits of `hw.components` that make streams, but for those that only others derive from."""
    names = [module.name for module in walk_packages(components.__path__, f"{components.__name__}.")]
    circuits = {
        circuit
        for module in map(import_module, names)
        for circuit in vars(module).values()
        if inspect.isclass(circuit) and issubclass(circuit, wiring.Component) and circuit.__module__ in names
    }
    makes = [circuit for circuit in circuits if "stream.Signature" in inspect.getsource(circuit.__init__)]
    return {circuit for circuit in makes if not circuit.__subclasses__()}


def test_every_component_that_speaks_streams_is_among_the_cases():
    parts = [case.part() for case in CASES]
    for part in parts:
        Fragment.get(part, None)  # Amaranth warns of what is made and never elaborated
    counters = [part.counter for part in parts if isinstance(part, AmongResults)]
    in_a_proof_of_its_own = {WeightLoaderCircuit}
    assert speak_streams() - in_a_proof_of_its_own <= {type(part) for part in (*parts, *counters)}
    assert len(speak_streams()) > 10


@pytest.mark.verify("proven")
@pytest.mark.parametrize("case", marked(CASES, QUICK))
def test_stream_contract(case, tmp_path, record_property):
    """Every component keeps its words, their order and its timing under arbitrary gaps, stalls and resets."""
    verdict = prove(rtlil_of(StreamContract(case.part(), case.contract)), tmp_path, limit_s=300)
    assert verdict.passed, verdict
    record_property("proofs", 1)
    record_property("seconds_to_prove", round(verdict.seconds, 1))


@pytest.mark.verify("proven")
@pytest.mark.parametrize("case", marked(CASES, QUICK))
def test_no_offer_waits_for_ready(case, tmp_path, record_property):
    """No gate leads from a component's ready to its valid or its payload without a register between."""
    text, sink = rtlil.convert(case.part(), name=TOP, emit_src=False), case.contract.sink
    valid, ready, payload = (f"{sink}__{member}" for member in ("valid", "ready", "payload*"))
    assert not reached_at_once(text, ready, (valid, payload), tmp_path)
    broken = waiting_for_ready(text, TOP, valid, ready)
    assert reached_at_once(broken, ready, (valid, payload), tmp_path) == {valid}
    record_property("proofs", 1)
    record_property("mutants", 1)
    record_property("mutants_caught", 1)


@pytest.mark.verify("proven")
@pytest.mark.parametrize("case", marked(case for case in CASES if case.has_gates))
def test_every_mutant_is_caught(case, tmp_path, record_property):
    """Every broken variant of a component breaks its stream contract, or is proven to show the same streams."""
    text = rtlil_of(StreamContract(case.part(), case.contract))
    side_by_side = without_unread_words(rtlil_of(Twins(case.part(), case.part(), case.contract)))
    every = list(mutants(text, f"top.part0{case.broken}"))
    broken = [mutant for mutant in every if mutant.what not in case.harmless]
    twins = [twin for twin in mutants(side_by_side, f"top.part1{case.broken}") if twin.what not in case.harmless]
    clocks = case.contract.latency_clocks + 2 * case.contract.interval_clocks + 4
    catch_all(spread(broken, MOST_MUTANTS), spread(twins, MOST_MUTANTS), clocks, tmp_path, record_property)
    assert all(prove(mutant.text, tmp_path).passed for mutant in every if mutant.what in case.harmless)
