"""Files and options made to harm: one clear line each, in bounded time and memory, and never a wrong accelerator."""

import pytest

from tests.cross.hostile import graphs, recordings, settings
from tests.cross.hostile.campaign import meet

SMALL = 20


def some_of(cases):
    """As many as a default test has time for, from all over the list."""
    cases = list(cases)
    return cases[:: len(cases) // SMALL]


@pytest.mark.verify("fuzzed")
def test_some_hostile_graphs(record_property):
    """Some malformed QONNX files are refused in one line each."""
    campaign = meet(some_of(graphs.cases(seed=1, rounds=1)), graphs.stand_outside)
    campaign.record(record_property)
    assert not campaign.failures
    assert campaign.count("refused") >= SMALL // 2


@pytest.mark.verify("fuzzed")
def test_some_hostile_recordings(record_property):
    """Some malformed recordings are refused in one line each."""
    campaign = meet(some_of(recordings.cases(seed=1, rounds=1)), recordings.stand_outside)
    campaign.record(record_property)
    assert not campaign.failures
    assert campaign.count("refused") >= SMALL // 2


@pytest.mark.verify("fuzzed")
def test_some_hostile_settings(record_property):
    """Some absurd options, schedules and run folders are refused in one line each."""
    campaign = meet(some_of(settings.cases(seed=1, rounds=1)))
    campaign.record(record_property)
    assert not campaign.failures
    assert campaign.count("refused") >= SMALL // 2


@pytest.mark.slow
@pytest.mark.verify("fuzzed")
def test_hostile_graphs(record_property):
    """300 malformed QONNX files: one line each in bounded time and memory, no accelerator; valid ones stay exact."""
    campaign = meet(graphs.cases(seed=2, rounds=2), graphs.stand_outside)
    campaign.record(record_property)
    assert not campaign.failures
    assert campaign.count("refused") >= 300
    assert campaign.equal == campaign.count("benign") > 0


@pytest.mark.slow
@pytest.mark.verify("fuzzed")
def test_hostile_recordings(record_property):
    """300 malformed recordings of eleven formats: one line each, nothing outside is read, nothing is unpickled."""
    campaign = meet(recordings.cases(seed=2, rounds=1), recordings.stand_outside)
    campaign.record(record_property)
    assert not campaign.failures
    assert campaign.count("refused") >= 300


@pytest.mark.slow
@pytest.mark.verify("fuzzed")
def test_hostile_settings(record_property):
    """300 absurd options, damaged schedules and run folders: one line each, or a simulation that is exact."""
    campaign = meet(settings.cases(seed=2, rounds=1))
    campaign.record(record_property)
    assert not campaign.failures
    assert campaign.count("refused") >= 100
