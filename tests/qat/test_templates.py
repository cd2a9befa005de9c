from pathlib import Path

import numpy as np
import pytest

from qat.datasets import generated
from qat.errors import BadInput
from qat.recordings.simulate import SimulationSpec, simulate_recording
from qat.recordings.templates import read_templates

TIME_MS = np.arange(48) / 30.0 - 0.4
WIDTHS = (0.10, 0.15, 0.25)
SHAPES = np.array(
    [-np.exp(-((TIME_MS / width) ** 2)) + 0.3 * np.exp(-(((TIME_MS - 0.4) / 0.2) ** 2)) for width in WIDTHS]
)


def npz(tmp_path, **arrays) -> Path:
    path = tmp_path / "of a rat.npz"
    np.savez(path, **arrays)
    return path


def test_units_and_background_are_made_of_the_waveforms_of_a_file(tmp_path):
    library = read_templates(npz(tmp_path, waveforms=25 * SHAPES, sampling_rate_hz=30e3, labels=np.arange(3)))
    source = simulate_recording(
        SimulationSpec(duration_s=4.0, n_units=2, similarity=0.8, noise_level=0.05), None, library
    )
    assert source.provenance.endswith("shapes of of a rat")
    traces = source.recording.get_traces()[:, 0]
    for unit in source.sorting.unit_ids:
        mean = np.mean([traces[t - 10 : t + 24] for t in source.sorting.get_unit_spike_train(unit)], axis=0)
        resampled = [np.interp(np.arange(-10, 24) / 24.0, TIME_MS, shape) for shape in SHAPES]
        assert max(np.corrcoef(mean, shape)[0, 1] for shape in resampled) > 0.98


def test_a_data_set_tells_what_it_is_made_of(tmp_path):
    library = read_templates(npz(tmp_path, waveforms=SHAPES, sampling_rate_hz=30e3))
    data = generated(0.8, 0.10, units=2, templates=library)
    assert data.name == "alike080-noise010-2units-of-a-rat"
    assert data.provenance.endswith("shapes of of a rat")


@pytest.mark.parametrize(
    ("arrays", "says"),
    [
        ({"waveforms": SHAPES}, "sampling_rate_hz is missing"),
        ({"waveforms": SHAPES, "sampling_rate_hz": 30.0}, "1600 ms; expected 0.5 to 50, so look at sampling_rate_hz"),
        ({"waveforms": SHAPES[:, :10], "sampling_rate_hz": 30e3}, "expected 0.5 to 50"),
        ({"waveforms": np.stack([SHAPES, SHAPES], axis=1), "sampling_rate_hz": 30e3}, "2 channels"),
        ({"waveforms": SHAPES * [[1], [0], [1]], "sampling_rate_hz": 30e3}, "shape 1 is flat"),
        ({"waveforms": SHAPES * [[1], [np.nan], [1]], "sampling_rate_hz": 30e3}, "NaN"),
        ({"raw": SHAPES[0], "sampling_rate_hz": 30e3}, "no array waveforms"),
    ],
)
def test_a_file_that_is_no_library_is_told_in_one_line(tmp_path, arrays, says):
    path = npz(tmp_path, **arrays)
    with pytest.raises(BadInput, match=says) as told:
        read_templates(path)
    assert path.name in str(told.value)
    assert "\n" not in str(told.value)


def test_what_is_no_npz_is_refused(tmp_path):
    path = tmp_path / "templates.npz"
    path.write_text("waveforms")
    with pytest.raises(BadInput, match="not a readable"):
        read_templates(path)
