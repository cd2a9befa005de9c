import numpy as np
import pytest

from qat.errors import BadInput
from qat.recordings.source import StoredWindows
from qat.spikes.cut import spikes_from_windows
from qat.spikes.realign import realigned
from qat.spikes.spec import SpikeSpec

N_SAMPLES, CENTER = 32, 14
SHIFTS = np.array([0, 1, -1, 2, 0, -2, 1, 0, -1, 0] * 4)
TRAINING = np.arange(SHIFTS.size) < 30


def bumps(at, sign=1.0):
    """`[n, 32]` windows with a peak on sample `at`."""
    time = np.arange(N_SAMPLES) - np.asarray(at)[:, None]
    return (sign * np.exp(-0.5 * (time / 2.0) ** 2)).astype(np.float32)


def test_every_extremum_stands_on_the_common_sample_and_windows_keep_what_all_have():
    signs = np.where(np.arange(SHIFTS.size) % 2, 1.0, -1.0)[:, None]
    shifted, at = realigned(bumps(CENTER + SHIFTS, signs)[:, None], TRAINING, "file")
    assert shifted.shape == (SHIFTS.size, 1, N_SAMPLES - 4)
    assert at == CENTER - 2
    assert (np.abs(shifted[:, 0]).argmax(axis=1) == at).all()
    assert np.allclose(np.abs(shifted), np.abs(shifted[0]))


def test_the_largest_channel_decides_and_the_others_move_with_it():
    small = 0.5 * bumps(CENTER + 5 + SHIFTS)
    shifted, at = realigned(np.stack([small, bumps(CENTER + SHIFTS)], axis=1), TRAINING, "file")
    assert (shifted[:, 1].argmax(axis=1) == at).all()
    assert (shifted[:, 0].argmax(axis=1) == at + 5).all()


def test_a_larger_spike_far_off_does_not_draw_its_window_away():
    waveforms = bumps(CENTER + SHIFTS)
    waveforms[3] += 2 * bumps([28])[0]
    shifted, at = realigned(waveforms[:, None], TRAINING, "file")
    assert shifted.shape[2] == N_SAMPLES - 4
    assert shifted[3, 0, at] == pytest.approx(1.0)


def test_the_test_part_has_no_say_in_where_windows_are_aligned():
    at = np.where(TRAINING, CENTER + SHIFTS, 25)
    assert realigned(bumps(at)[:, None], TRAINING, "file")[1] == CENTER - 2


def test_a_spike_set_tells_that_its_windows_were_shifted():
    windows = StoredWindows(
        "file", bumps(CENTER + SHIFTS)[:, None], None, 24e3, None, None, "source units", "stored windows in file"
    )
    spikes = spikes_from_windows(windows, SpikeSpec(realign=True))
    assert spikes.n_samples < N_SAMPLES
    assert spikes.preprocessing["window_samples"] == spikes.n_samples
    assert spikes.preprocessing["windows"] == "as stored, shifted onto their extrema"
    assert (spikes.waveforms[:, 0].argmax(axis=1) == spikes.preprocessing["align_sample"]).all()


def test_windows_too_short_to_shift_are_refused():
    with pytest.raises(BadInput, match="at least 8"):
        realigned(np.zeros((9, 1, 7), dtype=np.float32), np.ones(9, dtype=bool), "file")
