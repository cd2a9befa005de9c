"""Verilog and the harness, compiled to a program, which is kept under the digest of what it was made from."""

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from tempfile import mkdtemp

from hw.errors import BadInput, NoResult
from hw.tools.yosys import write_verilog, yosys_version

HARNESS = Path(__file__).with_name("harness.cpp")
_NEEDED = ("g++", "make", "perl")
_PROGRAM = "Vbench"
# Cells of the netlist from which on compiling counts for more than running: an unrolled 64 -> 256 -> 256 -> 5 has
# 17,018, and compiles in 34 s of processor time with -O0, 78 s with -O1; 3,000 spikes then take 0.7 s or 0.1 s.
_MANY_CELLS = 10_000


class CompileError(NoResult):
    """Verilator or the C++ compiler failed; the message holds its last lines."""


def compile_program(
    sources: Mapping[str, str],
    cache: Path,
    *,
    cells: int,
    waveforms: bool = False,
    options: Sequence[str] = (),
    harness: Path = HARNESS,
) -> Path:
    """A program of a harness and a module `bench`, from the cache if it is there.

    Args:
        sources: text of each file by its name, which ends in `.v`, `.sv`, or `.il` for RTLIL, of which Yosys writes
            the Verilog. One of them has the module `bench` (`hw.simulate.verilator.bench`).
        cache: folder for compiled programs, each under the digest of all that it was made from.
        cells: about how many cells the design has: with many, the C++ compiler does not optimise.
        waveforms: whether the program can dump them, which makes it slower.
        options: more of Verilator's.
        harness: C++ that drives the module, and has the function `main`.

    Raises:
        BadInput: if the machine lacks a compiler.
        CompileError: if compiling fails.
    """
    check_compiler()
    files = {**sources, harness.name: harness.read_text(encoding="utf-8")}
    command = [*_command(optimisation(cells), waveforms), *options]
    folder = cache / _digest(files, command)
    if not (folder / _PROGRAM).exists():
        _compile_into(folder, files, command)
    return folder / _PROGRAM


def missing_tools() -> list[str]:
    """Programs that compiling needs, and the machine lacks."""
    return [tool for tool in _NEEDED if shutil.which(tool) is None]


def check_compiler() -> None:
    """Raise BadInput if the machine lacks a compiler."""
    if missing := missing_tools():
        raise BadInput(
            f"compiled simulation needs {', '.join(missing)}, which this machine lacks: install it, or take "
            "--engine amaranth"
        )


def optimisation(cells: int) -> str:
    """The C++ compiler's option for code that runs every clock; what runs once is never optimised."""
    return "-O2" if cells < _MANY_CELLS else "-O0"


def _command(optimise: str, waveforms: bool) -> list[str]:
    trace = ("--trace-vcd", "-CFLAGS", "-DWAVEFORMS") if waveforms else ()
    return [
        *("--cc", "--exe", "--build", "-j", "2", "-O3", "--top-module", "bench", "-Wno-fatal"),
        *("-MAKEFLAGS", f"OPT_FAST={optimise}", "-MAKEFLAGS", "OPT_SLOW=-O0", *trace),
        # The wheel was set up without it, so that designs of several files could not be compiled.
        *("-MAKEFLAGS", "CFG_CXXFLAGS_PCH_I=-include"),
    ]


def _digest(files: Mapping[str, str], command: Sequence[str]) -> str:
    compiler = subprocess.run(["g++", "--version"], capture_output=True, text=True, check=True).stdout
    versions = (version("verilator"), yosys_version(), compiler)
    parts = (*versions, *command, *(part for file in sorted(files.items()) for part in file))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _compile_into(folder: Path, files: Mapping[str, str], command: Sequence[str]) -> None:
    """Compile beside the folder, then rename: a folder of the cache is whole, whoever else compiles the same."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(mkdtemp(dir=folder.parent, prefix=".partial-"))
    try:
        _compile(partial, files, command)
        partial.rename(folder)
    except OSError:
        if not (folder / _PROGRAM).exists():  # else another process was faster, and its result is the same
            raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _compile(folder: Path, files: Mapping[str, str], command: Sequence[str]) -> None:
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    for name in files:
        if name.endswith(".il"):
            write_verilog(name, f"{name.removesuffix('.il')}.v", folder)
    compiled = [f"{name.removesuffix('.il')}.v" if name.endswith(".il") else name for name in files]
    done = subprocess.run(
        [sys.executable, "-m", "verilator", *command, *compiled],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        tail = " / ".join((done.stdout + done.stderr).strip().splitlines()[-3:])
        raise CompileError(f"Verilator {version('verilator')} ended with {done.returncode}: {tail}")
    (folder / "obj_dir" / _PROGRAM).rename(folder / _PROGRAM)
    shutil.rmtree(folder / "obj_dir")  # precompiled headers of a large design take 175 MB
