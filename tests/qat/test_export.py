"""The QONNX file: its contract, its metadata, and what is refused."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from brevitas import nn as qnn
from brevitas.quant import Uint8ActPerTensorFloat
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.core.onnx_exec import execute_onnx

from qat.errors import BadInput
from qat.export import describe, export_qonnx, graph_digest, load_metadata
from qat.export_check import ExportMismatch
from qat.models import BipolarWeight, binarized, full_precision_twin, scores
from qat.spikes.spikeset import SpikeSet

INPUTS = np.random.default_rng(0).integers(-128, 128, (40, 12)).astype(np.int8)


def network(n_inputs=12, n_units=3, hidden=(16, 8), seed=0):
    """An untrained network whose BatchNorms are those of no particular data."""
    torch.manual_seed(seed)
    model = binarized(n_inputs, n_units, hidden)
    for layer in model:
        if isinstance(layer, torch.nn.BatchNorm1d):
            torch.nn.init.normal_(layer.weight)
            torch.nn.init.normal_(layer.bias)
            torch.nn.init.normal_(layer.running_mean, 0, 3)
            torch.nn.init.uniform_(layer.running_var, 1, 30)
    return model


def metadata(n_units=3, **form):
    return {
        "input": {"datatype": "INT8", "n_channels": 2, "n_samples": 6, "lsb": [0.75], **form},
        "units": [str(unit) for unit in range(n_units)],
    }


def run(path, inputs):
    """One spike at a time, as the file stands."""
    model = ModelWrapper(str(path))
    answers = [execute_onnx(model, {"spikes": row[None].astype(np.float32)}) for row in inputs]
    return (
        np.concatenate([answer["scores"] for answer in answers]),
        np.concatenate([answer["unit"] for answer in answers]),
    )


@pytest.mark.parametrize("n_units", [1, 3])
@pytest.mark.parametrize("hidden", [(8,), (16, 8), (8, 8, 8)])
def test_the_file_computes_what_torch_computes(tmp_path, n_units, hidden):
    model = network(n_units=n_units, hidden=hidden)
    path = tmp_path / "model.onnx"
    check = export_qonnx(model, path, metadata(n_units), INPUTS)
    file_scores, units = run(path, INPUTS)
    assert np.array_equal(file_scores, scores(model, INPUTS))
    assert np.array_equal(units, file_scores.argmax(axis=1))
    assert (check.n_spikes, check.differing_scores, check.differing_classes) == (40, 0, 0)


def test_contract(tmp_path):
    path = tmp_path / "model.onnx"
    export_qonnx(network(), path, metadata(), INPUTS)
    model = ModelWrapper(str(path))
    onnx.checker.check_model(model.model)

    def outward(tensors):
        form = {onnx.TensorProto.FLOAT: "float32", onnx.TensorProto.INT64: "int64"}
        return [(t.name, form[t.type.tensor_type.elem_type], model.get_tensor_shape(t.name)) for t in tensors]

    assert outward(model.graph.input) == [("spikes", "float32", [1, 12])]
    assert outward(model.graph.output) == [("scores", "float32", [1, 3]), ("unit", "int64", [1])]
    assert sorted(node.op_type for node in model.graph.node) == sorted(
        ["MatMul", "BatchNormalization"] * 2 + ["BipolarQuant"] * 5 + ["MatMul", "ArgMax"]
    )
    assert model.get_tensor_datatype("spikes").name == "INT8"
    for node in model.graph.node:
        if node.op_type == "MatMul":
            _, weights = node.input
            assert model.get_tensor_datatype(weights).name == "BIPOLAR"
            assert model.get_tensor_datatype(node.output[0]).name == "INT32"
        if node.op_type == "BipolarQuant":
            assert model.get_initializer(node.input[1]) == 1.0
    (argmax,) = model.get_nodes_by_op_type("ArgMax")
    assert [a.i for a in argmax.attribute if a.name == "select_last_index"] == [0]


def test_equal_scores_go_to_the_lowest_unit(tmp_path):
    model = network()
    with torch.no_grad():
        model[-1].weight.fill_(0.5)
        model[-1].weight[0].fill_(-0.5)
    path = tmp_path / "model.onnx"
    export_qonnx(model, path, metadata(), INPUTS)
    file_scores, units = run(path, INPUTS)
    assert np.array_equal(file_scores[:, 1], file_scores[:, 2])
    assert np.array_equal(units, np.where(file_scores[:, 0] >= file_scores[:, 1], 0, 1))
    assert set(units) == {0, 1}


def test_metadata_come_back_with_schema_and_digest(tmp_path):
    given = SpikeSet(
        waveforms=2 * INPUTS.reshape(-1, 2, 6),
        network_windows=INPUTS.reshape(-1, 2, 6),
        part=np.zeros(40, np.int8),
        channel=np.zeros(40, np.int16),
        sample_index=None,
        sampling_rate_hz=24000.0,
        true_unit=None,
        overlap=None,
        unit_names=(),
        bits=8,
        lsb=0.5,
        network_lsb=(0.75,),
        unit_of_measure="uV",
        preprocessing={"filter_hz": [300, 3000]},
        detection=None,
        provenance="made up",
    )
    path = tmp_path / "model.onnx"
    export_qonnx(network(), path, describe(given, ["a", "b", "µ"], {"seed": 7}), INPUTS)
    assert load_metadata(path) == {
        "schema": 2,
        "digest": graph_digest(onnx.load(path)),
        "input": {
            "datatype": "INT8",
            "n_channels": 2,
            "n_samples": 6,
            "order": "channel, order of differences, sample",
            "lsb": [0.75],
            "unit_of_measure": "uV",
            "microvolts_per_lsb": [0.75],
            "sampling_rate_hz": 24000.0,
        },
        "preprocessing": {"filter_hz": [300, 3000]},
        "units": ["a", "b", "µ"],
        "training": {"seed": 7},
    }
    (entry,) = onnx.load(path).metadata_props
    canonical = json.dumps(
        load_metadata(path), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    assert (entry.key, entry.value) == ("spikeloom", canonical)


def test_the_file_of_another_version_is_refused(tmp_path):
    path = tmp_path / "model.onnx"
    export_qonnx(network(), path, metadata(), INPUTS)
    model = onnx.load(path)
    older = {**load_metadata(path), "schema": 1}
    onnx.helper.set_model_props(model, {"spikeloom": json.dumps(older)})
    onnx.save(model, path)
    with pytest.raises(BadInput, match="another version of spikeloom; train and export it anew"):
        load_metadata(path)


def test_digest_is_of_the_network_alone(tmp_path):
    first, renamed, other = (tmp_path / name for name in ("first.onnx", "renamed.onnx", "other.onnx"))
    export_qonnx(network(), first, metadata(), INPUTS)
    export_qonnx(network(), renamed, {**metadata(), "units": ["x", "y", "z"]}, INPUTS)
    export_qonnx(network(seed=1), other, metadata(), INPUTS)
    digests = [load_metadata(path)["digest"] for path in (first, renamed, other)]
    assert digests[0] == digests[1] != digests[2]


def test_another_process_writes_the_same_bytes_and_no_path(tmp_path):
    script = (
        "import sys; from pathlib import Path; from tests.qat.test_export import *; "
        "export_qonnx(network(), Path(sys.argv[1]), metadata(), INPUTS)"
    )
    here, there = tmp_path / "here.onnx", tmp_path / "there.onnx"
    export_qonnx(network(), here, metadata(), INPUTS)
    # Another hash seed: nothing in the file may follow the order of a set.
    done = subprocess.run(
        [sys.executable, "-c", script, there],
        cwd=Path(__file__).parents[2],
        env={"PYTHONHASHSEED": "7"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert here.read_bytes() == there.read_bytes()
    assert done.stdout + done.stderr == ""
    for trace in (b".py", b"torch", b"brevitas", str(tmp_path).encode()):
        assert trace not in here.read_bytes()


def test_export_leaves_the_model_as_it_was(tmp_path):
    model = network().train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    export_qonnx(model, tmp_path / "model.onnx", metadata(), INPUTS)
    assert model.training
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_ties_are_counted_not_refused(tmp_path):
    """Every unit's threshold is an accumulator value that occurs, met but for the rounding of BatchNorm."""
    model = network(hidden=(64,))
    accumulators = INPUTS.astype(float) @ np.where(model[0].weight.detach() >= 0, 1, -1).T
    norm = model[1]
    with torch.no_grad():
        norm.running_mean.copy_(torch.from_numpy(accumulators[np.arange(64) % 40, np.arange(64)] + 0.1))
        norm.bias.copy_(0.1 * norm.weight / torch.sqrt(norm.running_var + norm.eps))
    path = tmp_path / "model.onnx"
    check = export_qonnx(model, path, metadata(), INPUTS)
    file_scores, units = run(path, INPUTS)
    by_torch = scores(model, INPUTS)
    assert check.differing_scores == (file_scores != by_torch).any(axis=1).sum()
    assert check.differing_classes == (units != by_torch.argmax(axis=1)).sum()


