import numpy as np

from qat.presort.mixture import Mixture, fit, log_joint, log_sum
from qat.presort.noise import noise_covariance
from qat.presort.outliers import Outliers
from qat.presort.space import build_space
from qat.recordings.simulate import SimulationSpec, simulate_recording
from qat.spikes.cut import spikes_from_recording
from qat.spikes.spec import SpikeSpec


def test_every_round_of_fitting_makes_the_spikes_likelier():
    """A wrong step lost thousands of nats here, and made one unit of three."""
    spikes = spikes_from_recording(
        simulate_recording(SimulationSpec(n_units=3, similarity="hardest", noise_level=0.15, seed=106)), SpikeSpec()
    )
    windows = spikes.waveforms.reshape(spikes.n_spikes, -1).astype(np.float64)
    space = build_space(windows, noise_covariance(spikes, 0), (spikes.n_channels, spikes.n_samples))
    features = windows @ space.projection
    outliers, n_shifts = Outliers.of(features), len(space.shift_maps)
    medians = np.array([np.median(features[spikes.true_unit == unit], axis=0) for unit in range(3)])
    mixture = Mixture(medians, np.full(3, 0.3), np.full((3, n_shifts), 1 / n_shifts), 0.1)
    likelihoods = []
    for _ in range(10):
        mixture = fit(features, mixture, space, outliers, 1)
        of_templates, of_outliers = log_joint(features, mixture, space, outliers)
        likelihoods.append(np.logaddexp(log_sum(of_templates.reshape(len(features), -1)), of_outliers).sum())
    assert mixture.n_templates == 3
    assert np.diff(likelihoods).min() > 0
