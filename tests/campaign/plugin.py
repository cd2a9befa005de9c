"""pytest's side of `make verify`: runs what is marked `verify`, keeps each result, and writes the report.

    pytest -p tests.campaign.plugin --campaign=FOLDER -m verify

A check that passed on the same code and the same packages is not run again.
"""

import time
from pathlib import Path

import pytest

from tests.campaign import report
from tests.campaign.results import Result, append, digest_of_code, keep, read
from tests.campaign.versions import installed, machine, revision, versions

KINDS = ("proven", "simulated", "drawn", "injected", "fuzzed")
LONG = ("slow", "synth", "formal")


def pytest_addoption(parser):
    parser.addoption(
        "--campaign", metavar="FOLDER", required=True, type=Path, help="keep results and the verification report here"
    )


def pytest_configure(config):
    if not hasattr(config, "workerinput"):  # the session that hands out tests, not one that runs them
        config.pluginmanager.register(Campaign(config), "campaign")


def pytest_configure_node(node):
    """All workers must leave out the same tests, whenever they begin."""
    node.workerinput["done"] = sorted(node.config.pluginmanager.get_plugin("campaign").done)


# After pytest's own choice by marker.
@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    done = _done(config)
    left_out = [item for item in items if item.nodeid in done]
    for item in items:
        _describe(item)
    # What takes long begins early, so that no core waits for the other at the end.
    items[:] = sorted((item for item in items if item.nodeid not in done), key=_is_short)
    if left_out:
        config.hook.pytest_deselected(items=left_out)


def _done(config):
    if hasattr(config, "workerinput"):
        return set(config.workerinput["done"])
    return config.pluginmanager.get_plugin("campaign").done


def _is_short(item):
    return not any(item.get_closest_marker(name) for name in LONG)


def _describe(item):
    marker = item.get_closest_marker("verify")
    if marker is None:
        return
    (kind,) = marker.args
    if kind not in KINDS:
        raise pytest.UsageError(f"{item.nodeid}: verify({kind!r}); expected one of {', '.join(KINDS)}")
    documented = (item.obj.__doc__ or "").strip().splitlines()
    if not documented:
        raise pytest.UsageError(
            f"{item.nodeid} counts in the report: its docstring's first line should say what holds"
        )
    case = f" ({item.callspec.id})" if hasattr(item, "callspec") else ""
    item.user_properties += [("verify", kind), ("title", documented[0].rstrip(".") + case)]


class Campaign:
    """Collects results, where tests are handed out."""

    def __init__(self, config):
        self.folder = config.getoption("--campaign")
        self.code = digest_of_code(installed())
        self.results = read(self.file, self.code)
        self.done = {node for node, result in self.results.items() if result.outcome == "passed"}
        self.again = len(self.done)
        self.expected: set[str] = set()
        self.ended: set[str] = set()
        self.folder.mkdir(parents=True, exist_ok=True)
        if not self.results:
            report.drop_pictures(self.folder)
        keep(self.file, self.results.values())
        self.began = time.monotonic()

    @property
    def file(self):
        return self.folder / "results.jsonl"

    @property
    def unfinished(self):
        """What was to run and did not come to its end: interrupted, or its process died, or it could not be read."""
        return sorted(self.expected - self.ended)

    def pytest_collectreport(self, report):
        if report.failed:
            self.expected.add(report.nodeid)

    def pytest_collection_finish(self, session):
        self.expected.update(item.nodeid for item in session.items)

    def pytest_xdist_node_collection_finished(self, ids):
        self.expected.update(ids)

    def pytest_runtest_logreport(self, report):
        if report.when == "teardown":
            self.ended.add(report.nodeid)
        properties = dict(report.user_properties)
        if "verify" not in properties or (report.when != "call" and report.passed):
            return
        kind, title = properties.pop("verify"), properties.pop("title")
        trouble = None if report.passed else _trouble(report)
        result = Result(report.nodeid, self.code, kind, title, report.outcome, report.duration, properties, trouble)
        self.results[result.node] = result
        append(self.file, result)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session, exitstatus):
        """A campaign with nothing left to run has come to its end, not to nothing."""
        if exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED and self.again:
            session.exitstatus = pytest.ExitCode.OK

    def pytest_terminal_summary(self, terminalreporter):
        if not self.results and not self.unfinished:
            return
        took = time.monotonic() - self.began
        page = report.write(self.folder, list(self.results.values()), self._about(took))
        terminalreporter.section("verification")
        for line in report.summary(list(self.results.values()), self.unfinished):
            terminalreporter.write_line(line)
        terminalreporter.write_line(f"{self.again} of them were there from before; report: {page}")

    def _about(self, took):
        return report.About(revision(), self.code, versions(), machine(), took, self.again, tuple(self.unfinished))


def _trouble(report):
    text = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    lines = [line for line in text.strip().splitlines() if line.startswith("E ")] or text.strip().splitlines()
    return lines[0].removeprefix("E ").strip()
