"""What every test run adds to the results of tests."""

from functools import wraps

import pytest


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """Tells the verification report of how many random examples a property held."""
    drawn = getattr(getattr(item, "obj", None), "hypothesis", None)
    if drawn is None:
        return (yield)
    check, held = drawn.inner_test, []

    @wraps(check)
    def counted(*args, **kwargs):
        check(*args, **kwargs)
        held.append(1)

    drawn.inner_test = counted
    try:
        return (yield)
    finally:
        drawn.inner_test = check
        item.user_properties.append(("examples", len(held)))
