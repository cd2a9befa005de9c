"""Hostile cases met one after another, and what came of them."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnx
from onnx import ModelProto
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.core.onnx_exec import execute_onnx
from qonnx.transformation.infer_shapes import InferShapes

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
            ("wrong_accelerators", self.count("wrong accelerator")),
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
    lowered, front = Network.from_json(network.read_text(encoding="utf-8")), Reference.open(model).front
    graph, entry, scores = _executable(onnx.load(str(model), load_external_data=False))
    shape = graph.get_tensor_shape(entry)
    inputs = random_inputs(front.source, lowered.n_inputs, _INPUTS, seed=0)
    for x, ours in zip(inputs, lowered.scores(inputs), strict=True):
        fed = front.feeds[(x - front.source.minimum) // front.source.step].reshape(shape)
        theirs = execute_onnx(graph, {entry: fed}, return_full_exec_context=True)[scores].reshape(-1)
        # Of scores on another scale the order and the ties are what is equal.
        same = _ranks if lowered.head.rescaled else np.asarray
        assert np.array_equal(same(ours), same(theirs)), model


def _ranks(scores: np.ndarray) -> np.ndarray:
    return np.unique(scores, return_inverse=True)[1]


def _executable(model: ModelProto) -> tuple[ModelWrapper, str, str]:
    """The graph for a batch of one, the name of its input and of its scores.

    Sizes that the file states of other tensors hold for the batch of the export.
    """
    last = model.graph.node[-1]
    scores = last.input[0] if last.op_type in ("ArgMax", "TopK") else last.output[0]
    stored = {tensor.name for tensor in model.graph.initializer}
    entry = next(value for value in model.graph.input if value.name not in stored)
    entry.type.tensor_type.shape.dim[0].dim_value = 1
    del model.graph.value_info[:], model.graph.output[:]
    for item in model.opset_import:
        item.version = max(item.version, 1)  # which the file may leave out where there is one version only
    for index, node in enumerate(model.graph.node):
        node.name = f"node_{index}"
    return ModelWrapper(model).transform(InferShapes()), entry.name, scores
