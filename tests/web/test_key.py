"""A missing, unfit or other key is refused before anybody is served, and told when it is lost later."""

import json
from collections.abc import Iterator

import pytest
from cryptography.fernet import Fernet
from starlette.requests import Request

from reporting.app import key
from reporting.app.lifespan import lifespan
from reporting.app.routes import healthz
from reporting.errors import UnsafeSettings
from reporting.records.engine import TROUBLES, transaction
from reporting.records.tables import Patient
from reporting.security.encryption import encrypt
from reporting.settings import settings
from tests.cast import house
from tests.loops import run_apart

OF_THE_DATA, ANOTHER = (Fernet.generate_key().decode() for _ in range(2))


def use(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("REPORTING_ENCRYPTION_KEY", value)
    settings.cache_clear()


@pytest.fixture
def written(database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A database with one name in it, written with its own key."""
    use(monkeypatch, OF_THE_DATA)
    patient_id = house("A").patient_id
    with transaction() as session:
        session.get_one(Patient, patient_id).name_encrypted = encrypt("Dana")
    yield
    monkeypatch.undo()
    settings.cache_clear()
    key._held = ()
    TROUBLES.pop(key.NAME, None)


def started() -> None:
    async def run() -> None:
        async with lifespan(None):
            pass

    run_apart(run())


@pytest.mark.usefixtures("written")
@pytest.mark.parametrize(
    ("value", "words"),
    [("changeme", "32 random bytes"), (ANOTHER, "not the one that this database")],
    ids=["unfit", "another"],
)
def test_the_server_does_not_start(monkeypatch: pytest.MonkeyPatch, value: str, words: str) -> None:
    use(monkeypatch, value)
    monkeypatch.setattr("reporting.app.lifespan.set_up_logging", lambda: None)
    monkeypatch.setattr(
        "reporting.app.lifespan.fill_if_empty", lambda: pytest.fail("nothing is written before the key is known")
    )
    with pytest.raises(UnsafeSettings, match=words):
        started()


@pytest.mark.usefixtures("written")
def test_a_lost_key_file_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without one a new key would be made, silently."""
    use(monkeypatch, "")
    with pytest.raises(UnsafeSettings, match=r"encryption\.key of the same data folder"):
        key.refuse_another_key()


@pytest.mark.usefixtures("written")
def test_the_right_key_is_taken_and_a_later_change_told(monkeypatch: pytest.MonkeyPatch) -> None:
    key.refuse_another_key()
    assert said() == "ok"
    use(monkeypatch, ANOTHER)
    assert said() == "impaired"
    use(monkeypatch, OF_THE_DATA)
    assert said() == "ok"


def said() -> str:
    answer = run_apart(healthz(Request({"type": "http"})))
    return str(json.loads(bytes(answer.body))["status"])


def test_an_empty_database_takes_any_key(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, ANOTHER)
    key.refuse_another_key()
    assert key._held == ()
    monkeypatch.undo()
    settings.cache_clear()
