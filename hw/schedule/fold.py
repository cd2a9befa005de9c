"""Automatic folding: the fewest lookup tables that keep up, within a device's block memory."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import product

from hw.components.argmax import ArgMax
from hw.components.mvtu import LayerUnit, layer_unit
from hw.components.replay import VectorReplay
from hw.components.rom import MEMORIES
from hw.components.width import WidthConverter
from hw.devices import Device
from hw.errors import BadInput, DoesNotFit
from hw.estimate.resources import (
    Resources,
    argmax_resources,
    converter_resources,
    layer_resources,
    replay_resources,
)
from hw.network.types import Network
from hw.schedule.types import LayerFolding, Schedule, converter_clocks

_Widths = tuple[int, int]  # PE and SIMD
_Cost = Callable[[Resources], tuple[int, int]]  # what is to be least, and what decides where that is equal


@dataclass(frozen=True)
class _Choice:
    """Folding of the layers so far, and what they take."""

    folds: tuple[LayerFolding, ...]
    resources: Resources


def fold(network: Network, device: Device, max_cycles: int, margin_port: bool = False) -> Schedule:
    """Fold a network so that an inference starts at least every `max_cycles` clocks.

    Every divisor of each layer's rows (PE) and columns (SIMD) and every storage is weighed by the analytic estimate;
    the exact minimum of lookup tables under that estimate is found layer by layer (dynamic programming over the
    neighbouring layers' widths and the block memories spent). Where it needs more flip-flops than the device has, the
    minimum of flip-flops takes its place.

    Args:
        network: what to fold.
        device: what must hold it.
        max_cycles: clocks an inference at the most.
        margin_port: whether the margin of 'unsorted' is an input of the circuit.

    Raises:
        BadInput: if `max_cycles` is not positive.
        DoesNotFit: if no folding fits; the message says what would.
    """
    if max_cycles < 1:
        raise BadInput(f"clocks an inference: {max_cycles} is not possible, 1 is the least")
    best = _best(network, device, max_cycles)
    if best and _fits(best.resources, device):
        return Schedule(network.digest, device.name, best.folds, margin_port=margin_port)
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


def _best(network: Network, device: Device, max_cycles: int) -> _Choice | None:
    """The choice of fewest lookup tables, or of fewest flip-flops where only these are too many; None: too slow."""
    choice = _cheapest(network, device, max_cycles, _lookup_tables)
    if choice is None or _fits(choice.resources, device) or choice.resources.luts > device.luts:
        return choice
    return _cheapest(network, device, max_cycles, _flip_flops)


def _cheapest(network: Network, device: Device, max_cycles: int, cost: _Cost) -> _Choice | None:
    if network.head.rows > max_cycles:
        return None
    units = [layer_unit(layer, network.format_into(i)) for i, layer in enumerate(network.layers)]
    choices = [_Choice((), Resources())]
    for unit in units:
        choices = _pareto(_extended(choices, unit, device, max_cycles, cost), device, cost)
    finished = [_with_winner(choice, units[-1]) for choice in choices]
    return min(finished, key=lambda c: (not _fits(c.resources, device), cost(c.resources)), default=None)


def _extended(choices: list[_Choice], unit: LayerUnit, device: Device, max_cycles: int, cost: _Cost) -> list[_Choice]:
    """The choices so far with one more layer behind them: the cheapest for each folding and block memories spent."""
    groups: dict[_Widths | None, list[_Choice]] = {}
    for choice in choices:
        groups.setdefault(_widths(choice), []).append(choice)
    best: dict[tuple[_Widths, int], tuple[Resources, _Choice, LayerFolding]] = {}
    for (fold, resources), group in product(_options(unit, device, max_cycles, cost), groups.values()):
        joint = _joint(unit, group[0].folds[-1] if group[0].folds else None, fold, device, max_cycles)
        if joint is None:
            continue
        banks, between = joint
        here, added = replace(fold, banks=banks), between + resources
        for choice in group:
            spent = choice.resources + added
            key = ((fold.pe, fold.simd), spent.block_rams)
            if key not in best or cost(spent) < cost(best[key][0]):
                best[key] = (spent, choice, here)
    return [_Choice((*choice.folds, here), spent) for spent, choice, here in best.values()]


def _options(
    unit: LayerUnit, device: Device, max_cycles: int, cost: _Cost
) -> Iterator[tuple[LayerFolding, Resources]]:
    """Every folding of one layer that is fast enough, with what its unit takes; storages that lose are left out."""
    rows, columns = unit.weights.shape
    for pe, simd in product(_divisors(rows), _divisors(columns)):
        if (rows // pe) * (columns // simd) > max_cycles:
            continue
        found: dict[int, tuple[LayerFolding, Resources]] = {}
        for weight_storage, bias_storage in product(MEMORIES, MEMORIES):
            fold = LayerFolding(unit.name, rows, columns, pe, simd, 1, weight_storage, bias_storage)
            resources = layer_resources(unit.folded(pe, simd, weight_storage, bias_storage), device)
            best = found.get(resources.block_rams)
            if best is None or cost(resources) < cost(best[1]):
                found[resources.block_rams] = (fold, resources)
        yield from found.values()


def _joint(
    unit: LayerUnit, before: LayerFolding | None, here: LayerFolding, device: Device, max_cycles: int
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


def _pareto(choices: list[_Choice], device: Device, cost: _Cost) -> list[_Choice]:
    """For each folding of the last layer, the choices that fit and that no other beats in cost and block memory."""
    kept: list[_Choice] = []
    best: dict[_Widths | None, tuple[int, int]] = {}
    within = [choice for choice in choices if choice.resources.block_rams <= device.block_rams]
    for choice in sorted(within, key=lambda c: (c.resources.block_rams, cost(c.resources))):
        key = _widths(choice)
        if key not in best or cost(choice.resources) < best[key]:
            best[key] = cost(choice.resources)
            kept.append(choice)
    return kept


def _with_winner(choice: _Choice, head: LayerUnit) -> _Choice:
    score = head.output_format.element
    narrow = converter_resources(WidthConverter(score.bits, choice.folds[-1].pe, 1))
    winner = argmax_resources(ArgMax(head.weights.shape[0], score))
    return replace(choice, resources=choice.resources + narrow + winner)


def _lookup_tables(resources: Resources) -> tuple[int, int]:
    return resources.luts, resources.flip_flops


def _flip_flops(resources: Resources) -> tuple[int, int]:
    return resources.flip_flops, resources.luts


def _fits(resources: Resources, device: Device) -> bool:
    return (
        resources.luts <= device.luts
        and resources.flip_flops <= device.flip_flops
        and resources.block_rams <= device.block_rams
    )


def _divisors(n: int) -> list[int]:
    return [d for d in range(1, n + 1) if n % d == 0]


def _what_would_fit(network: Network, device: Device, max_cycles: int, best: _Choice | None) -> str:
    held = Resources(device.luts, device.flip_flops, device.block_rams)
    holds = f"{device.name} holds {_in_words(held, device)}"
    slowest = max(layer.weights.size for layer in network.layers)
    cycles = max_cycles
    while cycles < slowest:
        cycles = min(2 * cycles, slowest)
        best = _best(network, device, cycles)
        if best and _fits(best.resources, device):
            return f"{max_cycles} clocks an inference cannot be met: {holds}; {cycles} clocks an inference fit"
    assert best, "one row and one column a clock keep up with the slowest target"
    needs = _in_words(best.resources, device)
    return f"the network does not fit at any speed: {holds}, the smallest folding found needs about {needs}"


def _in_words(resources: Resources, device: Device) -> str:
    memories = f"{resources.block_rams} {device.block_ram.name}"
    return f"{resources.luts} LUTs, {resources.flip_flops} flip-flops and {memories}"
