"""What tests of pages share."""

from collections.abc import Iterator
from datetime import datetime

import pytest

from tests.cast import House, house
from tests.pages.staff import no_search_for_components


@pytest.fixture(scope="session", autouse=True)
def _quick_runs() -> Iterator[None]:
    with no_search_for_components():
        yield


@pytest.fixture
def clinic(sqlite_database: str, stopped_clock: datetime) -> House:
    """A clinic with staff, a patient and a treatment, on a Tuesday morning."""
    return house("A")
