"""What synthesis makes of every component is that component: proven, for all inputs at all times from power-up."""

from itertools import islice

import numpy as np
import pytest

from hw.components.argmax import ArgMax
from hw.components.mvtu import MatrixVectorThresholdUnit, layer_unit
from hw.components.replay import VectorReplay
from hw.components.rom import Storage
from hw.components.table import TableLookup
from hw.components.unrolled.argmax import ParallelArgMax
from hw.components.unrolled.layer import UnrolledLayer
from hw.components.width import WidthConverter
from hw.devices import device_named
from hw.network.types import BIPOLAR, IntegerFormat
from tests.hw.formal.equivalence import mapped_module, mutants_of, twins_of
from tests.hw.formal.harness import prove
from tests.hw.networks import random_network, random_table

DEVICES = ["up5k", "lfe5u-25f", "xc7a35t"]
MOST_MUTANTS = 6
"""Changed bits that are tried: some are never looked up, and change nothing."""


def network_of(hidden=(6, 4), n_inputs=4, activation=BIPOLAR):
    rng = np.random.default_rng(0)
    return random_network(rng, n_inputs, hidden, 3, IntegerFormat(3, True), (activation,))


def unit_of(network, index, pe, simd, storage):
    unit = layer_unit(network.layers[index], network.format_into(index))
    return unit.folded(pe, simd, storage, storage, 0)


def thresholds():
    unit = unit_of(network_of(activation=IntegerFormat(2, False)), 0, 2, 2, Storage.LOGIC)
    assert isinstance(unit, MatrixVectorThresholdUnit)
    return unit.thresholds


def unrolled():
    network = network_of()
    return UnrolledLayer(network.layers[1], network.format_into(1), lut_inputs=4, levels_per_stage=1)


COMPONENTS = {
    "width converter": lambda: WidthConverter(2, 3, 2),
    "vector replay, one bank": lambda: VectorReplay(2, 3, 2, banks=1),
    "vector replay, two banks": lambda: VectorReplay(2, 5, 2, banks=2),
    "vector replay, words selected": lambda: VectorReplay(2, 3, 2, banks=2),
    "matrix-vector unit, logic": lambda: unit_of(network_of(), 0, 2, 2, Storage.LOGIC),
    "matrix-vector unit, block memory": lambda: unit_of(network_of(), 0, 2, 2, Storage.BLOCK),
    "matrix-vector unit, bipolar": lambda: unit_of(network_of(), 1, 2, 3, Storage.LOGIC),
    "scores": lambda: unit_of(network_of(), 2, 1, 2, Storage.LOGIC),
    "matrix-vector-threshold unit": lambda: unit_of(
        network_of(activation=IntegerFormat(2, False)), 0, 2, 2, Storage.BLOCK
    ),
    "thresholds": thresholds,
    "table lookup": lambda: TableLookup(
        random_table(np.random.default_rng(0), IntegerFormat(3, True), IntegerFormat(2, False)), 2
    ),
    "argmax": lambda: ArgMax(3, IntegerFormat(4, True), margin_port=True),
    "parallel argmax": lambda: ParallelArgMax(3, IntegerFormat(4, True), margin=2),
    "unrolled layer": unrolled,
}


def prove_equivalent(component, device, folder, record_property):
    """Prove the mapped netlist, then refute one with a changed bit."""
    circuit = component().circuit()
    module = mapped_module(circuit, device_named(device), folder)

    def verdict(netlist):
        return prove(twins_of(circuit, netlist, device_named(device), folder), folder)

    assert verdict(module).passed
    record_property("proofs", 1)
    # A mutant that passes is proven to be the design too: its bit is never looked up.
    none = 0
    for mutant in islice(mutants_of(module), MOST_MUTANTS):
        if not verdict(mutant).passed:
            break
        none += 1
    else:
        pytest.fail("no changed bit changes anything")
    record_property("mutants_proven_to_be_none", none)
    record_property("mutants", 1)
    record_property("mutants_caught", 1)


@pytest.mark.verify("proven")
def test_a_mapped_width_converter_is_the_design(tmp_path, record_property):
    """A width converter and what synthesis makes of it on ECP5 give the same words, whatever comes in."""
    prove_equivalent(COMPONENTS["width converter"], "lfe5u-25f", tmp_path, record_property)


@pytest.mark.formal
@pytest.mark.synth
@pytest.mark.verify("proven")
@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("component", COMPONENTS)
def test_every_mapped_component_is_the_design(tmp_path, record_property, component, device):
    """A component and what synthesis makes of it give the same words, whatever comes in."""
    prove_equivalent(COMPONENTS[component], device, tmp_path, record_property)
