from dataclasses import replace

import numpy as np
import pytest

from flows.study.draw import Draw, _first_of
from flows.study.job import PRESORTER, Job
from flows.study.shifted import shifted_windows
from qat.datasets import generated
from qat.spikes.spikeset import TEST, TRAIN, VALIDATION

SHORT = generated("easy", 0.05, duration_s=12.0)
LINEAR = Job(SHORT.name, 0, "lda", "true")


@pytest.fixture(scope="module")
def draw():
    return Draw(SHORT, 0)


def test_a_result_is_the_same_from_another_draw(draw):
    jobs = [LINEAR, replace(LINEAR, shift=3), Job(SHORT.name, 0, PRESORTER, "baseline")]
    again = Draw(SHORT, 0)
    assert [draw.result(job) for job in jobs] == [again.result(job) for job in reversed(jobs)][::-1]


def test_the_counts_are_of_the_spikes_parts(draw):
    spikes, result = SHORT.spikes(0), draw.result(LINEAR)
    assert [result.n_train, result.n_validation, result.n_test] == [
        int((spikes.part == part).sum()) for part in (TRAIN, VALIDATION, TEST)
    ]
    true = spikes.true_unit[spikes.part == TEST]
    assert result.truth.n_matched == int((true >= 0).sum())
    assert [unit.n for unit in result.truth.units] == [int((true == unit).sum()) for unit in range(3)]
    assert result.truth.n_extra == spikes.detection["parts"]["test"]["n_extra"]


def test_true_labels_from_the_recording_on_miss_what_detection_missed(draw):
    truth = draw.result(Job(SHORT.name, 0, PRESORTER, "true")).truth
    found = truth.sorted_units
    counts = SHORT.spikes(0).detection["parts"]["test"]
    assert sum(unit.n_true for unit in found) == counts["n_true"]
    assert sum(unit.n_true - unit.n_hits for unit in found) == truth.n_missed == counts["n_missed"] > 0
    # A detection that is no spike has a true label of confidence 0, which is an answer all the same.
    assert sum(unit.n_found - unit.n_hits for unit in found) == truth.n_extra
    assert [unit.unit for unit in found] == [unit.unit for unit in truth.units]


def test_where_nothing_was_detected_nothing_is_told_of_detection():
    noisy = generated("easy", 0.30, duration_s=12.0)
    assert Draw(noisy, 0).result(Job(noisy.name, 0, PRESORTER, "true")).truth.sorted_units == ()


def test_windows_cut_anew_without_a_shift_are_the_same():
    source, spikes = SHORT.source(0), SHORT.spikes(0)
    assert np.array_equal(shifted_windows(source, SHORT.spec, spikes, 0), spikes.network_windows)
    later = shifted_windows(source, SHORT.spec, spikes, 2)
    # The first two differences lack what stands before the window.
    assert np.array_equal(later[:, :, 2:-2], spikes.network_windows[:, :, 4:])


def test_test_windows_that_stand_wrong_are_told_apart_worse(draw):
    right, wrong = (draw.result(replace(LINEAR, shift=shift)).accuracy for shift in (0, 6))
    assert right > 0.9 > wrong


def test_fewer_training_spikes_leave_the_test_part_as_it_is(draw):
    few, all_of_them = draw.result(replace(LINEAR, training_spikes=60)), draw.result(LINEAR)
    assert few.n_train == 60 and few.n_validation == pytest.approx(60 / 4, abs=4)
    assert few.n_test == all_of_them.n_test


def test_fewer_training_spikes_leave_the_noise_as_it_is():
    spikes = SHORT.spikes(0)
    # As many windows of noise as there are spikes, by chance.
    noise = np.resize(spikes.noise, (spikes.n_spikes, *spikes.noise.shape[1:]))
    few = _first_of(replace(spikes, noise=noise), 60)
    assert few.noise is noise and few.n_spikes < spikes.n_spikes


def test_fewer_bits_change_what_a_model_sees_and_not_its_labels(draw):
    coarse, fine = draw.result(replace(LINEAR, bits=2)), draw.result(LINEAR)
    assert coarse.truth.n_matched == fine.truth.n_matched and coarse != fine


def test_the_presorter_agrees_with_itself(draw):
    assert draw.result(Job(SHORT.name, 0, PRESORTER)).agreement == 1.0


def test_true_labels_score_as_the_truth(draw):
    assert draw.result(Job(SHORT.name, 0, PRESORTER, "true")).accuracy == 1.0


def test_a_network_is_trained_to_the_same_result_again():
    job = Job(SHORT.name, 0, "one-bit", "true", hidden=16, training_spikes=60)
    first, second = (Draw(SHORT, 0).result(job) for _ in range(2))
    assert first == second and first.accuracy > 0.5
