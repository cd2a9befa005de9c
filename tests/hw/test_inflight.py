"""The notes of inferences in flight, against lists."""

from random import Random

import pytest
from amaranth.sim import Simulator
from hypothesis import given, settings
from hypothesis import strategies as st

from hw.components.inflight import InFlight


@settings(deadline=None, max_examples=20)
@given(st.integers(1, 3), st.sampled_from([2, 4]), st.integers(0, 2**32 - 1))
def test_readers_see_the_oldest_tag_and_older_tells_of_a_mark(words, capacity, seed):
    random = Random(seed)
    spec = InFlight(word_bits=4, words=words, tag_bits=3, readers=2, capacity=capacity)
    circuit = spec.circuit()

    async def testbench(ctx):
        tags, at, ended, marked = [], [0, 0], 0, 0  # of all that began; read by each; left; begun up to a mark
        word, passed, valid = 0, 0, False
        for _ in range(300):
            assert ctx.get(circuit.older) == (marked > ended)
            tag, valid = random.randrange(8), valid or random.random() < 0.7
            finished = [at[r] < len(tags) and random.random() < 0.5 for r in range(2)]
            ends = ended < min(at) and random.random() < 0.3
            mark = random.random() < 0.2
            for reader in range(2):
                if at[reader] < len(tags):
                    assert ctx.get(getattr(circuit, f"tag{reader}")) == tags[at[reader]]
            ctx.set(circuit.i.valid, valid)
            ctx.set(circuit.i.payload, word % 16)
            ctx.set(circuit.o.ready, random.random() < 0.7)
            ctx.set(circuit.tag, tag)
            ctx.set(circuit.finished, finished[0] | finished[1] << 1)
            ctx.set(circuit.ended, ends)
            ctx.set(circuit.mark, mark)
            begins = valid and passed == words * len(tags) and len(tags) - ended < capacity
            if ctx.get(circuit.o.valid & circuit.o.ready):
                assert passed < words * len(tags) and ctx.get(circuit.o.payload) == word % 16
                passed += 1
            taken = ctx.get(circuit.i.valid & circuit.i.ready)
            await ctx.tick()
            word, valid = word + taken, valid and not taken
            if begins:
                tags.append(tag)
            at = [count + done for count, done in zip(at, finished, strict=True)]
            ended += ends
            marked = len(tags) if mark else marked
        assert len(tags) > 5 and ended > 2

    simulator = Simulator(circuit)
    simulator.add_clock(1e-6)
    simulator.add_testbench(testbench)
    simulator.run()


def test_impossible_capacities_are_refused():
    with pytest.raises(ValueError, match="3 is no power of two"):
        InFlight(4, 1, 1, 1, 3)
