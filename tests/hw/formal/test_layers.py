"""Layers, folded and unrolled, against the layer's own definition: sums of ±x, thresholds counted one by one."""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from hw.components.mvtu import LayerUnit, banked, layer_unit
from hw.components.rom import Storage
from hw.components.unrolled.layer import UnrolledLayer
from hw.network.types import BIPOLAR, IntegerFormat
from tests.hw.formal.claims import Claim, prove_all
from tests.hw.formal.functions import Layer, function_of_layers
from tests.hw.formal.harness import rtlil_of
from tests.hw.formal.held import HeldAgainst
from tests.hw.formal.layers import INT2, INT3, UINT2, level_layer, score_layer, sign_layer, wrong_layers


@dataclass(frozen=True)
class Folding:
    pe: int
    simd: int
    tables: int = 0

    def of(self, layers: Sequence[Layer], element: IntegerFormat) -> LayerUnit:
        units = [
            layer_unit(layer, element).folded(self.pe, self.simd, Storage.BLOCK, Storage.LOGIC, self.tables)
            for layer in layers
        ]
        return banked(units, writable=False) if len(units) > 1 else units[0]


@dataclass(frozen=True)
class Unrolling:
    lut_inputs: int
    levels_per_stage: int

    def of(self, layers: Sequence[Layer], element: IntegerFormat) -> UnrolledLayer:
        (layer,) = layers
        return UnrolledLayer(layer, element, self.lut_inputs, self.levels_per_stage)


def claim(name: str, layers: Sequence[Layer], element: IntegerFormat, form: Folding | Unrolling) -> Claim:
    """The last layer is the one that is wrong in the broken variants."""
    function = function_of_layers(tuple(layers), form.of(layers, element))
    circuits = {
        change: rtlil_of(HeldAgainst(form.of((*layers[:-1], wrong), element).circuit(), function))
        for change, wrong in wrong_layers(layers[-1], element)
    }
    return Claim(name, rtlil_of(HeldAgainst(form.of(layers, element).circuit(), function)), circuits)


@pytest.mark.formal
@pytest.mark.verify("proven")
def test_folded_layers(tmp_path, record_property):
    """Folded layers give what they are defined to, for all inputs, at all times, with any gaps, stalls and resets."""
    claims = [
        claim("4 rows of 4 columns", [sign_layer(4, 4, BIPOLAR)], BIPOLAR, Folding(2, 2)),
        claim("8 columns at once", [sign_layer(2, 8, BIPOLAR)], BIPOLAR, Folding(2, 8)),
        claim("threes of columns, folded", [sign_layer(4, 6, BIPOLAR)], BIPOLAR, Folding(2, 3)),
        claim("two count tables", [sign_layer(2, 8, BIPOLAR)], BIPOLAR, Folding(1, 8, 2)),
        claim("count table and words", [sign_layer(2, 8, BIPOLAR)], BIPOLAR, Folding(1, 4, 1)),
        claim("integers", [sign_layer(4, 4, INT2)], INT2, Folding(2, 2)),
        claim("an odd number of integers", [sign_layer(2, 3, INT3)], INT3, Folding(1, 3)),
        claim("thresholds of unsigned integers", [level_layer(2, 4, UINT2)], UINT2, Folding(1, 2)),
        claim("thresholds of bipolar elements", [level_layer(4, 6, BIPOLAR)], BIPOLAR, Folding(4, 2)),
        claim("scores", [score_layer(3, 4)], BIPOLAR, Folding(1, 2)),
        claim("scores of integers", [score_layer(2, 3)], INT2, Folding(2, 1)),
        claim("two banks", [sign_layer(4, 4, BIPOLAR, seed) for seed in (1, 2)], BIPOLAR, Folding(2, 2)),
        claim("two banks of scores", [score_layer(2, 4, seed) for seed in (1, 2)], BIPOLAR, Folding(1, 4)),
    ]
    prove_all(claims, tmp_path, record_property)


@pytest.mark.formal
@pytest.mark.verify("proven")
def test_unrolled_layers(tmp_path, record_property):
    """Unrolled layers give what they are defined to, for all inputs, at all times, with any gaps and stalls."""
    claims = [
        claim("8 columns, tables of 6 inputs", [sign_layer(4, 8, BIPOLAR)], BIPOLAR, Unrolling(6, 1)),
        claim("8 columns, tables of 4 inputs", [sign_layer(4, 8, BIPOLAR)], BIPOLAR, Unrolling(4, 2)),
        claim("integers", [sign_layer(4, 3, INT2)], INT2, Unrolling(6, 1)),
        claim("thresholds of unsigned integers", [level_layer(2, 3, UINT2)], UINT2, Unrolling(6, 2)),
        claim("thresholds of bipolar elements", [level_layer(2, 6, BIPOLAR)], BIPOLAR, Unrolling(4, 2)),
        claim("scores", [score_layer(3, 8)], BIPOLAR, Unrolling(6, 3)),
        claim("scores of integers", [score_layer(3, 4)], INT2, Unrolling(4, 1)),
    ]
    prove_all(claims, tmp_path, record_property)
