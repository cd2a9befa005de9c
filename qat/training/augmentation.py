"""Training spikes changed as a recording may change them, anew every epoch.

Waveforms are float32 [n, n_channels, n_samples] that hold integers, and stay within the extremes of those that
were given, as samples saturate. Random numbers come from torch's global generator.
"""

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from qat.training.labelled import Tensors
from qat.training.recipe import TrainingRecipe


def augmented(spikes: Tensors, recipe: TrainingRecipe) -> Tensor:
    """Waveforms of the spikes for one epoch, each with the label that it had."""
    waveforms = spikes.waveforms
    if recipe.noise_factor:
        waveforms = with_noise(waveforms, noise_of(spikes), recipe.noise_factor)
    if recipe.overlap_share:
        waveforms = with_overlaps(waveforms, recipe.overlap_share)
    if recipe.most_shift_samples:
        waveforms = shifted(waveforms, recipe.most_shift_samples)
    return waveforms


def noise_of(spikes: Tensors) -> Tensor:
    """What each spike is beside the mean waveform of its label: the recording's own noise."""
    member = one_hot(spikes.labels).to(spikes.waveforms.dtype)
    means = torch.einsum("nu,ncs->ucs", member / member.sum(dim=0).clamp(min=1), spikes.waveforms)
    return spikes.waveforms - means[spikes.labels]


def with_noise(waveforms: Tensor, noise: Tensor, factor: float) -> Tensor:
    """Add to every spike the noise of another one, `factor` times as large and of either sign."""
    n = len(waveforms)
    signs = 2 * torch.randint(2, (n, 1, 1)) - 1
    noisy = waveforms + (factor * signs * noise[torch.randint(n, (n,))]).round()
    return noisy.clamp(waveforms.min(), waveforms.max())


def with_overlaps(waveforms: Tensor, share: float) -> Tensor:
    """Add to a share of the spikes another one, as spikes that overlap superpose in a recording.

    It is shifted by an eighth of the window at least: closer spikes leave open which of the two is meant.
    """
    n, _, n_samples = waveforms.shape
    shift = torch.randint(max(1, n_samples // 8), n_samples + 1, (n, 1, 1))
    shift *= 2 * torch.randint(2, (n, 1, 1)) - 1
    source = torch.arange(n_samples) - shift
    inside = (source >= 0) & (source < n_samples)
    added = waveforms[torch.randint(n, (n,))].gather(2, source.clamp(0, n_samples - 1).expand_as(waveforms))
    overlapped = (waveforms + added * inside).clamp(waveforms.min(), waveforms.max())
    return torch.where(torch.rand(n, 1, 1) < share, overlapped, waveforms)


def shifted(waveforms: Tensor, most_samples: int) -> Tensor:
    """Move every spike by up to so many samples either way, as alignment in noise does; the end samples repeat."""
    n, _, n_samples = waveforms.shape
    source = torch.arange(n_samples) - torch.randint(-most_samples, most_samples + 1, (n, 1, 1))
    return waveforms.gather(2, source.clamp(0, n_samples - 1).expand_as(waveforms))
