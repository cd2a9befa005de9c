"""Hostile cases met one after another, and what came of them."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.core.onnx_exec import execute_onnx

from hw.network.reference import Reference
from hw.network.types import Network
from hw.network.vectors import random_inputs
from tests.cross.hostile.case import Case, Met, judge
from tests.cross.hostile.child import run, start

_INPUTS = 8


@dataclass(frozen=True)
class Campaign:
    """All cases of a campaign as they were met.

    Attributes:
        met: in the order of the cases.
        equal: benign graphs whose network gave what QONNX makes of the file itself.
    """

    met: tuple[Met, ...]
    equal: int

    def count(self, kind: str) -> int:
        """How many cases ended so."""
        return Counter(one.kind for one in self.met)[kind]

    @property
    def failures(self) -> list[str]:
        """The cases that were not refused in one line, nor rightly taken."""
        return [str(one) for one in self.met if one.kind not in ("refused", "benign")]

    def record(self, record_property: Callable[[str, object], None]) -> None:
        """State the counts."""
        slowest = max(self.met, key=lambda one: one.ran.seconds)
        largest = max(self.met, key=lambda one: one.ran.megabytes or 0)
        for name, figure in (
            ("files", len(self.met)),
            ("refused", self.count("refused")),
            ("benign", self.count("benign")),
            ("tracebacks", self.count("traceback")),
            ("crashes", self.count("crash")),
            ("hangs", self.count("hang")),
            ("accelerators_from_malformed", self.count("taken though malformed")),
            ("seconds_worst", round(slowest.ran.seconds, 1)),
            ("slowest", slowest.case.name),
            ("megabytes_worst", largest.ran.megabytes),
            ("largest", largest.case.name),
        ):
            record_property(name, figure)


def meet(cases: Iterable[Case], outside: Callable[[Path], None] = lambda folder: None) -> Campaign:
    """Run every case in a folder of its own; `outside` puts there what a case must not reach."""
    start()
    met, equal = list[Met](), 0
    for case in cases:
        with TemporaryDirectory() as name:
            folder, log = Path(name, "case"), Path(name, "log")
            folder.mkdir()
            log.mkdir()
            outside(folder)
            case.write(folder)
            ran = run(case.arguments, folder, log)
            met.append(Met(case, ran, judge(case, folder, ran)))
            if met[-1].kind == "benign" and (folder / "run" / "lower").exists():
                assert_equal_to_file(folder / "model.onnx", folder / "run" / "lower" / "network.json")
                equal += 1
    return Campaign(tuple(met), equal)


def assert_equal_to_file(model: Path, network: Path) -> None:
    """Hold a network against its file as QONNX alone reads and runs it, one input at a time."""
    lowered, graph = Network.from_json(network.read_text(encoding="utf-8")), ModelWrapper(str(model))
    source, feeds = Reference.open(model).front.source, Reference.open(model).front.feeds
    entry, outputs = graph.graph.input[0].name, [value.name for value in graph.graph.output]
    shape = graph.get_tensor_shape(entry)
    inputs = random_inputs(source, lowered.n_inputs, _INPUTS, seed=0)
    for x in inputs:
        fed = feeds[(x - source.minimum) // source.step].reshape(shape)
        given = execute_onnx(graph, {entry: fed})
        scores = next(given[name] for name in outputs if given[name].size == lowered.head.rows)
        words = lowered.head.compute(lowered.words(x[np.newaxis])[-1]) if lowered.hidden else lowered.scores(x[None])
        order = np.argsort(scores.reshape(-1), kind="stable")
        assert np.array_equal(order, np.argsort(words.reshape(-1), kind="stable")), model
