"""What the unit of a folded layer takes."""

from hw.components.mvtu import LayerUnit, MatrixVectorThresholdUnit
from hw.devices import Device
from hw.estimate.chains import Chain
from hw.estimate.parts.matvec import matvec_chains, matvec_resources
from hw.estimate.parts.thresholds import threshold_chains, threshold_resources
from hw.estimate.resources import Resources


def operand_bits(unit: LayerUnit) -> int:
    """Bits of a word that stand in the unit's first registers as they came, not added or subtracted before."""
    products = unit.products if isinstance(unit, MatrixVectorThresholdUnit) else unit
    if products.element.bipolar:
        return products.terms.stored
    return products.element.bits * (products.simd % 2)


def layer_resources(unit: LayerUnit, device: Device) -> Resources:
    """The unit of a layer with all its memories."""
    if isinstance(unit, MatrixVectorThresholdUnit):
        return matvec_resources(unit.products, device) + threshold_resources(unit.thresholds, device)
    return matvec_resources(unit, device)


def layer_chains(unit: LayerUnit) -> list[Chain]:
    """Those of its products, and of thresholds behind them."""
    if isinstance(unit, MatrixVectorThresholdUnit):
        return matvec_chains(unit.products) + threshold_chains(unit.thresholds)
    return matvec_chains(unit)
