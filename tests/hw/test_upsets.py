"""Flipped bits of memories: computed in NumPy, they are those of the gateware with the same bits flipped."""

from itertools import product

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from hw.accelerator.accelerator import Accelerator
from hw.components.rom import Rom
from hw.errors import BadInput
from hw.faults.memories import StoredNetwork
from hw.faults.stages import COUNT_TABLES, FURTHER_THRESHOLDS, OFFSETS, TABLE, THRESHOLDS, WEIGHTS
from hw.faults.upsets import EVERYWHERE, inject, upset
from hw.network.types import BIPOLAR, IntegerFormat
from hw.network.vectors import random_inputs
from hw.simulate import amaranth, compiled
from tests.hw.disturbances import paper
from tests.hw.networks import engine_schedule, random_network, random_schedule, random_table

NO_SHRINKING = (Phase.explicit, Phase.generate)
INT3, UINT2 = IntegerFormat(3, signed=True), IntegerFormat(2, signed=False)
SPIKES = 12


def drawn(rng, kind, bits=4):
    """A small accelerator: of the engine, or a pipeline whose layers are folded and stored in any way."""
    source = IntegerFormat(bits, signed=True)
    front = random_table(rng, source, (BIPOLAR, INT3)[rng.integers(2)]) if kind == "pipeline with a table" else None
    activations = (UINT2, BIPOLAR) if kind == "pipeline of several thresholds" else (BIPOLAR,)
    network = random_network(rng, 6, (8, 12), 4, source, activations, front)
    if kind == "engine":
        return Accelerator(network, engine_schedule(network, lanes=int(rng.choice([8, 16]))))
    return Accelerator(network, random_schedule(rng, network, "xc7a35t", unrolled_share=0.1))


KINDS = ["pipeline", "pipeline of several thresholds", "pipeline with a table", "engine"]


def rows_of(bits):
    return [int("".join("01"[bit] for bit in reversed(row)), 2) for row in bits.tolist()]


def tampered(accelerator, memory, bits):
    """The memories of the circuit that hold a memory's bits, each with its rows before and after."""
    stage = StoredNetwork(accelerator).stages[memory.stage][1]
    if accelerator.engine:
        return tampered_engine(accelerator.engine, memory, bits)
    if memory.holds == TABLE:
        return [(stage.lookup.rom, rows_of(bits))]
    if memory.holds == FURTHER_THRESHOLDS:
        return [(stage.thresholds.bank[0], rows_of(bits))]
    unit = getattr(stage, "products", stage).unit
    *tables, constants = unit.bank[len(unit.weight_roms) :]
    if memory.holds == WEIGHTS:
        (rom,) = unit.weight_roms
        return [(rom, rows_of(bits))]
    if memory.holds == COUNT_TABLES:
        return [(rom, rows_of(part)) for rom, part in zip(tables, np.split(bits, len(tables)), strict=True)]
    return [(constants, rows_of(bits))]


def tampered_engine(engine, memory, bits):
    index = memory.stage
    if memory.holds != WEIGHTS:
        rom, phase = engine.row_rom, index + 1
        rows, start, mask = list(rom.rows), phase << engine.row_bits, (1 << engine.total_bits) - 1
        for row, constant in enumerate(rows_of(bits), start):
            rows[row] = rows[row] & ~mask | constant
        return [(rom, rows)]
    before = sum(len(layer.words(engine.lanes)) for layer in engine.layers[:index])
    words = [word for rom in engine.weight_roms for word in rom.rows]
    words[before : before + len(bits)] = rows_of(bits)
    changes, start = [], 0
    for rom in engine.weight_roms:
        changes.append((rom, words[start : start + len(rom.rows)]))
        start += len(rom.rows)
    return changes


def run_tampered(run, changes):
    """A run of the circuit whose memories hold other rows; None if its memories cannot be told apart."""
    seen = []

    def memory(rom):
        for index, (before, after) in enumerate(changes):
            if (list(rom.rows), rom.width) == (list(before.rows), before.width):
                seen.append(index)
                return original(Rom(after, rom.width, rom.storage, rom.writable))
        return original(rom)

    original = Rom.memory
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Rom, "memory", memory)
        result = run()
    return result if sorted(seen) == list(range(len(changes))) else None


def held_against_the_gateware(seed, kind, flips):
    """Flips bits of one memory; which one, and how many words of the gateware that changed."""
    rng = np.random.default_rng(seed)
    accelerator = drawn(rng, kind)
    stored = StoredNetwork(accelerator)
    if not stored.memories:
        return None
    memory = stored.memories[rng.integers(len(stored.memories))]
    faulty = upset([memory], min(flips, memory.bits.size), rng)
    spikes = random_inputs(accelerator.network.input_format, 6, SPIKES, seed)
    changes = tampered(accelerator, memory, faulty[memory.name])
    result = run_tampered(lambda: amaranth.simulate(accelerator, spikes), changes)
    if result is None:
        return None
    run, n_layers = stored.run(spikes), len(accelerator.network.layers)
    gateware = (*result.words, result.scores)
    for ours, theirs in zip(gateware, run.outputs(faulty)[-n_layers:], strict=True):
        assert np.array_equal(ours, theirs), memory.name
    assert np.array_equal(result.classes, run.answers(faulty))
    changed = sum(int((ours != theirs).sum()) for ours, theirs in zip(gateware, run.intact[-n_layers:], strict=True))
    return memory.holds, changed


