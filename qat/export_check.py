"""Whether an exported graph computes what its model computes: QONNX's executor against torch."""

from dataclasses import dataclass

import numpy as np
import onnx
import torch
from brevitas import nn as qnn
from numpy.typing import NDArray
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.core.onnx_exec import execute_onnx
from qonnx.transformation.change_batchsize import ChangeBatchSize
from qonnx.transformation.infer_shapes import InferShapes
from torch import Tensor, nn

from qat.errors import BadInput


class ExportMismatch(BadInput):
    """The exported graph does not compute what the model computes."""


@dataclass(frozen=True)
class ExportCheck:
    """The exported graph, run by QONNX's executor, against torch.

    They differ only where a BatchNorm output is zero but for float32 rounding, so that its sign depends on
    the order of operations. The graph is the reference there.
    """

    n_spikes: int
    differing_scores: int  # spikes with at least one other score
    differing_classes: int  # spikes with another class


def check_export(graph: onnx.ModelProto, model: nn.Sequential, check_inputs: NDArray[np.integer]) -> ExportCheck:
    """Run the graph and an evaluation-mode copy of the model on integer inputs [n, n_inputs].

    Raises ExportMismatch where they differ otherwise than at ties.
    """
    inputs = check_inputs.astype(np.float32)
    words, scores, classes = _execute(graph, inputs)
    torch_layers, torch_scores = _run_torch(model, inputs)
    same_so_far = np.ones(len(inputs), dtype=bool)  # what follows a difference differs by right
    unexplained = np.zeros(len(inputs), dtype=bool)
    for word, (torch_word, near_tie) in zip(words, torch_layers, strict=True):
        differs = word != torch_word
        unexplained |= same_so_far & (differs & ~near_tie).any(axis=1)
        same_so_far &= ~differs.any(axis=1)
    differing_scores = (scores != torch_scores).any(axis=1)
    unexplained |= same_so_far & differing_scores
    if unexplained.any():
        raise ExportMismatch(
            f"exported graph: {unexplained.sum()} of {len(inputs)} spikes differ from torch, and not at ties; "
            "every weight and activation quantizer must be bipolar"
        )
    return ExportCheck(
        n_spikes=len(inputs),
        differing_scores=int(differing_scores.sum()),
        differing_classes=int((classes != torch_scores.argmax(axis=1)).sum()),
    )


def _execute(
    graph: onnx.ModelProto, inputs: NDArray[np.float32]
) -> tuple[list[NDArray[np.float32]], NDArray[np.float32], NDArray[np.int64]]:
    """Run by QONNX's executor: (hidden words [n, width] of each layer, scores [n, n_units], classes [n])."""
    batched = ModelWrapper(graph).transform(ChangeBatchSize(len(inputs)))
    batched.set_tensor_shape("unit", [len(inputs)])  # ChangeBatchSize knows the first output only
    batched = batched.transform(InferShapes())
    tensors = execute_onnx(batched, {"spikes": inputs}, return_full_exec_context=True)
    words = [
        tensors[node.output[0]]
        for node in batched.get_nodes_by_op_type("BipolarQuant")
        if batched.get_initializer(node.input[0]) is None
    ]
    return words, tensors["scores"], tensors["unit"]


def _run_torch(
    model: nn.Sequential, inputs: NDArray[np.float32]
) -> tuple[list[tuple[NDArray[np.float32], NDArray[np.bool_]]], NDArray[np.float32]]:
    """([(hidden word, where it is near a tie) of each layer, both [n, width]], scores [n, n_units])."""
    layers = []
    value = torch.from_numpy(inputs)
    with torch.no_grad():
        for layer in model:
            before, value = value, layer(value)
            if isinstance(layer, nn.BatchNorm1d):
                near_tie = _near_tie(layer, before, value)
            elif isinstance(layer, qnn.QuantIdentity):
                layers.append((value.numpy(), near_tie.numpy()))
    return layers, value.numpy()


def _near_tie(norm: nn.BatchNorm1d, accumulators: Tensor, outputs: Tensor) -> Tensor:
    """Where an output may be nothing but rounding.

    Fewer than eight float32 roundings lead to it in any order of operations, each at most half an ulp of a
    term of |gamma / sigma| (|x| + |mean|) + |beta|; two such results are within 8 ulps of that sum.
    """
    state = norm.state_dict()
    gain = (state["weight"] / torch.sqrt(state["running_var"] + norm.eps)).abs()
    magnitude = gain * (accumulators.abs() + state["running_mean"].abs()) + state["bias"].abs()
    return outputs.abs() <= 8 * torch.finfo(torch.float32).eps * magnitude
