"""The fastest schedule: every layer unrolled, an inference every clock."""

from hw.components.rom import Storage
from hw.devices import Device
from hw.network.types import Network
from hw.schedule.types import LayerFolding, Schedule


def unroll(network: Network, device: Device, levels_per_stage: int = 1) -> Schedule:
    """Build every layer from logic alone, with its weights as constants.

    Args:
        network: what to unroll.
        device: whose lookup tables the sums are fitted to.
        levels_per_stage: additions in a row between two registers.
    """
    constant = Storage.CONSTANT
    layers = tuple(
        LayerFolding(
            layer.name, layer.rows, layer.columns, layer.rows, layer.columns, 1, constant, constant, levels_per_stage
        )
        for layer in network.layers
    )
    return Schedule(network.digest, device.name, layers)
