"""A case of a difference as one JSON file: all that is needed to run it again, and what was expected and seen."""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from flows.decode import decode
from flows.digests import canonical_json
from flows.errors import BadInput
from flows.pipeline import program_version
from flows.runfolder import PROGRAM
from flows.settings.check import DesignEngine
from flows.steps.writing import check_new_file
from flows.textfile import write_whole
from hw.accelerator.accelerator import Accelerator
from hw.diagnosis.diagnose import GatewareCase
from hw.diagnosis.difference import RowDifference, WinnerDifference
from hw.diagnosis.lowering import LoweringCase
from hw.network.types import Network
from hw.schedule.types import Schedule
from hw.simulate.streams import Pauses

SCHEMA = 1
Case = GatewareCase | LoweringCase


@dataclass(frozen=True, eq=False)
class StoredCase:
    """A case as it stands in a file.

    Attributes:
        case: what to run again.
        engine: the simulator that showed it; None where it is between network and graph.
        version: of the program that wrote it.
    """

    case: Case
    engine: DesignEngine | None
    version: str


@dataclass(frozen=True)
class _Head:
    """What both kinds of file begin with.

    Attributes:
        program: whose file it is.
        schema: of the file.
        version: of the program that wrote it.
        first_spike: which one of the original run the first spike was.
        spikes: integers, a row a spike.
        difference: the first one; its spike counts within `spikes`.
    """

    program: Literal["spikeloom"]
    schema: int
    version: str
    first_spike: int
    spikes: tuple[tuple[int, ...], ...]
    difference: RowDifference | WinnerDifference


@dataclass(frozen=True)
class _GatewareFile(_Head):
    """Gateware against its network; pauses are probabilities a clock."""

    kind: Literal["gateware"]
    engine: DesignEngine
    network: Mapping[str, Any]
    others: tuple[Mapping[str, Any], ...]
    schedule: Mapping[str, Any]
    pauses: Pauses


@dataclass(frozen=True)
class _LoweringFile(_Head):
    """A network against its graph, whose .onnx file is in base 64."""

    kind: Literal["lowering"]
    model: str
    margin: int


def case_text(case: Case, engine: DesignEngine | None) -> str:
    """The file's content; the same case gives the same text."""
    head = {
        "program": PROGRAM,
        "schema": SCHEMA,
        "version": program_version(),
        "first_spike": case.first_spike,
        "spikes": case.spikes.tolist(),
        "difference": asdict(case.difference),
    }
    rest = _of_lowering(case) if isinstance(case, LoweringCase) else _of_gateware(case, engine)
    return canonical_json({**head, **rest})


def _of_gateware(case: GatewareCase, engine: DesignEngine | None) -> dict[str, Any]:
    accelerator = case.accelerator
    network, *others = (json.loads(n.to_json()) for n in (accelerator.network, *accelerator.others))
    schedule = json.loads(accelerator.schedule.to_json())
    return {
        "kind": "gateware",
        "engine": engine,
        "network": network,
        "others": others,
        "schedule": schedule,
        "pauses": asdict(case.pauses),
    }


def _of_lowering(case: LoweringCase) -> dict[str, Any]:
    return {"kind": "lowering", "model": base64.b64encode(case.model).decode(), "margin": case.margin}


def write_case(text: str, path: Path) -> None:
    """Write a case whole or not at all.

    Raises:
        BadInput: if the file is there already, or the folder for it is not.
    """
    check_new_file(path)
    write_whole(path, text)


def read_case(path: Path) -> StoredCase:
    """The case that a file holds.

    Raises:
        BadInput: if the file is no case, damaged, or of another schema.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{path} is no case of {PROGRAM}: not JSON") from error
    if not isinstance(content, dict) or content.get("program") != PROGRAM:
        raise BadInput(f"{path} is no case of {PROGRAM}: give one that a failed step has written")
    if content.get("schema") != SCHEMA:
        raise BadInput(f"{path} has schema {content.get('schema')}; this {PROGRAM} reads schema {SCHEMA}")
    try:
        return _lowering_case(content) if content.get("kind") == "lowering" else _gateware_case(content)
    except ValueError as error:
        raise BadInput(f"{path} is a damaged case: {error}") from error


def _gateware_case(content: Any) -> StoredCase:
    file = decode(_GatewareFile, content, "case")
    networks = [Network.from_json(json.dumps(network)) for network in (file.network, *file.others)]
    schedule = Schedule.from_json(json.dumps(file.schedule))
    accelerator = Accelerator(networks[0], schedule, tuple(networks[1:]))
    spikes = _spikes(file)
    accelerator.network.check_inputs(spikes)
    case = GatewareCase(accelerator, spikes, file.pauses, file.first_spike, file.difference)
    return StoredCase(case, file.engine, file.version)


def _lowering_case(content: Any) -> StoredCase:
    file = decode(_LoweringFile, content, "case")
    try:
        model = base64.b64decode(file.model, validate=True)
    except binascii.Error as error:
        raise BadInput(f"its model is not in base 64: {error}") from error
    return StoredCase(
        LoweringCase(model, file.margin, _spikes(file), file.first_spike, file.difference), None, file.version
    )


def _spikes(file: _Head) -> NDArray[np.int64]:
    lengths = {len(spike) for spike in file.spikes}
    if len(lengths) != 1:
        raise BadInput(f"its {len(file.spikes)} spikes have lengths {sorted(lengths)}: one length is wanted")
    if any(abs(value) >= 1 << 31 for spike in file.spikes for value in spike):
        raise BadInput("its spikes hold numbers beyond 32 bits")
    return np.array(file.spikes, dtype=np.int64)
