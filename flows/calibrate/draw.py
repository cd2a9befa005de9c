"""Random accelerators of every kind, by seed: what the models are fitted to, and others that judge the fit."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from flows.calibrate.record import DesignRecord, LayerRecord
from hw.components.rom import Storage
from hw.components.terms import TABLE_PATTERNS, most_count_tables
from hw.devices import Device, device_named
from hw.network.types import IntegerFormat

DEVICES = ("up5k", "lfe5u-25f", "xc7a35t")
"""One device of each family."""


class Purpose(StrEnum):
    """What a set of designs is for; their seeds have nothing in common."""

    TRAIN = "train"
    VALIDATION = "validation"


class Kind(StrEnum):
    """Kinds of design."""

    FOLDED = "folded"  # small, every layer folded
    MIXED = "mixed"  # small, one layer of several unrolled
    CHANGING = "changing"  # small, weight sets or weights that are loaded
    UNROLLED = "unrolled"  # small, every layer unrolled
    ENGINE = "engine"  # one unit for all layers
    WHOLE = "whole"  # 48 -> 256 -> 256 -> classes


COUNTS = {
    Purpose.TRAIN: (22, 4, 6, 5, 5, 4),
    Purpose.VALIDATION: (34, 5, 8, 6, 6, 6),
}
"""Designs of each kind."""

_INPUT_FORMATS = ("INT8", "INT8", "INT8", "INT4", "INT6", "UINT8", "BIPOLAR", "BIPOLAR")
_OUTPUTS = ("BIPOLAR",) * 6 + ("UINT1", "UINT2", "INT3", "INT4")
_WIDTHS = (8, 12, 16, 16, 20, 24, 32, 32, 40, 48, 64, 128)
_SPREADS = (0.1, 0.3, 1.0)
_WHOLE_CLOCKS = (256, 512, 1024, 2048, 4096)
_ENGINE_WIDTHS = (16, 32, 48, 64, 100, 128, 256)

# What keeps most syntheses within seconds.
_MOST_LOGIC = {Kind.WHOLE: 6000, Kind.UNROLLED: 1500}
_MOST_LOGIC_OF_OTHERS = 500
_MOST_MEMORY_BITS_IN_LOGIC = 12_000
_CONSTANT_BITS = 14
_DEEP_SHARE = 0.4


@dataclass(frozen=True)
class Drawn:
    """A design and its kind."""

    kind: Kind
    record: DesignRecord


def drawn(purpose: Purpose, device: str) -> list[Drawn]:
    """All designs of a set for a device; any number of the first ones has every kind in it."""
    numbered = [
        ((number + 0.5) / count, kind, number)
        for kind, count in zip(Kind, COUNTS[purpose], strict=True)
        for number in range(count)
    ]
    return [Drawn(kind, draw(purpose, device, kind, number)) for _, kind, number in sorted(numbered)]


def draw(purpose: Purpose, device: str, kind: Kind, number: int) -> DesignRecord:
    """One design; the same arguments give the same one."""
    seed = [list(Purpose).index(purpose), DEVICES.index(device), list(Kind).index(kind), number]
    rng = np.random.default_rng(seed)
    candidates = (_DRAWS[kind](rng, device_named(device)) for _ in iter(int, 1))
    record = next(record for record in candidates if _is_small_enough(record, kind))
    return _with_deep_pipeline(record) if rng.random() < _DEEP_SHARE else record


def _folded(rng: np.random.Generator, device: Device) -> DesignRecord:
    network = _small_network(rng, device, hidden=int(rng.choice((0, 1, 1, 1, 2, 2))))
    interval = int(rng.choice((8, 16, 32, 64, 128, 256, 512))) if rng.random() < 0.6 else None
    return _with_layers(network, lambda index: _folded_layer(rng, network, index, device, interval))


def _mixed(rng: np.random.Generator, device: Device) -> DesignRecord:
    network = _small_network(rng, device, hidden=int(rng.integers(1, 3)))
    chosen = int(rng.integers(len(network.layers)))

    def layer(index: int) -> LayerRecord:
        if index == chosen:
            return _unrolled_layer(rng, network, index)
        return _folded_layer(rng, network, index, device, None)

    return _with_layers(network, layer)


def _changing(rng: np.random.Generator, device: Device) -> DesignRecord:
    network = replace(
        _small_network(rng, device, hidden=int(rng.integers(1, 3))), weight_sets=int(rng.choice((1, 2, 4)))
    )
    loads = network.weight_sets == 1 or rng.random() < 0.5

    def layer(index: int) -> LayerRecord:
        layer = replace(_folded_layer(rng, network, index, device, None), count_tables=0)
        is_loadable = loads and (index == 0 or bool(rng.random() < 0.7))
        if not is_loadable:
            return layer
        if not device.writes_luts:
            layer = replace(layer, weight_storage=Storage.BLOCK, bias_storage=Storage.BLOCK)
        return replace(layer, loadable=True)

    return _with_layers(network, layer)


def _unrolled(rng: np.random.Generator, device: Device) -> DesignRecord:
    network = _small_network(rng, device, hidden=int(rng.choice((0, 1, 1, 2))))
    levels = int(rng.integers(1, 5))
    return _with_layers(network, lambda index: replace(_unrolled_layer(rng, network, index), levels_per_stage=levels))


def _engine(rng: np.random.Generator, device: Device) -> DesignRecord:
    hidden = [int(rng.choice(_ENGINE_WIDTHS)) for _ in range(rng.integers(0, 3))]
    return replace(
        _small_network(rng, device, hidden=0),
        n_inputs=int(rng.choice((16, 30, 48, 64))),
        layers=tuple(LayerRecord(rows) for rows in (*hidden, int(rng.integers(2, 9)))),
        front=None,
        lanes=int(rng.choice((8, 16, 16, 32))),
        count_storage=Storage(str(rng.choice((Storage.BLOCK, Storage.LOGIC)))),
    )


def _whole(rng: np.random.Generator, device: Device) -> DesignRecord:
    network = DesignRecord(
        device.name,
        seed=int(rng.integers(1 << 31)),
        n_inputs=48,
        input_format="INT8",
        layers=(LayerRecord(256), LayerRecord(256), LayerRecord(int(rng.integers(3, 9)))),
        spread=float(rng.choice(_SPREADS)),
    )
    interval = int(rng.choice(_WHOLE_CLOCKS))

    def layer(index: int) -> LayerRecord:
        in_block = replace(
            _folded_layer(rng, network, index, device, interval), weight_storage=Storage.BLOCK, count_tables=0
        )
        return replace(in_block, weight_storage=Storage.LOGIC) if index == 2 and rng.random() < 0.5 else in_block

    return _with_layers(network, layer)


_DRAWS: dict[Kind, Callable[[np.random.Generator, Device], DesignRecord]] = {
    Kind.FOLDED: _folded,
    Kind.MIXED: _mixed,
    Kind.CHANGING: _changing,
    Kind.UNROLLED: _unrolled,
    Kind.ENGINE: _engine,
    Kind.WHOLE: _whole,
}


def _small_network(rng: np.random.Generator, device: Device, hidden: int) -> DesignRecord:
    """A network that is not folded yet."""
    rows = [int(rng.choice(_WIDTHS)) for _ in range(hidden)]
    layers = (*(LayerRecord(n, output=str(rng.choice(_OUTPUTS))) for n in rows), LayerRecord(int(rng.integers(2, 9))))
    input_format = str(rng.choice(_INPUT_FORMATS))
    has_front = input_format == "INT8" and rng.random() < 0.15
    return DesignRecord(
        device.name,
        seed=int(rng.integers(1 << 31)),
        n_inputs=int(rng.choice(_WIDTHS[:-1])),
        input_format=input_format,
        layers=layers,
        front=str(rng.choice(("INT4", "UINT3"))) if has_front else None,
        spread=float(rng.choice(_SPREADS)),
        fraction_bits=int(rng.choice((0, 0, 0, 2))),
        margin=int(rng.choice((0, 0, 0, 2))),
        margin_port=bool(rng.random() < 0.1),
    )


def _with_deep_pipeline(record: DesignRecord) -> DesignRecord:
    """With the registers that folded layers can have more of."""
    return _with_layers(
        record,
        lambda index: replace(
            record.layers[index],
            deep_pipeline=record.lanes is None and record.layers[index].weight_storage is not Storage.CONSTANT,
        ),
    )


def _with_layers(network: DesignRecord, layer: Callable[[int], LayerRecord]) -> DesignRecord:
    return replace(network, layers=tuple(layer(index) for index in range(len(network.layers))))


def _folded_layer(
    rng: np.random.Generator, network: DesignRecord, index: int, device: Device, interval: int | None
) -> LayerRecord:
    """Any PE and SIMD, or such that the layer takes that many clocks or nearly so; any storages."""
    layer, columns, element = network.layers[index], network.columns[index], network.elements[index]
    foldings = [(pe, simd) for pe in _divisors(layer.rows) for simd in _divisors(columns)]
    if interval is not None:
        foldings = _near(foldings, layer.rows * columns, interval)
    pe, simd = foldings[rng.integers(len(foldings))]
    most = most_count_tables(element, simd)
    words = network.weight_sets * layer.rows // pe * (columns // simd)
    widest, _ = max(device.block_ram.shapes, key=lambda shape: shape[1])
    counts = rng.random() < 0.25 and words * TABLE_PATTERNS <= widest
    return replace(
        layer,
        pe=pe,
        simd=simd,
        weight_storage=Storage.BLOCK if rng.random() < 0.6 else Storage.LOGIC,
        bias_storage=Storage.BLOCK if rng.random() < 0.4 else Storage.LOGIC,
        count_tables=int(rng.integers(most + 1)) if counts else 0,
    )


def _near(foldings: list[tuple[int, int]], products: int, interval: int) -> list[tuple[int, int]]:
    """Those of more than half of so many clocks, or the slowest of those that are quicker."""
    quick_enough = [(pe, simd) for pe, simd in foldings if products // (pe * simd) <= interval]
    near = [(pe, simd) for pe, simd in quick_enough if 2 * products // (pe * simd) > interval]
    least = min(pe * simd for pe, simd in quick_enough)
    return near or [(pe, simd) for pe, simd in quick_enough if pe * simd == least]


def _unrolled_layer(rng: np.random.Generator, network: DesignRecord, index: int) -> LayerRecord:
    constant = Storage.CONSTANT
    return replace(
        network.layers[index],
        pe=network.layers[index].rows,
        simd=network.columns[index],
        weight_storage=constant,
        bias_storage=constant,
        levels_per_stage=int(rng.integers(1, 5)),
    )


def _is_small_enough(record: DesignRecord, kind: Kind) -> bool:
    """Whether it is synthesised in seconds and fits its device."""
    if record.lanes is not None:
        return _engine_memory_bits(record) <= _memory_bits(device_named(record.device)) // 2
    logic, bits_in_logic, blocks = map(sum, zip(*_sizes(record), strict=True))
    device = device_named(record.device)
    return (
        logic <= _MOST_LOGIC.get(kind, _MOST_LOGIC_OF_OTHERS)
        and bits_in_logic <= _MOST_MEMORY_BITS_IN_LOGIC
        and blocks <= device.block_rams
    )


def _sizes(record: DesignRecord) -> Iterator[tuple[int, int, int]]:
    """Of each layer roughly: lookup tables, bits of memory in logic, block memories."""
    kind = device_named(record.device).block_ram
    for layer, columns, element in zip(record.layers, record.columns, record.elements, strict=True):
        bits_a_product = 2 if element.bipolar else element.bits + 1
        products = layer.pe * layer.simd
        if layer.weight_storage is Storage.CONSTANT:
            yield products * bits_a_product // 2, 0, 0
            continue
        banks = record.weight_sets + layer.loadable
        words, groups = banks * layer.rows * columns // products, banks * layer.rows // layer.pe
        levels = IntegerFormat.from_name(layer.output).n_values - 1
        memories = [
            (layer.weight_storage, words, products),
            (layer.bias_storage, groups, layer.pe * _CONSTANT_BITS * levels),
        ]
        in_logic = sum(n * width for storage, n, width in memories if storage is Storage.LOGIC)
        blocks = sum(kind.count(n, width) for storage, n, width in memories if storage is Storage.BLOCK)
        replay = columns * element.bits if layer.rows > layer.pe else 0
        logic = products * bits_a_product + layer.pe * _CONSTANT_BITS * levels + replay // 2
        yield logic, in_logic, blocks + layer.count_tables


def _engine_memory_bits(record: DesignRecord) -> int:
    return sum(layer.rows * columns for layer, columns in zip(record.layers, record.columns, strict=True))


def _memory_bits(device: Device) -> int:
    depth, width = device.block_ram.shapes[0]
    return depth * width * device.block_rams


def _divisors(n: int) -> list[int]:
    return [d for d in range(1, n + 1) if n % d == 0]
