import numpy as np
import pytest

from flows import steps
from flows.errors import BadInput
from flows.pipeline import run_steps
from flows.settings import Settings, SpikeSettings
from tests.flows.doubles import Diary

RATE_HZ = 24_000.0


def test_a_recording_without_a_spike_in_the_test_part_is_refused(tmp_path):
    raw = np.random.default_rng(0).normal(size=48_000)
    raw[30_000:] = 0.1 * np.sin(np.arange(18_000))
    raw[2_000:28_000:1_000] -= 40.0
    np.savez(tmp_path / "quiet.npz", raw=raw, sampling_rate_hz=RATE_HZ)
    chain = steps.build(Settings(recording=tmp_path / "quiet.npz"), "train")
    with pytest.raises(BadInput, match="no spike in the test part"):
        run_steps(chain, tmp_path / "run", Diary(), last="spikes")


def test_a_choice_without_effect_on_stored_windows_is_refused(tmp_path):
    waveforms = np.random.default_rng(0).normal(size=(200, 32)).astype(np.float32)
    np.savez(tmp_path / "cut.npz", waveforms=waveforms)
    settings = Settings(recording=tmp_path / "cut.npz", spikes=SpikeSettings(low_hz=500.0))
    with pytest.raises(BadInput, match=r"--low-hz has no effect on cut\.npz, whose windows came cut"):
        run_steps(steps.build(settings, "train"), tmp_path / "run", Diary(), last="spikes")
