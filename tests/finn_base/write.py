"""Leave FINN-style graphs, and beside each the integers that its tensors must hold: `write FOLDER [MODEL.onnx ...]`.

Random networks of every kind, and the models given.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from hw.network.finn import finn_graph, tensors_of
from hw.network.formats import BIPOLAR, IntegerFormat
from hw.network.lower import lower
from hw.network.types import Network
from hw.network.vectors import random_inputs
from tests.hw.finn_networks import INPUTS, random_finn_network

N_RANDOM = 12
N_INPUTS = 40


def networks(models: list[str]) -> Iterator[tuple[str, Network]]:
    """Names and networks; the first two have the shapes that the project is measured by."""
    for name, n_inputs, values in (("paper", 48, IntegerFormat(8, True)), ("bipolar", 64, BIPOLAR)):
        rng = np.random.default_rng(0)
        yield name, random_finn_network(rng, n_inputs, (256, 256), 5, values, activations=[BIPOLAR])
    for seed in range(N_RANDOM):
        rng = np.random.default_rng(seed)
        hidden = tuple(int(rows) for rows in rng.integers(1, 24, rng.integers(4)))
        values = INPUTS[seed % len(INPUTS)]
        yield f"random{seed}", random_finn_network(rng, int(rng.integers(1, 16)), hidden, 4, values, seed % 2 == 1)
    for model in models:
        yield Path(model).stem, lower(model)


def main(folder: Path, models: list[str]) -> None:
    """Write them."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, network in networks(models):
        x = random_inputs(network.input_format, network.n_inputs, N_INPUTS, seed=0)
        (folder / f"{name}.onnx").write_bytes(finn_graph(network).SerializeToString(deterministic=True))
        np.savez(folder / f"{name}.npz", **tensors_of(network, x))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
