"""What a step says and leaves where two rungs of the ladder differ."""

from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from flows.casefile import Case, case_text, write_case
from flows.digests import digest_of_json
from flows.errors import NotEqualError
from flows.pipeline import StepContext
from flows.settings.check import DesignEngine, Engine
from flows.steps.simulators import simulate
from hw.accelerator.accelerator import Accelerator
from hw.diagnosis import lowering
from hw.diagnosis.diagnose import diagnose
from hw.diagnosis.lowering import LoweringCase
from hw.network.reference import Reference
from hw.network.types import Network
from hw.simulate.result import Answers, Simulation

_GRAPH = "the integer network differs from the ONNX reference"
_GATEWARE = "the gateware differs from the integer network"


def difference_from_graph(
    context: StepContext, network: Network, model: Path, spikes: NDArray[np.integer], first: int = 0
) -> NotEqualError | None:
    """Where a network differs from the graph of a file for some spikes, and where its case is; None if nowhere.

    The index of the first one among all that are compared is `first`.
    """
    reference = Reference.open(model)
    difference = lowering.difference_from_graph(network, reference, spikes, reference.run(spikes))
    if difference is None:
        return None
    at = difference.spike
    alone = difference.in_run(-at)
    case = LoweringCase(model.read_bytes(), network.margin, spikes[at : at + 1], first + at, alone)
    return _error(context, _GRAPH, case, None)


def difference_of_gateware(
    context: StepContext, accelerator: Accelerator, spikes: NDArray[np.integer], seen: Answers, engine: Engine
) -> NotEqualError | None:
    """Where a simulation without pauses differs from the network, and where its case is; None if nowhere.

    A netlist hides its layers: the design that it was mapped from tells, if it is wrong itself.
    """
    context.progress(1.0, "looking for the smallest case of a difference")
    if engine == "netlist":
        again = simulate("verilator", accelerator, spikes)
        return difference_of_gateware(context, accelerator, spikes, again, "verilator") or _mapped(seen, again)
    assert isinstance(seen, Simulation), "layers are watched in every simulation of the design itself"
    case = diagnose(accelerator, spikes, seen, partial(simulate, engine, accelerator))
    return None if case is None else _error(context, _GATEWARE, case, engine)


def _mapped(seen: Answers, design: Simulation) -> NotEqualError | None:
    """The first spike for which a mapped netlist answers something else than the design."""
    wrong = np.flatnonzero((seen.classes != design.classes) | (seen.best_scores != design.best_scores))
    if not len(wrong):
        return None
    spike = int(wrong[0])
    expected, given = (f"unit {one.classes[spike]}, score {one.best_scores[spike]}" for one in (design, seen))
    return NotEqualError(
        f"the mapped netlist differs from the design, which is right, in {len(wrong)} of {len(seen.classes)} "
        f"results; the first is spike {spike}: expected {expected}, seen {given}"
    )


def _error(context: StepContext, what: str, case: Case, engine: DesignEngine | None) -> NotEqualError:
    """Leaves the case beside the step's folder, which goes when the step fails."""
    text = case_text(case, engine)
    path = context.run_folder / f"difference_{digest_of_json(text)[:12]}.json"
    if not path.exists():  # else it is the same case, found again
        write_case(text, path)
    needs = "the spike alone shows it" if len(case.spikes) == 1 else f"{len(case.spikes)} spikes show it"
    line = case.difference.in_run(case.first_spike).line
    return NotEqualError(f"{what}: {line}; {needs}: spikeloom replay {path}")