@pytest.mark.verify("injected")
@settings(deadline=None, phases=NO_SHRINKING, max_examples=8)
@given(st.integers(0, 2**32 - 1), st.sampled_from(KINDS), st.sampled_from([1, 2, 8]))
def test_flipped_bits_are_those_of_the_gateware(seed, kind, flips):
    """Bits flipped in a memory give in NumPy what the gateware with these bits flipped gives."""
    held_against_the_gateware(seed, kind, flips)


@pytest.mark.slow
@pytest.mark.verify("injected")
def test_flipped_bits_are_those_of_the_gateware_for_every_kind_of_memory(record_property):
    """Bits flipped in every kind of memory give in NumPy what the gateware gives, every word of every layer."""
    cases = product(KINDS, (1, 3, 16), range(6))
    found = [held_against_the_gateware(seed, kind, flips) for seed, (kind, flips, _) in enumerate(cases)]
    compared = [one for one in found if one is not None]
    record_property("designs", len(compared))
    record_property("words_changed", sum(changed for _, changed in compared))
    assert {holds for holds, changed in compared if changed} == {
        *(WEIGHTS, COUNT_TABLES, THRESHOLDS, FURTHER_THRESHOLDS, OFFSETS, TABLE)
    }


@pytest.mark.slow
@pytest.mark.verify("injected")
@pytest.mark.parametrize("flips", [1, 64, 4096])
def test_flipped_bits_of_the_papers_network(cache, flips, record_property):
    """Bits flipped in all memories of the paper's network give in NumPy what its compiled gateware gives."""
    accelerator = paper(np.random.default_rng(0))
    stored, network = StoredNetwork(accelerator), accelerator.network
    faulty = upset(stored.memories, flips, np.random.default_rng(flips))
    wrong = [memory for memory in stored.memories if memory.name in faulty]
    changes = [change for memory in wrong for change in tampered(accelerator, memory, faulty[memory.name])]
    spikes = random_inputs(network.input_format, network.n_inputs, 1000, seed=flips)
    result = run_tampered(lambda: compiled.simulate(accelerator, spikes, cache=cache), changes)
    run = stored.run(spikes)
    for ours, theirs in zip((*result.words, result.scores), run.outputs(faulty), strict=True):
        assert np.array_equal(ours, theirs)
    assert np.array_equal(result.classes, run.answers(faulty))
    record_property("spikes", len(spikes))
    record_property("flips", flips)
    record_property("answers_changed", int((result.classes != run.answers({})).sum()))


def test_contents_as_they_should_be_are_the_network():
    for seed, kind in enumerate(KINDS * 3):
        accelerator = drawn(np.random.default_rng(seed), kind)
        stored = StoredNetwork(accelerator)
        spikes = random_inputs(accelerator.network.input_format, 6, 200, seed)
        answers = stored.run(spikes).answers({memory.name: memory.bits for memory in stored.memories})
        assert np.array_equal(answers, accelerator.network.classes(spikes))


def accuracy_curve(run, **chosen):
    unfaulted = run.answers({})
    measures = {"agreement": lambda answers: float((answers == unfaulted).mean())}
    chosen = {"most_flips": 64, "draws": 5, "seed": 1, "progress": lambda fraction: None, **chosen}
    return inject(run, measures, **chosen)


def test_accuracy_falls_with_flipped_bits_and_a_seed_gives_the_same_draws():
    accelerator = drawn(np.random.default_rng(3), "pipeline")
    stored = StoredNetwork(accelerator)
    run, told = stored.run(random_inputs(accelerator.network.input_format, 6, 300, 0)), []
    points = accuracy_curve(run, progress=told.append)
    assert [point.accuracy for point in points] == [point.accuracy for point in accuracy_curve(run)]
    assert told[-1] == 1.0 and told == sorted(told)
    everywhere = [point for point in points if point.place == EVERYWHERE]
    assert [point.flips for point in everywhere] == [1, 2, 4, 8, 16, 32, 64]
    assert {point.place for point in points} == {EVERYWHERE, *(memory.name for memory in stored.memories)}
    assert np.mean(everywhere[0].accuracy["agreement"]) > np.mean(everywhere[-1].accuracy["agreement"])
    for memory in stored.memories:
        assert max(point.flips for point in points if point.place == memory.name) <= memory.bits.size


def test_every_flip_hits_another_bit():
    memories = StoredNetwork(drawn(np.random.default_rng(5), "pipeline with a table")).memories
    everything = sum(memory.bits.size for memory in memories)
    faulty = upset(memories, everything, np.random.default_rng(0))
    assert all((faulty[memory.name] != memory.bits).all() for memory in memories)


def test_a_network_without_memories_is_refused():
    network = random_network(np.random.default_rng(0), 6, (8,), 3)
    accelerator = Accelerator(network, random_schedule(np.random.default_rng(0), network, unrolled_share=1.0))
    run = StoredNetwork(accelerator).run(random_inputs(network.input_format, 6, 4, 0))
    with pytest.raises(BadInput, match="no memory holds weights or thresholds"):
        accuracy_curve(run)
