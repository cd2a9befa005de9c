"""Constraint files: what is read of each format, and what is refused with file and line."""

import pytest

from hw.boards.constraints import Constraints
from hw.boards.read import read_constraints
from hw.errors import BadInput


def read(tmp_path, suffix, text):
    file = tmp_path / f"board{suffix}"
    file.write_text(text)
    return read_constraints(file)


def test_pcf(tmp_path):
    text = """# a comment
set_io -nowarn -pullup yes rx 6  # another

set_io --warn-no-port -pullup_resistor 10K data[0] B12
set_frequency clk 12
"""
    assert read(tmp_path, ".pcf", text) == Constraints(
        {"rx": "6", "data[0]": "B12"}, {"clk": 12.0}, {"rx": {"pullup": "yes"}, "data[0]": {"pullup_resistor": "10K"}}
    )


def test_lpf(tmp_path):
    text = """BLOCK RESETPATHS; // a comment
SYSCONFIG COMPRESS_CONFIG=ON MCCLK_FREQ=62;
LOCATE COMP "clk"
  SITE "G2"; IOBUF PORT "clk" IO_TYPE=LVCMOS33 PULLMODE=NONE;
# another
IOBUF PORT "clk" PULLMODE=UP;
FREQUENCY PORT "clk" 25000 KHZ;
"""
    assert read(tmp_path, ".lpf", text) == Constraints(
        {"clk": "G2"}, {"clk": 25.0}, {"clk": {"IO_TYPE": "LVCMOS33", "PULLMODE": "UP"}}
    )


def test_xdc(tmp_path):
    text = """## a comment
set_property -dict { PACKAGE_PIN E3    IOSTANDARD LVCMOS33 } [get_ports { clk }]; #IO_L12P
create_clock -add -name sys_clk_pin -period 10.00 -waveform {0 5} [get_ports { clk }];
set_property PACKAGE_PIN A9 [get_ports rx]
set_property IOSTANDARD LVCMOS33 [get_ports {rx tx}]
set_property CFGBVS VCCO [current_design]
set_false_path -from [get_ports rx]
"""
    standard = {"IOSTANDARD": "LVCMOS33"}
    assert read(tmp_path, ".xdc", text) == Constraints(
        {"clk": "E3", "rx": "A9"}, {"clk": 100.0}, {"clk": standard, "rx": standard, "tx": standard}
    )


REFUSED = {
    ".pcf": [
        ("set_io clk", "'set_io clk' is neither"),
        ("set_io -pullup clk 6", r"option -pullup of set_io is not"),
        ("set_io -pulldown yes clk 6", r"option -pulldown of set_io is not one of -pullup, "),
        ("set_frequency clk fast", "the frequency in MHz is 'fast', not a number above 0"),
        ("set_frequency clk nan", "the frequency in MHz is 'nan'"),
        ("set_frequency clk -12", "the frequency in MHz is '-12'"),
        ("set_oi clk 6", "'set_oi clk 6' is neither"),
        ("set_io clk 7", "pin 7 is that of port rx already"),
        ("set_io rx 8", "port rx has pin 7 already"),
    ],
    ".lpf": [
        ('LOCATE COMP "clk" SITE "G2"', "has no semicolon"),
        ('LOCATE COMP "clk" SITE;', "is none of 'LOCATE COMP"),
        ('LOCATE COMP "clk SITE G2;', "has a quote without its partner"),
        ('IOBUF PORT "clk";', "is none of"),
        ('IOBUF PORT "clk" IO_TYPE;', "setting 'IO_TYPE' is not NAME=VALUE"),
        ('FREQUENCY PORT "clk" 25;', "is none of"),
        ('FREQUENCY PORT "clk" x MHZ;', "the frequency is 'x'"),
        ('FREQUENCY PORT "rx" 3 MHZ;', "clock rx has a frequency already"),
    ],
    ".xdc": [
        ("set_property PACKAGE_PIN E3 [get_ports clk", "without its partner"),
        ("set_property PACKAGE_PIN [get_ports clk]", "is none of 'set_property"),
        ("set_property -dict { PACKAGE_PIN } [get_ports clk]", "property PACKAGE_PIN has no value"),
        ("set_property PACKAGE_PIN E3 [get_ports {}]", "is not .get_ports port."),
        ("set_property PACKAGE_PIN E3 [get_ports {a b}]", "pin E3 is given to 2 ports: a, b"),
        ("create_clock -period 0 [get_ports clk]", "the period in ns is '0'"),
        ("create_clock [get_ports clk]", "is none of"),
        ("set_propery PACKAGE_PIN E3 [get_ports clk]", "is none of"),
    ],
}
SOUND = {
    ".pcf": "set_io rx 7\n",
    ".lpf": 'FREQUENCY PORT "rx" 2 MHZ;\n',
    ".xdc": "set_property PACKAGE_PIN A9 [get_ports rx]\n",
}


@pytest.mark.parametrize(
    ("suffix", "line", "message"), [(suffix, *case) for suffix in REFUSED for case in REFUSED[suffix]]
)
def test_a_statement_without_sense_is_refused_with_file_and_line(tmp_path, suffix, line, message):
    with pytest.raises(BadInput, match=rf"/board\{suffix}:3: .*{message}") as caught:
        read(tmp_path, suffix, f"{SOUND[suffix]}\n{line}\n")
    assert "\n" not in str(caught.value)


def test_other_files_are_refused(tmp_path):
    with pytest.raises(BadInput, match=r"board.ucf should end in .pcf, .lpf, .xdc"):
        read(tmp_path, ".ucf", "")
    with pytest.raises(BadInput, match=r"none.pcf cannot be read: No such file"):
        read_constraints(tmp_path / "none.pcf")
    (tmp_path / "binary.pcf").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadInput, match=r"binary.pcf cannot be read: it is no text"):
        read_constraints(tmp_path / "binary.pcf")
