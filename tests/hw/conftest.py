"""What the tests of gateware share."""

import pytest


@pytest.fixture(scope="session")
def cache(tmp_path_factory):
    """Folder of compiled programs."""
    return tmp_path_factory.mktemp("verilated")
