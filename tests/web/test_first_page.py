"""The addresses of the pages where people begin."""

import pytest
from starlette.testclient import TestClient


@pytest.mark.parametrize(
    ("asked", "goes_to"),
    [
        ("/worklist", "/"),
        ("/check-in", "/"),
        ("/worklist?worklist_closed=true&page=2", "/?worklist_closed=true&page=2"),
    ],
)
def test_the_first_page_is_found_under_its_own_name(client: TestClient, asked: str, goes_to: str) -> None:
    answer = client.get(asked)
    assert answer.status_code == 303
    assert answer.headers["location"] == goes_to
