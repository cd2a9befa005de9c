"""Frames: the weights of a network trained anew, for gateware that a run has built."""

from pathlib import Path

from flows.errors import NotEqualError
from flows.runfolder import RunFolder, existing_run_folder
from flows.steps.built import built_accelerator
from flows.steps.writing import check_new_file
from hw.accelerator.load import load_frame
from hw.network.check import compare
from hw.network.lower import lower
from hw.network.reference import Reference
from hw.network.types import Network
from hw.network.vectors import random_inputs

_CHECKED_INPUTS = 100


def write_frame(model: Path, run: Path, path: Path, weight_set: int) -> str:
    """Write the frame that loads a QONNX file's weights into a run's gateware; returns one line about it.

    Raises:
        BadInput: if the run has built no gateware, nothing of it is loadable, the model differs from the run's in
            anything that is fixed, or the file is there already.
        NotEqualError: if the network and the ONNX reference differ.
    """
    check_new_file(path)
    folder = existing_run_folder(run)
    accelerator = built_accelerator(folder)
    frame = load_frame(accelerator, trained_anew(model, folder), weight_set)
    path.write_bytes(frame)
    names = ", ".join(fold.name for fold in accelerator.schedule.layers if fold.loadable)
    return (
        f"{path}: {len(frame)} bytes for weight set {weight_set} of {run}, layers {names}; {model.name} equal to its "
        f"ONNX reference on {_CHECKED_INPUTS} random inputs"
    )


def trained_anew(model: Path, folder: RunFolder) -> Network:
    """The network of a QONNX file, lowered as the run lowered its own, and held against its ONNX reference.

    Raises:
        BadInput: if the file cannot be lowered.
        NotEqualError: if the network and the ONNX reference differ.
    """
    network = lower(model, margin=folder.manifest()["lower"].parameters["unsorted_margin"])
    inputs = random_inputs(network.input_format, network.n_inputs, _CHECKED_INPUTS, seed=0)
    compared = compare(network, Reference.open(model), inputs)
    if not compared.equal:
        raise NotEqualError(f"the integer network and the ONNX reference differ: {compared}")
    return network
