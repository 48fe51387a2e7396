"""What tests of pages share."""

from collections.abc import Iterator

import pytest

from tests.pages.staff import no_search_for_components


@pytest.fixture(scope="session", autouse=True)
def _quick_runs() -> Iterator[None]:
    with no_search_for_components():
        yield
