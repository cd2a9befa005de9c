"""The kinds of network that are compared, by name."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from torch import nn

from qat.models.convolutional import convolutional
from qat.models.full_precision import full_precision_twin
from qat.models.one_bit import binarized
from qat.models.partly_binary import partially_binarized
from qat.models.recurrent import recurrent
from qat.models.widths import HIDDEN

ModelBuilder = Callable[[int, int], nn.Sequential]
"""(n_inputs, n_units) -> untrained network, from float32 [n, n_inputs] to scores float32 [n, n_units]."""


@dataclass(frozen=True)
class ModelKind:
    """A kind of network: what it is called and how one is built."""

    name: str  # as files and commands call it
    title: str  # as tables and figures call it
    is_binarized: bool  # weights train as latent ones in [-1, 1]; the scores are integers up to +-hidden[-1]
    hidden: tuple[int, ...]  # default widths, first layer first
    network: Callable[..., nn.Sequential]  # (n_inputs, n_units, hidden=...), and n_channels=... if over_time
    over_time: bool = False  # sees channels and samples apart

    def builder(self, n_channels: int, hidden: Sequence[int] | None = None) -> ModelBuilder:
        """A builder for spikes of n_channels, their inputs channel-major; `hidden` replaces the default widths.

        A channel that is given as several orders of differences counts for each (`SpikeSet.n_network_rows`).
        """
        options: dict[str, object] = {"hidden": tuple(self.hidden if hidden is None else hidden)}
        if self.over_time:
            options["n_channels"] = n_channels
        return partial(self.network, **options)


MODELS: Mapping[str, ModelKind] = {
    kind.name: kind
    for kind in (
        ModelKind("one-bit", "1-bit network", True, HIDDEN, binarized),
        ModelKind("twin", "full-precision twin", False, HIDDEN, full_precision_twin),
        ModelKind("cnn", "CNN", False, (16, 32, 64), convolutional, over_time=True),
        ModelKind("lstm", "LSTM", False, (64,), recurrent, over_time=True),
        ModelKind("one-hidden", "1-bit network, one hidden layer", True, HIDDEN[:1], binarized),
        ModelKind("partial", "partially binarized network", False, HIDDEN, partially_binarized),
    )
}
