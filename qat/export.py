"""The trained network as a QONNX file: the whole contract with the hardware side, metadata included."""

import copy
import hashlib
import json
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from brevitas import nn as qnn
from google.protobuf.message import DecodeError
from numpy.typing import NDArray
from qonnx.core.datatype import DataType
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.transformation.infer_datatypes import InferDataTypes
from qonnx.util.cleanup import cleanup_model
from torch import nn

from qat.errors import BadInput
from qat.export_check import ExportCheck, check_export
from qat.files import write_whole
from qat.spikes.spikeset import SpikeSet

with warnings.catch_warnings():
    # Brevitas asks for an optional CUDA package that nothing here uses.
    warnings.filterwarnings("ignore", message="fast_hadamard_transform package not found")
    from brevitas.export import export_qonnx as brevitas_export

METADATA_KEY = "spikeloom"
METADATA_SCHEMA = 2  # 1 had one scale for the whole input
_OPSET = 18  # the newest that qonnx 1.0 and onnxruntime 1.23 both know; fixed, for torch's default moves


def describe(spikes: SpikeSet, unit_names: Sequence[str], training: Mapping[str, Any]) -> dict[str, Any]:
    """Metadata for `export_qonnx`: what a device must do to a recording before it reaches the network.

    `unit_names` name the scores in order; `training` is JSON-able (seed, recipe, results). "lsb" is of each order of
    the "differences" in "preprocessing", which follow each other channel by channel (`qat.spikes.network_input`).
    """
    return {
        "input": {
            "datatype": f"INT{spikes.bits}",
            "n_channels": spikes.n_channels,
            "n_samples": spikes.n_samples,
            "order": "channel, order of differences, sample",
            "lsb": list(spikes.network_lsb),
            "unit_of_measure": spikes.unit_of_measure,
            "microvolts_per_lsb": None if spikes.microvolts_per_lsb is None else list(spikes.microvolts_per_lsb),
            "sampling_rate_hz": spikes.sampling_rate_hz,
        },
        "preprocessing": dict(spikes.preprocessing),
        "units": list(unit_names),
        "training": dict(training),
    }


def export_qonnx(
    model: nn.Sequential, path: Path, metadata: Mapping[str, Any], check_inputs: NDArray[np.integer]
) -> ExportCheck:
    """Write a network made by `qat.models.binarized` as a QONNX file, after checking it on `check_inputs`.

    Input `spikes` float32 [1, n_inputs], annotated with metadata["input"]["datatype"]; outputs `scores` float32
    [1, n_units], integers, and `unit` int64 [1], ArgMax with the lowest index first. Between them MatMul with
    BipolarQuant weights (scale 1, stored as +-1), BatchNormalization, BipolarQuant. `metadata` (see `describe`)
    goes under the key "spikeloom" as canonical JSON, with "schema" and "digest" (see `graph_digest`) added. An
    entry "unsorted" of {"margin": N} withholds answers whose best score leads by less (see `qat.unsorted`).
    The same model and metadata give the same bytes. Nothing is written unless the check holds.

    check_inputs: integers [n, n_inputs] with n >= 1.
    Raises BadInput where model, metadata and check_inputs do not fit each other, and ExportMismatch where the
    graph and torch differ otherwise than at ties.
    """
    datatype = _input_datatype(model, metadata, check_inputs)
    frozen = _frozen(model)
    exported = _cleaned(frozen, check_inputs.shape[1], datatype).model
    _strip_origin(exported)
    complete = {**metadata, "schema": METADATA_SCHEMA, "digest": graph_digest(exported)}
    # Not ModelWrapper.set_metadata_prop, which writes into the graph, where ONNX viewers do not look.
    onnx.helper.set_model_props(exported, {METADATA_KEY: _canonical_json(complete)})
    content = exported.SerializeToString(deterministic=True)
    check = check_export(onnx.load_from_string(content), frozen, check_inputs)
    write_whole(path, content)
    return check


def graph_digest(model: onnx.ModelProto) -> str:
    """sha256, in hex, of the serialised graph; the metadata stand outside the graph."""
    return hashlib.sha256(model.graph.SerializeToString(deterministic=True)).hexdigest()


