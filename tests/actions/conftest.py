"""What the tests of actions share, on both databases."""

from datetime import datetime

import pytest

from tests.cast import House, house


@pytest.fixture
def clinic(database: str, stopped_clock: datetime) -> House:
    """A clinic with staff, a patient and a treatment, on a Tuesday morning."""
    return house("A")
