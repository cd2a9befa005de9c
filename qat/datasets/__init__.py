"""Named sources of spikes: generated ones, and the files of a user."""

from qat.datasets.dataset import DataSet, Factor
from qat.datasets.files import data_sets_of
from qat.datasets.generated import REGISTRY, generated

__all__ = ["REGISTRY", "DataSet", "Factor", "data_sets_of", "generated"]
