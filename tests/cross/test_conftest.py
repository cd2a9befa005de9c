"""What every test run adds to the results of tests."""

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st


@pytest.fixture
def seven_are_told_of(request):
    yield
    assert ("examples", 7) in request.node.user_properties


@pytest.mark.usefixtures("seven_are_told_of")
@settings(max_examples=7, phases=(Phase.generate,), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers())
def test_the_examples_of_a_property_are_counted(number):
    assert isinstance(number, int)
