"""Finding the units: Gaussian mixtures in the space of principal components."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components
from scipy.stats import multivariate_normal
from sklearn.decomposition import PCA
from sklearn.mixture import GaussianMixture
from sklearn.neighbors import NearestNeighbors

from qat.errors import BadInput
from qat.presort.result import PresortSpec

_NEIGHBOURS = 10
_FEWEST_SPIKES = 20


@dataclass(frozen=True, eq=False)
class Clusters:
    """Gaussians found among the spikes of the core, and which of them are one cluster."""

    core: NDArray[np.int64]
    """`[n_core]` rows of the spikes that took part."""
    component: NDArray[np.int64]
    """`[n_core]` Gaussian of each of them."""
    cluster_of_component: NDArray[np.int64]
    """`[n_components]`"""

    @property
    def n_components(self) -> int:
        """How many Gaussians there are."""
        return int(self.cluster_of_component.size)

    @property
    def n_clusters(self) -> int:
        """How many clusters they make."""
        return int(self.cluster_of_component.max()) + 1


def find_clusters(training: NDArray[np.float64], spec: PresortSpec) -> Clusters:
    """Cluster spikes `[n_spikes, n_values]` without being told how many units there are.

    Spikes far from all others (overlaps, rare artefacts) are left aside first, so that they cannot become
    units. Gaussians with full covariances are added as long as the Bayesian information criterion falls; then
    those without a valley between them are merged, which undoes the splitting of clusters that aren't Gaussian.

    Raises:
        BadInput: there are too few spikes.
    """
    if len(training) < _FEWEST_SPIKES:
        raise BadInput(
            f"pre-sorting: {len(training)} training spikes; at least {_FEWEST_SPIKES} are needed, "
            "use a longer recording or a lower threshold"
        )
    n_features = min(spec.n_features, training.shape[1])
    features = PCA(n_features, svd_solver="full").fit_transform(training)
    core = _densest(features, spec.outlier_fraction)
    mixture = _mixture(features[core], spec)
    used, component = np.unique(mixture.predict(features[core]), return_inverse=True)
    connected = np.eye(used.size) if spec.n_units else _merge_ratios(mixture, used) > spec.merge_ratio
    return Clusters(core, component, connected_components(connected)[1].astype(np.int64))


def _densest(features: NDArray[np.float64], outlier_fraction: float) -> NDArray[np.int64]:
    """Rows of all but the share of spikes whose tenth neighbour is farthest away."""
    neighbours = NearestNeighbors(n_neighbors=min(_NEIGHBOURS, len(features) - 1)).fit(features)
    distance = neighbours.kneighbors()[0][:, -1]
    return np.flatnonzero(distance <= np.quantile(distance, 1 - outlier_fraction))


def _mixture(features: NDArray[np.float64], spec: PresortSpec) -> GaussianMixture:
    """The mixture with the lowest criterion; two failures in a row to lower it end the search."""
    most = max(1, min(spec.max_components, len(features) // (4 * features.shape[1])))
    best, lowest, failures = None, np.inf, 0
    for n_components in range(1, most + 1) if spec.n_units is None else (spec.n_units,):
        mixture = GaussianMixture(
            n_components,
            n_init=3,
            max_iter=300,
            random_state=spec.seed,
            reg_covar=1e-3 * features.var(axis=0).max() + 1e-6,
        ).fit(features)
        criterion = mixture.bic(features)
        if best is None or criterion < lowest:
            best, lowest, failures = mixture, criterion, 0
        else:
            failures += 1
        if failures == 2:
            break
    return best


def _merge_ratios(mixture: GaussianMixture, used: NDArray[np.int64]) -> NDArray[np.float64]:
    """`[n, n]` depth of the valley between every two Gaussians: 1 = none, 0 = they are apart."""
    ratios = np.eye(used.size)
    for i, first in enumerate(used):
        for j, second in enumerate(used[:i]):
            ratios[i, j] = ratios[j, i] = _ridgeline_ratio(mixture, first, second)
    return ratios


def _ridgeline_ratio(mixture: GaussianMixture, first: int, second: int) -> float:
    """Lowest density between two Gaussians over the lower of the two peaks beside it.

    Looked for along the ridgeline, on which all peaks and valleys of two Gaussians lie (Ray and Lindsay, Annals
    of Statistics 33:2042-2065, 2005); merging by this ratio after Hennig, Advances in Data Analysis and
    Classification 4:3-34, 2010, section 4.1.
    """
    pair = [first, second]
    means, covariances, weights = mixture.means_[pair], mixture.covariances_[pair], mixture.weights_[pair]
    precisions = np.linalg.inv(covariances)
    towards = np.linspace(0, 1, 51)[:, None, None]
    left, right = (1 - towards) * precisions[0], towards * precisions[1]
    ridge = np.linalg.solve(left + right, left @ means[0][:, None] + right @ means[1][:, None])[..., 0]
    density = sum(
        weight * multivariate_normal(mean, covariance).pdf(ridge)
        for weight, mean, covariance in zip(weights, means, covariances, strict=True)
    )
    valley = int(density.argmin())
    return float(density[valley] / min(density[: valley + 1].max(), density[valley:].max()))
