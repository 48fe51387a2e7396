"""Another key takes over: everything is sealed anew with it, and only then may the old one be dropped."""

import json
from collections.abc import Iterator

import pytest
from cryptography.fernet import Fernet
from typer.testing import CliRunner

from reporting import clock
from reporting.app import cli_keys, key
from reporting.app.rotate_keys import Rotation, is_wanted, rotation, states
from reporting.errors import UnsafeSettings
from reporting.records import photo_store, sealed
from reporting.records.engine import TROUBLES, reading, transaction
from reporting.records.migrate import migrate
from reporting.records.tables import CheckIn, Draft, OutboxMessage, Patient, Photo, id_of
from reporting.security import encryption
from reporting.security.encryption import decrypt, encrypt, given_keys, keyed_hash, name_of, present_keys, seal, unseal
from reporting.settings import settings
from tests.cast import House, house

OLD, NEW, OTHER = (Fernet.generate_key().decode() for _ in range(3))


@pytest.fixture(autouse=True)
def _as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    yield
    monkeypatch.undo()
    settings.cache_clear()
    encryption.remember(())
    key._held = ()
    TROUBLES.pop(key.NAME, None)


def start(monkeypatch: pytest.MonkeyPatch, *keys: str) -> None:
    """What every start does before anybody is served."""
    monkeypatch.setenv("REPORTING_ENCRYPTION_KEY", ",".join(keys))
    settings.cache_clear()
    migrate()
    key.refuse_another_key()
    key.keep_keys()


def write(about: House, picture: bytes = b"a picture") -> tuple[int, int, int, str]:
    """Rows of every way in which something is sealed, and a photo: ids of draft, report and message, name of file."""
    with transaction() as session:
        session.get_one(Patient, about.patient_id).name_encrypted = encrypt("Dana")
        whose = {"clinic_id": about.clinic_id, "patient_id": about.patient_id, "treatment_id": about.treatment_id}
        draft = Draft(**whose, answers={"note": "it itches"}, submission_key="k")
        report = CheckIn(
            **whose, scheduled_day=3, due_on=clock.now().date(), replaced_reason=f"other:{encrypt('a mistake')}"
        )
        message = OutboxMessage(
            clinic_id=about.clinic_id,
            channel="email",
            kind="report",
            idempotency_key="o",
            next_attempt_at=clock.now(),
            payload={"to_encrypted": encrypt("dana@example.org")},
        )
        session.add_all([draft, report, message])
        name = photo_store.new_name()
        photo_store.write(name, seal(picture, bound_to=name))
        session.add(Photo(**whose, stored_name=name, sha256="", width_px=1, height_px=1))
        session.flush()
        return id_of(draft), id_of(report), id_of(message), name


def read_back(about: House, ids: tuple[int, int, int, str]) -> list[object]:
    with reading() as session:
        payload = session.get_one(OutboxMessage, ids[2]).payload
        return [
            decrypt(session.get_one(Patient, about.patient_id).name_encrypted or ""),
            session.get_one(Draft, ids[0]).answers["note"],
            decrypt(session.get_one(CheckIn, ids[1]).replaced_reason.partition(":")[2]),
            decrypt(payload["to_encrypted"]),
            unseal(photo_store.read(ids[3]), bound_to=ids[3]),
        ]


ALL = ["Dana", "it itches", "a mistake", "dana@example.org", b"a picture"]


@pytest.mark.usefixtures("database")
def test_a_new_key_takes_over_and_the_old_one_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    start(monkeypatch, OLD)
    ids = write(about := house("A"))
    code = keyed_hash("7QFX2K9M")
    start(monkeypatch, NEW, OLD)
    assert read_back(about, ids) == ALL
    assert is_wanted()
    with pytest.raises(UnsafeSettings, match=name_of(OLD.encode())):
        start(monkeypatch, NEW)
    start(monkeypatch, NEW, OLD)
    done = CliRunner().invoke(cli_keys.app, ["rotate", "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.output) == {
        "ended": True,
        "changed": len(ALL),
        "unreadable": 0,
        "needless": [name_of(OLD.encode())],
    }
    start(monkeypatch, NEW)
    assert read_back(about, ids) == ALL
    assert not is_wanted()
    assert keyed_hash("7QFX2K9M") == code, "codes on paper and the numbers of who was erased are still known"
    assert present_keys() == (NEW.encode(), OLD.encode()), "hashes that were made under the old one can be compared"
    assert given_keys() == (NEW.encode(),)
    start(monkeypatch, OTHER, NEW)
    assert keyed_hash("7QFX2K9M") == code


@pytest.mark.usefixtures("database")
def test_the_old_key_alone_opens_nothing_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    start(monkeypatch, OLD)
    write(house("A"))
    start(monkeypatch, NEW, OLD)
    assert list(rotation())[-1].needless
    with pytest.raises(UnsafeSettings, match="still need the key"):
        start(monkeypatch, OLD)


@pytest.mark.usefixtures("database")
def test_it_may_be_stopped_after_every_step_and_begun_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reporting.app.rotate_keys.ROWS", 1)
    start(monkeypatch, OLD)
    ids = write(about := house("A"))
    start(monkeypatch, NEW, OLD)
    for stop_after in range(1, 40, 6):
        for step, _ in enumerate(rotation(), start=1):
            if step == stop_after:
                break
        assert read_back(about, ids) == ALL
    assert list(rotation())[-1].needless or not is_wanted()
    start(monkeypatch, NEW)
    assert read_back(about, ids) == ALL


@pytest.mark.usefixtures("sqlite_database")
def test_the_background_comes_to_the_end_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    start(monkeypatch, OLD)
    write(house("A"))
    work = Rotation()
    assert (work.go_on(), is_wanted()) == ("", False)
    start(monkeypatch, NEW, OLD)
    assert name_of(OLD.encode()) in work.go_on(seconds=60)
    assert [(state.seals, bool(state.needless_since)) for state in states()] == [(False, True), (True, False)]
    assert work.go_on() == ""


@pytest.mark.usefixtures("sqlite_database")
def test_what_no_key_opens_is_counted_and_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    start(monkeypatch, OLD)
    ids = write(about := house("A"))
    start(monkeypatch, NEW, OLD)
    with transaction() as session:
        report = session.get_one(CheckIn, ids[1])
        report.note_encrypted = encrypt("fine")
        lost = {"note_encrypted": Fernet(OTHER).encrypt(b"lost").decode(), "scheduled_day": 7, "due_on": report.due_on}
        session.add(CheckIn(**report.model_dump(include={"clinic_id", "patient_id", "treatment_id"}), **lost))
    done = CliRunner().invoke(cli_keys.app, ["rotate", "--json"])
    assert (done.exit_code, json.loads(done.output)["unreadable"]) == (1, 1)
    assert read_back(about, ids) == ALL


@pytest.mark.usefixtures("sqlite_database")
def test_status_names_keys_and_tells_nothing_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    start(monkeypatch, OLD)
    write(house("A"))
    start(monkeypatch, NEW, OLD)
    done = CliRunner().invoke(cli_keys.app, ["status"])
    assert done.exit_code == 1
    assert [line.split("  ")[0] for line in done.output.splitlines()] == [name_of(k.encode()) for k in (OLD, NEW)]
    assert not any(part in done.output for part in (OLD, NEW))
    with reading() as session:
        kept = [row.key_encrypted or "" for row in sealed.keys(session)]
    assert [decrypt(kept[0]), kept[1]] == [OLD, ""]
