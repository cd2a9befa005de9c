"""The SPI: bytes both ways at once, at the fastest clock that is promised."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hw.link.frames import END
from hw.link.spi import CLOCKS_PER_BIT, SpiPeripheral
from hw.simulate.streams import CLOCK_PERIOD_S
from tests.hw.link.bench import simulated

BYTES = st.lists(st.integers(0, 255), max_size=5)


class Controller:
    """Clocks bytes to a peripheral that has bytes waiting."""

    def __init__(self, waiting, half, shift=0):
        self.circuit = SpiPeripheral().circuit()
        self.waiting, self.half, self.shift = waiting, half, shift
        self.to_design, self.to_controller, self.taken = [], [], 0

    def run(self, *transfers):
        """Transfers `(bytes, bits of one more byte)`, CS high between."""
        simulated(self.circuit, self._transfers(transfers), background=(self._design,))

    def _transfers(self, transfers):
        # Edges come anywhere between two clocks.
        half_s, shift_s = self.half * CLOCK_PERIOD_S, self.shift * CLOCK_PERIOD_S

        async def testbench(ctx):
            lines = self.circuit
            await ctx.delay(shift_s + 6 * CLOCK_PERIOD_S)
            for sent, more_bits in transfers:
                ctx.set(lines.cs_n, 0)
                await ctx.delay(2 * half_s)
                bits = [byte >> place & 1 for byte in sent for place in reversed(range(8))] + [1] * more_bits
                read = []
                for bit in bits:
                    ctx.set(lines.copi, bit)
                    await ctx.delay(half_s)
                    ctx.set(lines.sck, 1)
                    read.append(ctx.get(lines.cipo))
                    await ctx.delay(half_s)
                    ctx.set(lines.sck, 0)
                await ctx.delay(half_s)
                ctx.set(lines.cs_n, 1)
                await ctx.delay(2 * half_s)
                self.to_controller += [
                    int("".join(map(str, read[at : at + 8])), 2) for at in range(0, 8 * len(sent), 8)
                ]

        return testbench

    async def _design(self, ctx):
        i, o = self.circuit.i, self.circuit.o
        ctx.set(o.ready, 1)
        tick = ctx.tick().sample(i.valid & i.ready, o.valid, o.payload)
        async for _, _, taken, valid, byte in tick:
            self.taken += taken
            if valid:
                self.to_design.append(byte)
            ctx.set(i.valid, self.taken < len(self.waiting))
            if self.taken < len(self.waiting):
                ctx.set(i.payload, self.waiting[self.taken])


@settings(deadline=None, max_examples=10)
@given(BYTES, BYTES, st.sampled_from([CLOCKS_PER_BIT / 2, 7]), st.sampled_from([0.1, 0.5, 0.9]))
def test_bytes_pass_both_ways_and_end_fills_what_is_left(sent, waiting, half, shift):
    controller = Controller(waiting, half, shift)
    controller.run((sent, 0))
    received = (controller.to_design, controller.to_controller)
    assert received == SpiPeripheral().compute(sent, waiting)
    assert controller.taken == min(len(sent), len(waiting))


@pytest.mark.parametrize("more_bits", [1, 4, 7])
def test_a_part_of_a_byte_is_dropped_and_the_next_transfer_begins_anew(more_bits):
    controller = Controller([1, 2, 3], CLOCKS_PER_BIT / 2)
    controller.run(([0x81], more_bits), ([0x42, 0x18], 0))
    assert controller.to_design == [0x81, 0x42, 0x18]
    assert controller.to_controller == [1, 3, END], "the second went out in part"


def test_a_byte_that_nothing_was_clocked_of_waits():
    controller = Controller([7], CLOCKS_PER_BIT / 2)
    controller.run(([], 0), ([0], 0))
    assert controller.to_controller == [7]
