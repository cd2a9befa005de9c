"""The serial line: what goes out comes in, at every divisor, and what is no byte is none."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hw.errors import BadInput
from hw.link.uart import UartReceiver, UartTransmitter, divisor_of
from tests.hw.link.bench import simulated

DIVISORS = st.sampled_from([4, 5, 7, 16])
DATA = st.lists(st.integers(0, 255), min_size=1, max_size=4)


def sent(divisor, data, gap=0):
    """Levels of the line while a transmitter gets the bytes."""
    circuit, levels = UartTransmitter(divisor).circuit(), []

    async def source(ctx):
        for byte in data:
            ctx.set(circuit.i.payload, byte)
            ctx.set(circuit.i.valid, 1)
            ready = False
            while not ready:
                _, _, ready, level = await ctx.tick().sample(circuit.i.ready, circuit.tx)
                levels.append(level)
            ctx.set(circuit.i.valid, 0)
            for _ in range(gap):
                levels.append((await ctx.tick().sample(circuit.tx))[2])
        for _ in range(10 * divisor + 4):
            levels.append((await ctx.tick().sample(circuit.tx))[2])

    simulated(circuit, source)
    return levels


def received(divisor, levels, ready_after=0):
    """Bytes that a receiver gives for levels of the line, taken so many clocks after they come."""
    circuit, found = UartReceiver(divisor).circuit(), []

    async def line(ctx):
        waited = 0
        for level in levels:
            ctx.set(circuit.rx, level)
            _, _, valid, ready, byte = await ctx.tick().sample(circuit.o.valid, circuit.o.ready, circuit.o.payload)
            if valid and ready:
                found.append(byte)
            waited = waited + 1 if valid and not ready else 0
            ctx.set(circuit.o.ready, waited >= ready_after)

    simulated(circuit, line)
    return found


@settings(deadline=None, max_examples=8)
@given(DIVISORS, DATA, st.sampled_from([0, 1, 50]))
def test_bytes_come_in_as_they_went_out(divisor, data, gap):
    levels = sent(divisor, data, gap)
    if gap == 0:
        expected = UartTransmitter(divisor).compute(data)
        assert levels[: len(expected)] == expected and all(levels[len(expected) :])
    assert UartReceiver(divisor).compute(levels) == data
    assert received(divisor, levels) == data


@settings(deadline=None, max_examples=16)
@given(DIVISORS, st.lists(st.tuples(st.integers(0, 1), st.integers(1, 40)), min_size=1, max_size=30))
def test_any_levels_give_the_bytes_of_the_model(divisor, runs):
    """Glitches, breaks, stop bits that are low, bits too short and too long."""
    levels = [1, *(level for level, clocks in runs for _ in range(clocks)), *[1] * (11 * divisor + 4)]
    assert received(divisor, levels) == UartReceiver(divisor).compute(levels)


def test_a_low_stop_bit_drops_its_byte_alone():
    divisor = 8
    one, two = UartTransmitter(divisor).compute([0x55]), UartTransmitter(divisor).compute([0xA3])
    broken = one[:-divisor] + [0] * 3 * divisor
    levels = [1, 1, *broken, *[1] * divisor, *two, *[1] * divisor]
    assert UartReceiver(divisor).compute(levels) == received(divisor, levels) == [0xA3]


def test_a_byte_waits_while_the_next_one_comes_and_the_third_is_lost():
    divisor = 4
    levels = [1, *UartTransmitter(divisor).compute([1, 2, 3]), *[1] * 20 * divisor]
    assert received(divisor, levels, ready_after=9 * divisor) == [1, 2, 3]
    assert received(divisor, levels, ready_after=15 * divisor) == [1, 3]


@pytest.mark.parametrize("wrong_by", [-0.04, 0.04])
def test_the_other_end_may_be_off_by_four_percent(wrong_by):
    """Which with 2 % of its own is more than any two ends are apart."""
    data, divisor = [0x00, 0xFF, 0x55, 0xC0], 25
    levels = [1] * 50 + [
        level
        for byte in data
        for bit in [0, *(byte >> place & 1 for place in range(8)), 1]
        for level in [bit] * round(divisor * (1 + wrong_by))
    ]
    assert received(divisor, levels + [1] * 60) == data


def test_a_divisor_is_rounded_and_one_that_is_far_off_is_refused():
    assert divisor_of(12e6, 115200) == 104
    assert divisor_of(48e6, 1_000_000) == 48
    for clock_hz, baud, told in [
        (10e6, 3_000_000, "expected at most a bit in 4 clocks"),
        (10e6, 2_200_000, "expected 2% at most"),
        (0, 9600, "expected both to be positive"),
    ]:
        with pytest.raises(BadInput, match=told):
            divisor_of(clock_hz, baud)


@pytest.mark.parametrize("part", [UartReceiver, UartTransmitter])
def test_a_bit_of_three_clocks_is_refused(part):
    with pytest.raises(ValueError, match="a bit of 3 clocks; expected at least 4"):
        part(3)