def test_a_graph_that_computes_something_else_is_not_written(tmp_path):
    """A 1-bit activation in {0, 1}, which exports as {-1, +1}."""
    torch.manual_seed(0)
    model = torch.nn.Sequential(
        qnn.QuantLinear(12, 16, bias=False, weight_quant=BipolarWeight),
        torch.nn.BatchNorm1d(16),
        qnn.QuantIdentity(act_quant=Uint8ActPerTensorFloat, bit_width=1),
        qnn.QuantLinear(16, 3, bias=False, weight_quant=BipolarWeight),
    )
    scores(model.train(), INPUTS)
    with pytest.raises(ExportMismatch, match="spikes differ from torch, and not at ties"):
        export_qonnx(model, tmp_path / "model.onnx", metadata(), INPUTS)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("model", "described", "inputs", "message"),
    [
        (full_precision_twin(12, 3), metadata(), INPUTS, "cannot export Linear"),
        (network(), metadata(n_samples=7), INPUTS, "2 channels x 1 orders of differences x 7 samples"),
        (network(), metadata(n_units=4), INPUTS, "4 unit names"),
        (network(), metadata(), INPUTS[:, :11], r"check inputs \(40, 11\)"),
        (network(), metadata(), INPUTS[:0], r"check inputs \(0, 12\)"),
        (network(), metadata(datatype="INT4"), INPUTS, "outside of INT4"),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path, model, described, inputs, message):
    with pytest.raises(BadInput, match=message):
        export_qonnx(model, tmp_path / "model.onnx", described, inputs)
    assert list(tmp_path.iterdir()) == []


def test_metadata_of_other_files_are_refused(tmp_path):
    foreign, garbage = tmp_path / "foreign.onnx", tmp_path / "garbage.onnx"
    value = onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1])
    out = onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [1])
    node = onnx.helper.make_node("Identity", ["x"], ["y"])
    onnx.save(onnx.helper.make_model(onnx.helper.make_graph([node], "g", [value], [out])), foreign)
    garbage.write_bytes(b"not a graph")
    with pytest.raises(BadInput, match='has no "spikeloom" metadata'):
        load_metadata(foreign)
    with pytest.raises(BadInput, match="cannot be read as ONNX"):
        load_metadata(garbage)
    with pytest.raises(BadInput, match="cannot be read as ONNX"):
        load_metadata(tmp_path / "missing.onnx")
