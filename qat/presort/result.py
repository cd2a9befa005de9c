"""What the pre-sorter is told, and what it gives back."""

import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qat.errors import BadInput

GIVEN = "a sorting made elsewhere"
"""Name of the method that sorts nothing."""


@dataclass(frozen=True)
class PresortSpec:
    """Choices of the pre-sorter; the defaults suit well separated units."""

    n_units: int | None = None
    """Number of units, where it is known; None = the data decide."""
    max_components: int = 30
    """Templates at first; far more than there can be units."""
    background_deflection: float = 1.12
    """A template is noise that crossed the threshold if its median spike deflects by less than this many ..."""
    background_norm: float = 3.0
    """... thresholds, and if its norm in noise standard deviations is below this many."""
    overlap_probability: float = 0.10
    """Prior probability that a second spike reaches into a window."""
    seed: int = 0

    def __post_init__(self) -> None:
        checks = (
            (self.n_units is None or self.n_units >= 1, "n_units must be at least 1"),
            (self.max_components >= 1, "max_components must be at least 1"),
            (self.background_deflection >= 0, "background_deflection must not be negative"),
            (self.background_norm >= 0, "background_norm must not be negative"),
            (0 < self.overlap_probability < 1, "overlap_probability must be in (0, 1)"),
            (self.seed >= 0, "seed must not be negative"),
        )
        for holds, message in checks:
            if not holds:
                raise BadInput(f"pre-sorting settings: {message}; got {self}")


@dataclass(frozen=True, eq=False)
class Presorting:
    """Pseudo-labels of every spike; those of validation and test are predicted with what TRAIN gave."""

    labels: NDArray[np.int32]
    """`[n_spikes]` cluster, 0 to n_units - 1; -1 for a spike that a sorting made elsewhere does not have."""
    confidence: NDArray[np.float32]
    """`[n_spikes]` posterior probability of that label; low where noise is likelier than any unit."""
    n_units: int
    score: float
    """Mean confidence over the training part."""
    method: Mapping[str, Any]
    """JSON-able: what was fitted, and with what settings."""

    @property
    def is_given(self) -> bool:
        """Whether the labels are those of a sorting made elsewhere, every one of which is trusted."""
        return self.method.get("name") == GIVEN

    def save(self, path: Path) -> None:
        """Write everything to one `.npz`; the same pre-sorting gives the same bytes."""
        facts = {"n_units": self.n_units, "score": self.score, "method": self.method}
        with path.open("wb") as file:
            np.savez_compressed(
                file,
                allow_pickle=False,
                facts=np.array(json.dumps(facts, sort_keys=True)),
                labels=self.labels,
                confidence=self.confidence,
            )

    @classmethod
    def load(cls, path: Path) -> "Presorting":
        """Read what `save` wrote.

        Raises:
            BadInput: the file is missing or is no saved pre-sorting.
        """
        try:
            with np.load(path, allow_pickle=False) as file:
                facts = json.loads(str(file["facts"]))
                return cls(labels=file["labels"], confidence=file["confidence"], **facts)
        except FileNotFoundError as error:
            raise BadInput(f"{path}: no such file; expected a saved pre-sorting (.npz)") from error
        except (OSError, KeyError, ValueError, TypeError, EOFError, zipfile.BadZipFile) as error:
            raise BadInput(f"{path}: not a pre-sorting written by spikeloom") from error
