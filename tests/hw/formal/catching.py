"""Whether a proof notices that a component is broken."""

from collections.abc import Callable
from pathlib import Path

from tests.hw.formal.harness import prove
from tests.hw.formal.mutants import Mutant


def catch_all(
    broken: list[Mutant], twins: list[Mutant], clocks: int, folder: Path, record: Callable[[str, object], None]
) -> None:
    """Every mutant fails within some clocks, or is none: it does for all times what its original beside it does.

    Args:
        broken: mutants of a property circuit.
        twins: the same changes to one of two of the same component, side by side.
        clocks: in which a mutant must fail.
        folder: working folder.
        record: takes the counts, as pytest's `record_property` does.

    Raises:
        AssertionError: naming a change that nothing notices.
    """
    caught = 0
    for mutant, twin in zip(broken, twins, strict=True):
        if not prove(mutant.text, folder, "bmc", clocks).passed:
            caught += 1
        else:
            assert prove(twin.text, folder).passed, f"not caught: {mutant.where}: {mutant.what}"
    assert caught, "no variant is broken"
    record("mutants", caught)
    record("mutants_caught", caught)
    record("mutants_without_effect", len(broken) - caught)
