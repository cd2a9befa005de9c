"""A network's trained weights as a file: torch's state_dict, read back without running any code in it."""

import io
import pickle
from pathlib import Path

import torch
from torch import nn

from qat.errors import BadInput
from qat.files import write_whole


def save_weights(model: nn.Module, path: Path) -> None:
    """Write the latent weights and BatchNorm state, as a state_dict; the same model gives the same bytes."""
    buffer = io.BytesIO()  # into a file, torch would write the file's name too
    torch.save(model.state_dict(), buffer)
    write_whole(path, buffer.getvalue())


def load_weights(model: nn.Module, path: Path) -> None:
    """Put weights written by `save_weights` into a model of the same shape.

    Raises BadInput where the file is missing, is not such a file, or belongs to another shape.
    """
    try:
        model.load_state_dict(torch.load(path, weights_only=True))
    except (OSError, EOFError, RuntimeError, TypeError, pickle.UnpicklingError) as error:
        reason = (str(error) or "empty").splitlines()[0]
        raise BadInput(f"{path}: cannot be read as weights of this network ({reason})") from error
