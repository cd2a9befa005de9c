"""Named sources of spikes: generated ones, the files of a user, and how hard they are beside each other."""

from qat.datasets.dataset import DataSet, Factor
from qat.datasets.files import data_sets_of
from qat.datasets.generated import REGISTRY, generated
from qat.datasets.hardness import Hardness, hardness_of_both, windows_at_true_times
from qat.datasets.spectrum import NoiseSpectrum, noise_spectrum

__all__ = [
    "REGISTRY",
    "DataSet",
    "Factor",
    "Hardness",
    "NoiseSpectrum",
    "data_sets_of",
    "generated",
    "hardness_of_both",
    "noise_spectrum",
    "windows_at_true_times",
]
