"""Automatic folding: the fewest lookup tables that keep up, within a device's block memory."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product

from hw.components.argmax import ArgMax
from hw.components.matvec import MatrixVectorUnit
from hw.components.replay import VectorReplay
from hw.components.rom import Storage
from hw.components.width import WidthConverter
from hw.devices import Device
from hw.errors import BadInput, DoesNotFit
from hw.estimate.resources import (
    Resources,
    argmax_resources,
    converter_resources,
    matvec_resources,
    replay_resources,
)
from hw.network.types import Network
from hw.schedule.types import LayerFolding, Schedule, converter_clocks

_Widths = tuple[int, int]  # PE and SIMD


@dataclass(frozen=True)
class _Choice:
    """Folding of the layers so far, and what they take."""

    folds: tuple[LayerFolding, ...]
    resources: Resources


def fold(network: Network, device: Device, max_cycles: int) -> Schedule:
    """Fold a network so that an inference starts at least every `max_cycles` clocks.

    Every divisor of each layer's rows (PE) and columns (SIMD) and every storage is weighed by the analytic estimate;
    the exact minimum of lookup tables under that estimate is found layer by layer (dynamic programming over the
    neighbouring layers' widths and the block memories spent).

    Args:
        network: what to fold.
        device: what must hold it.
        max_cycles: clocks an inference at the most.

    Raises:
        BadInput: if `max_cycles` is not positive.
        DoesNotFit: if no folding fits; the message says what would.
    """
    if max_cycles < 1:
        raise BadInput(f"clocks an inference: {max_cycles} is not possible, 1 is the least")
    best = _cheapest(network, device, max_cycles)
    if best and _fits(best.resources, device):
        return Schedule(network.digest, device.name, best.folds)
    raise DoesNotFit(_what_would_fit(network, device, max_cycles, best))


def banks_needed(previous: LayerFolding | None, fold: LayerFolding) -> int:
    """How many banks the layer's replay needs so that the layer before it never waits.

    One bank takes nothing while it repeats its vector. That goes unnoticed if the repeats end before the next word is
    there, and before the first layer, whose source is taken to wait without harm.
    """
    if previous is None or fold.row_groups == 1:
        return 1
    clocks_between_words = previous.column_groups * max(1, fold.simd // previous.pe)
    clocks_repeating = (fold.row_groups - 1) * fold.column_groups
    divides = fold.simd % previous.pe == 0
    return 1 if divides and clocks_repeating < clocks_between_words else 2


def _cheapest(network: Network, device: Device, max_cycles: int) -> _Choice | None:
    if network.head.rows > max_cycles:
        return None
    units = [MatrixVectorUnit.of_layer(layer, network.format_into(i)) for i, layer in enumerate(network.layers)]
    choices = [_Choice((), Resources())]
    for unit in units:
        choices = _pareto(list(_extended(choices, unit, device, max_cycles)), device)
    finished = [_with_winner(choice, units[-1]) for choice in choices]
    return min(finished, key=lambda c: (not _fits(c.resources, device), *_order(c)), default=None)


def _extended(choices: list[_Choice], unit: MatrixVectorUnit, device: Device, max_cycles: int) -> Iterator[_Choice]:
    """Every choice so far, with every folding of one more layer behind it."""
    options = list(_options(unit, device, max_cycles))
    joints: dict[tuple[_Widths | None, _Widths], tuple[int, Resources] | None] = {}
    for choice, (fold, resources) in product(choices, options):
        key = (_widths(choice), (fold.pe, fold.simd))
        if key not in joints:
            before = choice.folds[-1] if choice.folds else None
            joints[key] = _joint(unit, before, fold, device, max_cycles)
        joint = joints[key]
        if joint is not None:
            banks, between = joint
            folds = (*choice.folds, replace(fold, banks=banks))
            yield _Choice(folds, choice.resources + between + resources)


def _options(unit: MatrixVectorUnit, device: Device, max_cycles: int) -> Iterator[tuple[LayerFolding, Resources]]:
    """Every folding of one layer that is fast enough, with what its unit takes; storages that lose are left out."""
    rows, columns = unit.weights.shape
    for pe, simd in product(_divisors(rows), _divisors(columns)):
        if (rows // pe) * (columns // simd) > max_cycles:
            continue
        found: dict[int, tuple[LayerFolding, Resources]] = {}
        for weight_storage, bias_storage in product(Storage, Storage):
            fold = LayerFolding(unit.name, rows, columns, pe, simd, 1, weight_storage, bias_storage)
            resources = matvec_resources(unit.folded(pe, simd, weight_storage, bias_storage), device)
            best = found.get(resources.block_rams)
            if best is None or resources.luts < best[1].luts:
                found[resources.block_rams] = (fold, resources)
        yield from found.values()


def _joint(
    unit: MatrixVectorUnit, before: LayerFolding | None, here: LayerFolding, device: Device, max_cycles: int
) -> tuple[int, Resources] | None:
    """Banks of the replay before a layer, and what converter and replay take; None if they cannot keep up."""
    lanes = here.simd if before is None else before.pe
    if converter_clocks(lanes, here) > max_cycles:
        return None
    banks = banks_needed(before, here)
    bits = unit.element.bits
    replay = VectorReplay(bits * here.simd, here.column_groups, here.row_groups, banks)
    converter = WidthConverter(bits, lanes, here.simd)
    return banks, replay_resources(replay, device) + converter_resources(converter)


def _widths(choice: _Choice) -> _Widths | None:
    """PE and SIMD of the last layer so far, which is all that the next one sees of it."""
    return (choice.folds[-1].pe, choice.folds[-1].simd) if choice.folds else None


def _pareto(choices: list[_Choice], device: Device) -> list[_Choice]:
    """For each folding of the last layer, the choices that no other beats in lookup tables and block memory."""
    kept: list[_Choice] = []
    best: dict[_Widths | None, int] = {}
    for choice in sorted(choices, key=lambda c: (c.resources.block_rams, *_order(c))):
        key = _widths(choice)
        if key not in best or choice.resources.luts < best[key]:
            best[key] = choice.resources.luts
            kept.append(choice)
    within = [c for c in kept if c.resources.block_rams <= device.block_rams]
    # Where nothing fits, the smallest stays, so that the error can say what it would take.
    return within or sorted(kept, key=lambda c: c.resources.block_rams)[:1]


def _with_winner(choice: _Choice, head: MatrixVectorUnit) -> _Choice:
    bits = head.total_format.bits
    narrow = converter_resources(WidthConverter(bits, choice.folds[-1].pe, 1))
    winner = argmax_resources(ArgMax(head.weights.shape[0], head.total_format))
    return replace(choice, resources=choice.resources + narrow + winner)


def _order(choice: _Choice) -> tuple[int, int]:
    return choice.resources.luts, choice.resources.flip_flops


def _fits(resources: Resources, device: Device) -> bool:
    return resources.luts <= device.luts and resources.block_rams <= device.block_rams


def _divisors(n: int) -> list[int]:
    return [d for d in range(1, n + 1) if n % d == 0]


def _what_would_fit(network: Network, device: Device, max_cycles: int, best: _Choice | None) -> str:
    holds = f"{device.name} holds {device.luts} LUTs and {device.block_rams} {device.block_ram.name}"
    slowest = max(layer.weights.size for layer in network.layers)
    cycles = max_cycles
    while cycles < slowest:
        cycles = min(2 * cycles, slowest)
        slower = _cheapest(network, device, cycles)
        if slower and _fits(slower.resources, device):
            return f"{max_cycles} clocks an inference cannot be met: {holds}; {cycles} clocks an inference fit"
        best = slower or best
    if best is None:
        return f"{max_cycles} clocks an inference cannot be met: {network.head.rows} scores take a clock each"
    needs = f"{best.resources.luts} LUTs and {best.resources.block_rams} {device.block_ram.name}"
    return f"the network does not fit at any speed: {holds}, the smallest folding found needs about {needs}"
