"""The running site on a fresh database."""

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from tests.cast import House, house
from tests.conftest import _use
from tests.web.site import running, site


@pytest.fixture(scope="session")
def application(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The application, started once: Streamlit cannot be started again in the same process."""
    _use(tmp_path_factory.mktemp("site"), "")
    with running():
        yield


@pytest.fixture
def client(application: None, sqlite_database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    with site(monkeypatch) as client:
        yield client


@pytest.fixture
def clinic(client: TestClient) -> House:
    return house("A")
