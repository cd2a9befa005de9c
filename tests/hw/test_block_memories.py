"""Block memories as plain cells: bits where the vendor keeps them, and nothing that is not modelled."""

import numpy as np
import pytest

from hw.errors import BadInput
from hw.simulate.blockram.cells import with_plain_memories

CLOCK, ENABLE = 2, 3


def number(value):
    return f"{value:032b}"


def ecp5(groups, width_a, width_b, **changes):
    """DP16KD that port B reads; nets of the address from 100, of words from 200 (port A) and 300 (port B)."""
    words = groups.reshape(64, 16, 2)
    parameters = {
        **{f"DATA_WIDTH_{port}": number(width) for port, width in (("A", width_a), ("B", width_b))},
        **{f"REGMODE_{port}": "NOREG" for port in "AB"},
        **{f"CLK{port}MUX": f"CLK{port}" for port in "AB"},
        **{
            f"INITVAL_{row:02X}": "".join(f"00{high:09b}{low:09b}" for low, high in reversed(words[row]))
            for row in range(64)
        },
    }
    connections = {
        **{f"{pin}{port}": ["0"] for port in "AB" for pin in ("RST", "WE", "CE")},
        **{f"CS{port}{pin}": ["0"] for port in "AB" for pin in range(3)},
        **{f"AD{port}{bit}": [100 + bit] for port in "AB" for bit in range(14)},
        **{f"DI{port}{bit}": ["x"] for port in "AB" for bit in range(18)},
        **{f"DO{port}{bit}": [net + bit] for port, net in (("A", 200), ("B", 300)) for bit in range(18)},
        **{"CLKA": [CLOCK], "CLKB": [CLOCK], "CEB": [ENABLE]},
    }
    return cell("DP16KD", parameters, connections, changes)


def xc7(groups, width_a, width_b, **changes):
    """RAMB18E1 that port A reads; nets as of `ecp5`."""
    eights, ninths = (groups & 255).reshape(64, 32), (groups >> 8).reshape(8, 256)
    parameters = {
        **{"READ_WIDTH_A": number(width_a), "WRITE_WIDTH_B": number(width_b)},
        **{"READ_WIDTH_B": number(0), "WRITE_WIDTH_A": number(0), "DOA_REG": number(0)},
        **{f"INIT_{row:02X}": "".join(f"{byte:08b}" for byte in reversed(eights[row])) for row in range(64)},
        **{f"INITP_{row:02X}": "".join(str(bit) for bit in reversed(ninths[row])) for row in range(8)},
    }
    connections = {
        **{"CLKARDCLK": [CLOCK], "ENARDEN": [ENABLE], "ADDRARDADDR": [*range(100, 114)], "WEA": ["0"] * 2},
        **{"CLKBWRCLK": [CLOCK], "ENBWREN": [4], "ADDRBWRADDR": [*range(100, 114)], "WEBWE": [5, 6, 7, 8]},
        **{"DOADO": [*range(200, 216)], "DOPADOP": [216, 217], "DOBDO": [*range(300, 316)], "DOPBDOP": [316, 317]},
        **{"DIADI": [*range(400, 416)], "DIPADIP": [416, 417], "DIBDI": [*range(500, 516)], "DIPBDIP": [516, 517]},
        **{"RSTRAMARSTRAM": ["0"], "RSTRAMB": ["0"]},
    }
    return cell("RAMB18E1", parameters, connections, changes)


def cell(kind, parameters, connections, changes):
    parameters |= {name: value for name, value in changes.items() if isinstance(value, str)}
    connections |= {name: value for name, value in changes.items() if isinstance(value, list)}
    return {"type": kind, "parameters": parameters, "connections": connections}


def plain(memory):
    return with_plain_memories({"cells": {"m": memory}})["cells"]["m"]


@pytest.fixture
def groups():
    return np.random.default_rng(0).integers(0, 512, 2048)


@pytest.mark.parametrize("kind", [ecp5, xc7])
def test_initial_contents_are_those_of_the_vendors_parameters(kind, groups):
    contents = plain(kind(groups, 36, 9))["parameters"]["INIT"]
    assert [int(contents[at : at + 9], 2) for at in range(0, len(contents), 9)] == list(groups[::-1])


@pytest.mark.parametrize("width", [1, 2, 4, 9, 18, 36])
def test_a_word_is_at_the_pins_of_its_port_and_a_wide_one_at_both(groups, width):
    lattice = plain(ecp5(groups, 18, width))["connections"]
    own, both = [*range(300, 318)], [*range(200, 218), *range(300, 318)]
    assert lattice["read_word"] == (both if width == 36 else own)[:width]
    amd = plain(xc7(groups, width, 0))["connections"]
    lanes = [[*range(net, net + 8), net // 100 * 100 + 16 + (net % 100) // 8] for net in (200, 208, 300, 308)]
    assert amd["read_word"] == [bit for lane in lanes for bit in lane][:width]
    assert lattice["read"] == amd["read"] == [ENABLE]


def test_wide_words_are_written_by_the_parts_that_are_chosen(groups):
    lattice = plain(ecp5(groups, 36, 36, CEA=["1"], WEA=[9]))["connections"]
    assert (lattice["lanes"], lattice["write"]) == ([100, 101, 102, 103], ["1", 9])
    assert plain(ecp5(groups, 9, 36, CEA=["1"], WEA=[9]))["connections"]["lanes"] == ["1"]
    amd = plain(xc7(groups, 36, 36))["connections"]
    assert (amd["lanes"], amd["write"]) == ([5, 6, 7, 8], [4, "1"])
    assert plain(xc7(groups, 36, 4))["connections"]["lanes"] == [5]


def test_rows_that_no_address_reaches_are_left_out(groups):
    high = {f"ADB{bit}": ["0"] for bit in range(8, 14)}
    small = plain(ecp5(groups, 18, 9, **high))
    assert len(small["connections"]["read_address"]) == 8
    assert len(small["parameters"]["INIT"]) == 9 * 32
    written = plain(ecp5(groups, 9, 9, CEA=["1"], WEA=[9], **high))
    assert len(written["parameters"]["INIT"]) == 9 * 2048


@pytest.mark.parametrize(
    ("memory", "changes", "message"),
    [
        (ecp5, {"REGMODE_B": "OUTREG"}, "cell m: DP16KD with REGMODE_B OUTREG is not modelled, only with NOREG"),
        (ecp5, {"CLKBMUX": "INV"}, "cell m: DP16KD with CLKBMUX INV is not modelled, only with CLKB"),
        (ecp5, {"RSTB": [7]}, "cell m: DP16KD with a signal at RSTB is not modelled, only with constant 0"),
        (
            ecp5,
            {"CEA": ["1"]},
            "cell m: DP16KD is modelled with one reader and at most one writer, of the same clock",
        ),
        (ecp5, {"CEA": ["1"], "WEA": [9], "CLKA": [7]}, "at most one writer, of the same clock"),
        (xc7, {"DOA_REG": number(1)}, "cell m: RAMB18E1 with DOA_REG 1 is not modelled, only with 0"),
        (xc7, {"WRITE_MODE_B": "NO_CHANGE"}, "with WRITE_MODE_B NO_CHANGE is not modelled, only with READ_FIRST"),
        (xc7, {"READ_WIDTH_B": number(9)}, "cell m: RAMB18E1 is modelled with one reader"),
    ],
)
def test_what_is_not_modelled_is_refused_in_one_line(groups, memory, changes, message):
    with pytest.raises(BadInput, match=message):
        plain(memory(groups, 18, 9, **changes))
