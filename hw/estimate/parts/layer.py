"""What the unit of a folded layer takes."""

from hw.components.mvtu import LayerUnit, MatrixVectorThresholdUnit
from hw.devices import Device
from hw.estimate.parts.matvec import matvec_resources
from hw.estimate.parts.thresholds import threshold_resources
from hw.estimate.resources import Resources


def layer_resources(unit: LayerUnit, device: Device) -> Resources:
    """The unit of a layer with all its memories."""
    if isinstance(unit, MatrixVectorThresholdUnit):
        return matvec_resources(unit.products, device) + threshold_resources(unit.thresholds, device)
    return matvec_resources(unit, device)
