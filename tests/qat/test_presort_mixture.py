import numpy as np

from qat.presort.mixture import Mixture, fit, log_joint, log_sum
from qat.presort.outliers import Outliers
from qat.presort.space import build_space

N_SAMPLES = 24


def test_every_round_of_fitting_makes_the_spikes_likelier():
    rng = np.random.default_rng(0)
    time = np.arange(N_SAMPLES)
    shape = 12 * np.exp(-((time - 20 - rng.normal(0, 1, (400, 1))) ** 2) / 8)  # partly outside the window
    windows = shape + rng.normal(0, 1, shape.shape)
    space = build_space(windows, np.eye(N_SAMPLES), (1, N_SAMPLES))
    features = windows @ space.projection
    outliers = Outliers.of(features)
    n_shifts = len(space.shift_maps)
    mixture = Mixture(features[:3], np.full(3, 0.3), np.full((3, n_shifts), 1 / n_shifts), 0.1)
    likelihoods = []
    for _ in range(12):
        of_templates, of_outliers = log_joint(features, mixture, space, outliers)
        likelihoods.append(np.logaddexp(log_sum(of_templates.reshape(400, -1)), of_outliers).sum())
        mixture = fit(features, mixture, space, outliers, 1)
    assert np.diff(likelihoods).min() > -1
