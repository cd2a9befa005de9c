"""The mean of the weights over the last steps of a training."""

import torch
from torch import Tensor, nn

_MOST_AT_ONCE = 4096  # spikes of which the statistics are taken in one pass, which bounds the memory


class WeightAverage:
    """Mean over steps of a model's parameters (Izmailov et al. 2018, arXiv 1803.05407); of latent ones as well."""

    def __init__(self, model: nn.Module):
        self._parameters = list(model.parameters())
        self._means = [torch.zeros_like(parameter) for parameter in self._parameters]
        self._n_steps = 0

    @torch.no_grad()
    def add_step(self) -> None:
        """Count the model's weights as they are now."""
        self._n_steps += 1
        for mean, parameter in zip(self._means, self._parameters, strict=True):
            mean.lerp_(parameter, 1 / self._n_steps)

    @torch.no_grad()
    def put_into_model(self) -> None:
        """Give the model the means; its BatchNorm statistics are then those of other weights."""
        for mean, parameter in zip(self._means, self._parameters, strict=True):
            parameter.copy_(mean)


@torch.no_grad()
def fit_statistics(model: nn.Module, inputs: Tensor) -> None:
    """Set the running mean and variance of every BatchNorm to what `inputs` [n, n_inputs] give, n >= 2.

    BatchNorms behind others see normalized batches, as in training.
    """
    norms = [layer for layer in model.modules() if isinstance(layer, nn.BatchNorm1d)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # torch's sign for the mean over all batches
    model.train()
    for batch in torch.tensor_split(inputs, max(1, len(inputs) // _MOST_AT_ONCE)):
        model(batch)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
