"""What a network answers."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn


def scores(model: nn.Module, inputs: NDArray[np.integer]) -> NDArray[np.float32]:
    """Scores float32 [n, n_units] of integer inputs [n, n_inputs], in evaluation mode."""
    was_training = model.training
    model.eval()
    with torch.no_grad():
        result = model(torch.from_numpy(np.asarray(inputs, dtype=np.float32)))
    model.train(was_training)
    return np.asarray(result, dtype=np.float32)


def classify(model: nn.Module, inputs: NDArray[np.integer]) -> NDArray[np.int64]:
    """Unit int64 [n] of integer inputs [n, n_inputs]: the highest score, the lowest index on ties."""
    return scores(model, inputs).argmax(axis=1)
