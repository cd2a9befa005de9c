"""Memories: what the estimate says that they take is what synthesis makes of them."""

import numpy as np
import pytest
from amaranth.back import rtlil
from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hw.components.columns import Columns, bits_of
from hw.components.engine.activations import ActivationMemory
from hw.components.matvec import MatrixVectorUnit
from hw.components.rom import Rom, Storage
from hw.devices import device_named
from hw.estimate.mapping import in_blocks, in_blocks_written_by_bit
from hw.estimate.memory import MemoryShape, memory_resources
from hw.estimate.parts.matvec import matvec_memories
from hw.network.types import BIPOLAR
from hw.tools import yosys

FAMILIES = {"ice40": "up5k", "ecp5": "lfe5u-25f", "xc7": "xc7a35t"}


@pytest.mark.parametrize(
    ("depth", "width", "readers", "is_written", "blocks"),
    [
        # Rows of cells share cells: three rows of twenty bits in four cells of sixteen; naively it would be five.
        (700, 20, 1, False, {"ice40": 4, "ecp5": 2, "xc7": 2}),
        # One cell more is cheaper than a choice among rows of cells.
        (2048, 9, 1, False, {"ice40": 5, "ecp5": 1, "xc7": 1}),
        (5000, 1, 1, False, {"ice40": 2, "ecp5": 1, "xc7": 1}),
        # Two readers share what has two ports.
        (512, 40, 2, False, {"ice40": 10, "ecp5": 3, "xc7": 3}),
        # Bytes that are written take the ninth bit along.
        (256, 36, 1, True, {"ice40": 3, "ecp5": 2, "xc7": 2}),
        (2, 3, 1, False, {"ice40": 1, "ecp5": 1, "xc7": 1}),
    ],
)
def test_blocks_that_synthesis_was_seen_to_take(depth, width, readers, is_written, blocks):
    """Counts of Yosys 0.70."""
    assert {family: in_blocks(family, depth, width, readers, is_written).units for family in FAMILIES} == blocks


def test_lanes_that_are_written_but_not_read_take_no_block():
    assert in_blocks("ice40", 2048, 16, is_written=True).units == 8
    assert in_blocks("ice40", 2048, 9, is_written=True).units == 5


@pytest.mark.parametrize(("words", "blocks"), [(2, 1), (512, 1), (513, 2), (3000, 6)])
def test_activations_of_an_engine_on_ice40(words, blocks):
    """Counts of Yosys 0.70."""
    assert in_blocks_written_by_bit("ice40", words, 3).units == blocks


def test_columns_that_are_constant_are_told_from_those_that_repeat_others():
    words = np.array([[0, 1, 0, 1, 1], [0, 1, 1, 0, 0], [0, 1, 0, 1, 1]], np.bool_)
    assert Columns.of(words) == Columns(varying=3, distinct=2)
    assert Columns.of(words[:1]) == Columns(varying=0, distinct=0)


def test_bits_of_integers_stand_side_by_side():
    assert bits_of(np.array([[-1, 2], [1, 0]]), 2).tolist() == [[1, 1, 0, 1], [1, 0, 0, 0]]


@pytest.mark.parametrize("storage", [Storage.BLOCK, Storage.LOGIC])
def test_constant_weights_are_left_out_of_the_memory(storage):
    """A column of the network whose weights are all alike."""
    weights = np.random.default_rng(0).random((64, 8)) < 0.5
    weights[:, 3] = True
    unit = MatrixVectorUnit("h", BIPOLAR, weights, np.arange(64), 0, True, 1, 8, storage, storage)
    parity_differs = matvec_memories(unit)[0].width
    # Where the column is the third of its group it is stored as a parity, which varies.
    kept = Columns.of(unit.terms.encode(unit.to_words(weights)).reshape(64, -1))
    assert parity_differs == kept.varying
    weights[:, :] = True
    constant = MatrixVectorUnit("h", BIPOLAR, weights, np.arange(64), 0, True, 1, 8, storage, storage)
    assert memory_resources(matvec_memories(constant)[0], device_named("up5k")).block_rams == 0


