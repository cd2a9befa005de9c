"""A network written as a FINN-style graph, for users of that compiler."""

from pathlib import Path

import numpy as np

from flows.errors import BadInput, NotEqualError
from flows.runfolder import existing_run_folder
from flows.steps import files
from flows.steps.writing import check_new_file
from hw.network.finn import finn_graph, run_finn, tensors_of
from hw.network.lower import lower
from hw.network.types import Network
from hw.network.vectors import random_inputs

_CHECKED_INPUTS = 100


def write_finn(source: Path, path: Path) -> str:
    """Write the network of a run, or of a QONNX file, as a FINN-style graph; returns one line about it.

    Raises:
        BadInput: the source holds no network, the network cannot be written so, or the file is there already.
        NotEqualError: the graph differs from the network in QONNX's executor.
    """
    if path.suffix != ".onnx":
        raise BadInput(f"{path}: a graph is written as .onnx; name a file that ends so")
    check_new_file(path)
    network = _network(source)
    model = finn_graph(network)
    x = random_inputs(network.input_format, network.n_inputs, _CHECKED_INPUTS, seed=0)
    computed = run_finn(model, x)
    wrong = [name for name, values in tensors_of(network, x).items() if not np.array_equal(computed[name], values)]
    if wrong:
        raise NotEqualError(f"the FINN-style graph and the network differ in {', '.join(wrong)}")
    path.write_bytes(model.SerializeToString(deterministic=True))
    kinds = ", ".join(node.op_type for node in model.graph.node)
    return f"{path}: {kinds}; every layer equal on {_CHECKED_INPUTS} random inputs in QONNX's executor"


def _network(source: Path) -> Network:
    if source.is_file():
        return lower(source)
    folder = existing_run_folder(source)
    steps = folder.manifest()
    if "lower" in steps:
        return Network.from_json((folder.step_folder("lower") / files.NETWORK).read_text(encoding="utf-8"))
    if "export" in steps:
        return lower(folder.step_folder("export") / files.MODEL)
    raise BadInput(f"{source} holds no network yet: make one with `spikeloom train` or `spikeloom hw`")
