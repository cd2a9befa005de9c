"""The weight loader takes every byte once, puts it where it belongs, and moves banks when it may."""

import pytest

from hw.components.loader import WeightLoader
from tests.hw.formal.catching import catch_all
from tests.hw.formal.harness import prove, rtlil_of
from tests.hw.formal.loading import LoaderContract, LoaderTwins, with_any_verdict
from tests.hw.formal.mutants import mutants, spread

LOADER = WeightLoader(memories=((2, 1), (1, 2)), weight_sets=2, start=1)
MOST_MUTANTS = 30
TWO_FRAMES_CLOCKS = 22


def circuit_mutants(text, part):
    """Those of the loader itself; whether its checksum is right is no part of this proof."""
    return [mutant for mutant in mutants(text, part) if mutant.where != f"{part}.checksum"]


@pytest.mark.formal
@pytest.mark.verify("proven")
def test_the_weight_loader(tmp_path, record_property):
    """The weight loader writes every byte once where it belongs, and moves banks behind whole frames only."""
    verdict = prove(with_any_verdict(rtlil_of(LoaderContract(LOADER))), tmp_path)
    assert verdict.passed, verdict
    record_property("proofs", 1)
    record_property("seconds_to_prove", round(verdict.seconds, 1))


@pytest.mark.formal
@pytest.mark.verify("proven")
def test_every_mutant_of_the_weight_loader_is_caught(tmp_path, record_property):
    """Every broken variant of the weight loader breaks what is proven of it, or is proven to do the same."""
    text, twins_text = (with_any_verdict(rtlil_of(kind(LOADER))) for kind in (LoaderContract, LoaderTwins))
    broken = spread(circuit_mutants(text, "top.part0"), MOST_MUTANTS)
    twins = spread(circuit_mutants(twins_text, "top.part1"), MOST_MUTANTS)
    catch_all(broken, twins, TWO_FRAMES_CLOCKS, tmp_path, record_property)
