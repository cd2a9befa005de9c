"""Pre-sorting: unsupervised pseudo-labels, the only labels that training sees."""

from qat.presort.result import Presorting, PresortSpec
from qat.presort.sort import presort

__all__ = ["PresortSpec", "Presorting", "presort"]
