"""Training spikes changed as a recording may change them, anew every epoch."""

import torch
from torch import Tensor


def with_overlaps(waveforms: Tensor, share: float) -> Tensor:
    """Add to a share of the spikes another one, as spikes that overlap superpose in a recording.

    It is shifted by an eighth of the window at least: closer spikes leave open which of the two is meant.
    Sums saturate at the extremes of all waveforms, as the samples do. [n, n_channels, n_samples] both.
    """
    n, _, n_samples = waveforms.shape
    shift = torch.randint(max(1, n_samples // 8), n_samples + 1, (n, 1, 1))
    shift *= 2 * torch.randint(2, (n, 1, 1)) - 1
    source = torch.arange(n_samples) - shift
    inside = (source >= 0) & (source < n_samples)
    added = waveforms[torch.randint(n, (n,))].gather(2, source.clamp(0, n_samples - 1).expand_as(waveforms))
    overlapped = (waveforms + added * inside).clamp(waveforms.min(), waveforms.max())
    return torch.where(torch.rand(n, 1, 1) < share, overlapped, waveforms)