def test_a_bank_that_repeats_another_costs_logic_nothing_and_blocks_their_room():
    weights = np.random.default_rng(0).random((64, 8)) < 0.5
    for storage, copies in ((Storage.LOGIC, 1), (Storage.BLOCK, 2)):
        unit = MatrixVectorUnit("h", BIPOLAR, weights, np.arange(64), 0, True, 1, 8, storage, storage)
        alike = MatrixVectorUnit(
            "h", BIPOLAR, weights.copy(), np.arange(64), 0, True, 1, 8, storage, storage, further=(unit,)
        )
        other = MatrixVectorUnit(
            "h", BIPOLAR, ~weights, np.arange(64), 0, True, 1, 8, storage, storage, further=(unit,)
        )
        assert matvec_memories(alike)[0].depth == 64 * copies
        assert matvec_memories(other)[0].depth == 128


class Memories(wiring.Component):
    """Memories by themselves, each behind ports of its own."""

    def __init__(self, shapes):
        self.shapes = shapes
        ports = {}
        for index, shape in enumerate(shapes):
            address = max(1, (shape.depth - 1).bit_length())
            for reader in range(shape.readers):
                name = f"{index}_{reader}"
                ports |= {f"at{name}": In(address), f"en{name}": In(1), f"word{name}": Out(shape.width)}
            if shape.is_written:
                ports |= {f"to{index}": In(address), f"we{index}": In(-(-shape.width // 8)), f"byte{index}": In(8)}
        super().__init__(ports)

    def elaborate(self, platform):
        m = Module()
        rng = np.random.default_rng(0)
        for index, shape in enumerate(self.shapes):
            bits = rng.random((shape.depth, shape.width)) < 0.5
            bits[0], bits[-1] = False, True  # no column is constant
            rows = [int.from_bytes(np.packbits(word).tobytes(), "big") >> -shape.width % 8 for word in bits]
            rom = Rom(rows, shape.width, Storage.BLOCK, shape.is_written)
            m.submodules[f"memory{index}"] = memory = rom.memory()
            for reader in range(shape.readers):
                port = memory.read_port()
                at, enable, word = (getattr(self, f"{name}{index}_{reader}") for name in ("at", "en", "word"))
                m.d.comb += [port.addr.eq(at), port.en.eq(enable), word.eq(port.data)]
            if shape.is_written:
                port = memory.write_port(granularity=8)
                to, enable, byte = (getattr(self, f"{name}{index}") for name in ("to", "we", "byte"))
                m.d.comb += [port.addr.eq(to), port.en.eq(enable), port.data.eq(byte.replicate(rom.row_bytes))]
        return m


@st.composite
def shapes(draw):
    depth = int(2 ** draw(st.floats(1, 13)))
    width = draw(st.integers(1, max(1, min(90, 30_000 // depth))))
    is_written = draw(st.booleans())
    readers = 1 if is_written else draw(st.sampled_from([1, 1, 1, 2, 3]))
    return MemoryShape(depth, width, Storage.BLOCK, readers, is_written)


@pytest.mark.synth
@pytest.mark.parametrize("device", FAMILIES.values())
@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(shapes(), min_size=8, max_size=8))
def test_block_memories_are_counted_exactly(device, tmp_path, memories):
    device = device_named(device)
    counted = synthesised(Memories(memories), device, tmp_path)
    assert counted.block_rams == sum(memory_resources(memory, device).block_rams for memory in memories)


@pytest.mark.synth
@pytest.mark.parametrize("device", FAMILIES.values())
@pytest.mark.parametrize("words", [2, 257, 3000])
def test_activations_are_counted_exactly(device, tmp_path, words):
    device = device_named(device)
    counted = synthesised(ActivationMemory(8, words).circuit(), device, tmp_path)
    assert counted.block_rams == in_blocks_written_by_bit(device.family, words, 3).units


def synthesised(circuit, device, folder):
    """Cells that Yosys makes of a circuit."""
    (folder / "top.il").write_text(rtlil.convert(circuit, name="top", emit_src=False))
    return yosys.synthesise("top.il", "top", device, folder, "mapped.json")
