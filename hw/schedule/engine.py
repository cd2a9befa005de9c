"""The schedule of a network on the shared engine."""

from hw.components.engine.engine import Engine
from hw.components.rom import Storage
from hw.devices import Device
from hw.errors import DoesNotFit
from hw.estimate.engine import engine_resources
from hw.estimate.parts.argmax import argmax_resources
from hw.network.types import Network
from hw.schedule.types import LANES, Architecture, EngineFolding, Schedule


def engines_of(network: Network, device: Device, margin_port: bool = False) -> list[Engine]:
    """The engines that there are for a network, the narrowest first, whether the device holds them or not.

    Raises:
        BadInput: if the engine does not take the network.
    """
    return [
        Engine(network, lanes, device.block_ram, storage, margin_port)
        for lanes in LANES
        for storage in (Storage.BLOCK, Storage.LOGIC)
    ]


def schedule_engine(network: Network, device: Device, max_cycles: int, margin_port: bool = False) -> Schedule:
    """The narrowest engine that starts an inference at least every `max_cycles` clocks and fits the device.

    Counts are looked up in block memory where the device has enough of it, else added in logic.

    Args:
        network: what to compute.
        device: what must hold it.
        max_cycles: clocks an inference at the most.
        margin_port: whether the margin of 'unsorted' is an input.

    Raises:
        BadInput: if the engine does not take the network.
        DoesNotFit: if no engine is fast enough, or fits; the message says what would.
    """
    engines = engines_of(network, device, margin_port)
    fastest = min(engine.cycles for engine in engines)
    for engine in engines:
        if engine.cycles <= max_cycles and _fits(engine, device):
            folding = EngineFolding(engine.lanes, engine.count_storage, engine.cycles)
            return Schedule(network.digest, device.name, (), Architecture.ENGINE, margin_port, folding)
    if fastest > max_cycles:
        raise DoesNotFit(f"{max_cycles} clocks an inference cannot be met by an engine; {fastest} can")
    least = min(engine_resources(engine, device).block_rams for engine in engines if engine.cycles <= max_cycles)
    raise DoesNotFit(
        f"an engine of {max_cycles} clocks an inference needs {least} {device.block_ram.name} at the least; "
        f"{device.name} has {device.block_rams}"
    )


def _fits(engine: Engine, device: Device) -> bool:
    needed = engine_resources(engine, device) + argmax_resources(engine.argmax, device)
    return (
        needed.luts <= device.luts
        and needed.flip_flops <= device.flip_flops
        and needed.block_rams <= device.block_rams
    )