def load_metadata(path: Path) -> dict[str, Any]:
    """The metadata of a file written by `export_qonnx`. Raises BadInput for any other file, and of another schema."""
    try:
        model = onnx.load(path)
    except (OSError, DecodeError) as error:
        raise BadInput(f"{path}: cannot be read as ONNX ({error})") from error
    for entry in model.metadata_props:
        if entry.key == METADATA_KEY:
            metadata = dict(json.loads(entry.value))
            if metadata.get("schema") != METADATA_SCHEMA:
                raise BadInput(f"{path}: written by another version of spikeloom; train and export it anew")
            return metadata
    raise BadInput(f'{path}: has no "{METADATA_KEY}" metadata; export it with spikeloom')


def _input_datatype(model: nn.Sequential, metadata: Mapping[str, Any], check_inputs: NDArray[np.integer]) -> Any:
    """The input's QONNX datatype, once model, metadata and inputs are seen to fit each other."""
    for layer in model:
        if not isinstance(layer, qnn.QuantLinear | nn.BatchNorm1d | qnn.QuantIdentity):
            raise BadInput(f"cannot export {type(layer).__name__}: only networks made by `binarized` can be")
    matrices = [layer for layer in model if isinstance(layer, nn.Linear)]
    n_inputs, n_units = matrices[0].in_features, matrices[-1].out_features
    form, n_names = metadata["input"], len(metadata["units"])
    n_orders = len(form["lsb"])
    if form["n_channels"] * n_orders * form["n_samples"] != n_inputs or n_names != n_units:
        raise BadInput(
            f"metadata: {form['n_channels']} channels x {n_orders} orders of differences x {form['n_samples']} "
            f"samples and {n_names} unit names, but the network has {n_inputs} inputs and {n_units} units"
        )
    if check_inputs.ndim != 2 or check_inputs.shape[1] != n_inputs or not len(check_inputs):
        raise BadInput(f"check inputs {check_inputs.shape}: must be [n, {n_inputs}] with n >= 1")
    datatype = DataType[form["datatype"]]
    lowest, highest = check_inputs.min(), check_inputs.max()
    if not (datatype.allowed(lowest) and datatype.allowed(highest)):
        raise BadInput(f"check inputs {lowest} ... {highest}: outside of {datatype.name}")
    return datatype


def _frozen(model: nn.Sequential) -> nn.Sequential:
    """A copy in evaluation mode whose latent weights are the +-1 that they stand for."""
    frozen = copy.deepcopy(model).eval()
    with torch.no_grad():
        for layer in frozen:
            if isinstance(layer, qnn.QuantLinear):
                layer.weight.copy_(layer.quant_weight().value)
    return frozen


def _cleaned(model: nn.Sequential, n_inputs: int, datatype: Any) -> ModelWrapper:
    """The graph as Brevitas exports it, cleaned, ending in ArgMax, datatypes inferred."""
    # The TorchScript exporter gives MatMul with a Transpose that the clean-up folds into the weights. The newer
    # one gives Gemm, writes the stack trace of every node into the file, and prints its progress.
    exported = brevitas_export(
        model,
        args=torch.zeros(1, n_inputs),
        dynamo=False,
        opset_version=_OPSET,
        input_names=["spikes"],
        output_names=["scores"],
    )
    wrapper = cleanup_model(ModelWrapper(exported))
    wrapper.rename_tensor(wrapper.graph.input[0].name, "spikes")  # the clean-up has renamed both
    wrapper.rename_tensor(wrapper.graph.output[0].name, "scores")
    wrapper.graph.node.append(
        onnx.helper.make_node(
            "ArgMax", ["scores"], ["unit"], name="ArgMax_0", axis=1, keepdims=0, select_last_index=0
        )
    )
    wrapper.graph.output.append(onnx.helper.make_tensor_value_info("unit", onnx.TensorProto.INT64, [1]))
    wrapper.set_tensor_datatype("spikes", datatype)
    wrapper.set_tensor_datatype("unit", DataType["INT64"])
    return wrapper.transform(InferDataTypes())


def _strip_origin(model: onnx.ModelProto) -> None:
    """Remove what depends on the machine or on torch's version rather than on the network."""
    model.producer_name, model.producer_version, model.doc_string = "spikeloom", "", ""
    model.graph.name, model.graph.doc_string = "network", ""
    model.ClearField("metadata_props")
    for part in (model.graph, *model.graph.node, *model.graph.value_info, *model.graph.initializer):
        part.ClearField("metadata_props")
        part.ClearField("doc_string")


def _canonical_json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
