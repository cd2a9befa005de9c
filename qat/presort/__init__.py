"""Pre-sorting: unsupervised pseudo-labels, the only labels that training sees."""

from qat.presort.foreign import labels_from_sorting
from qat.presort.result import Presorting, PresortSpec
from qat.presort.sort import presort

__all__ = ["PresortSpec", "Presorting", "labels_from_sorting", "presort"]
