"""A backup is taken while the work goes on, is checked, and put back on either database: nothing is lost or shown."""

import json
import os
import threading
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import text
from sqlmodel import col, select
from typer.testing import CliRunner

from reporting import clock
from reporting.app import cli
from reporting.app.backups import AGE, backup_is_due, measure, watch_backups
from reporting.backup.act_backup import BackupUnreadable, check, configuration, keep, take
from reporting.backup.act_restore import restore
from reporting.domain.actors import SYSTEM
from reporting.errors import Conflict
from reporting.patient.act_check_ins import submit_check_in
from reporting.patient.read_photos import faulty_photos
from reporting.records import audit
from reporting.records.backup import tables
from reporting.records.engine import TROUBLES, forget_engine, reading, state_of_now, transaction
from reporting.records.tables import AuditEvent, CheckIn, SignInSession, TriageCase
from reporting.records.trail.anchor import line_of_now
from reporting.records.trail.verify import verify
from reporting.security.encryption import given_keys
from reporting.settings import settings
from tests.actions.test_photos import added
from tests.answers import filled
from tests.cast import House, house
from tests.postgres import every_connection


@pytest.fixture
def clinic(database: str, stopped_clock: datetime, monkeypatch: pytest.MonkeyPatch) -> House:
    """With a report, its photo and an open case; the key stands outside the data folder."""
    monkeypatch.setenv("REPORTING_ENCRYPTION_KEY", given_keys()[0].decode())
    settings.cache_clear()
    made = house("A")
    added(made)
    report(made, "first")
    with transaction() as session:
        session.add(
            SignInSession(
                token_hash="t",
                kind="staff",
                clinic_id=made.clinic_id,
                staff_id=made.staff["clinician"].id,
                created_at=clock.now(),
                last_seen_at=clock.now(),
                expires_at=clock.now() + timedelta(hours=1),
            )
        )
    return made


def report(clinic: House, key: str) -> None:
    answers = filled(clinic.treatment_id) if key == "first" else {"symptoms": ["none"]}
    submit_check_in(by=clinic.patient, treatment_id=clinic.treatment_id, answers=answers, submission_key=key)


def sums() -> dict[str, Any]:
    with state_of_now() as session:
        found = {}
        for shape in tables.shapes():
            total = tables.Sum()
            for line in tables.lines(session, shape):
                total.take(line)
            found[shape.name] = total.told
    return found


@pytest.fixture
def elsewhere(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[dict[str, str]]:
    """Empty places to restore into: of either kind, whatever the backup was taken of."""
    address = request.getfixturevalue("postgres_cluster")
    name = f"r_{uuid.uuid4().hex}"
    with psycopg.connect(address, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
    monkeypatch.setenv("REPORTING_DATA_DIR", os.environ["REPORTING_DATA_DIR"])
    monkeypatch.setenv("REPORTING_DATABASE_URL", os.environ["REPORTING_DATABASE_URL"])
    with every_connection() as close_all:
        yield {"sqlite": "", "postgresql": address.replace("/postgres", f"/{name}")}
        forget_engine()
        close_all()
    settings.cache_clear()
    with psycopg.connect(address, autocommit=True) as admin:
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


def move(folder: Path, url: str) -> None:
    os.environ["REPORTING_DATA_DIR"], os.environ["REPORTING_DATABASE_URL"] = str(folder), url
    forget_engine()
    settings.cache_clear()


@pytest.mark.parametrize("into", ["sqlite", "postgresql"])
def test_what_is_put_back_is_the_same_on_either_database(
    clinic: House, elsewhere: dict[str, str], into: str, tmp_path: Path
) -> None:
    path = tmp_path / "b.backup"
    before = sums()
    with reading() as session:
        line = line_of_now(session)
    take(path)
    assert path.stat().st_mode & 0o777 == 0o600
    found = check(path)
    assert (found.ok, found.photos, found.trail.rows) == (True, 1, before["audit_event"]["rows"])
    report(clinic, "second")  # after the backup
    with reading() as session:
        later = line_of_now(session)
    move(tmp_path / "new", elsewhere[into])
    done = restore(path)
    after = sums()
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"audit_event", "audit_head", "sign_in_session"}, "every other table has the same row hashes"
    assert done.sessions == 1
    with reading() as session:
        assert session.exec(select(SignInSession).where(col(SignInSession.ended_at).is_(None))).first() is None
        newest = session.exec(select(AuditEvent).order_by(col(AuditEvent.sequence).desc())).first()
        assert newest is not None
        assert (newest.action, newest.details["row"]) == ("trail.restored", found.newest_row)
    trail = verify([line, later])
    assert trail.ok, "the restore is an expected event, for the anchor too"
    assert any("put back by the command" in note for note in trail.notes)
    assert faulty_photos() == (1, [])
    report(clinic, "third")  # the numbering goes on
    assert verify().ok
    with reading() as session:
        assert len(session.exec(select(CheckIn)).all()) == 2
        assert session.exec(select(TriageCase)).all() is not None
    assert (tmp_path / "new" / "restored" / "content" / "symptoms.csv").read_bytes()


def test_it_goes_into_an_empty_place_only(clinic: House, tmp_path: Path) -> None:
    path = tmp_path / "elsewhere" / "b.backup"
    path.parent.mkdir()
    take(path)
    with pytest.raises(Conflict, match="is there already"):
        take(path)
    before = sums()
    with pytest.raises(Conflict, match=r"not empty|tables already"):
        restore(path)
    assert sums() == before


def test_a_backup_that_was_changed_cut_or_opened_with_another_key_is_refused(
    clinic: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "b.backup"
    take(path)
    whole = path.read_bytes()
    assert b"sha256" not in whole
    for wrong in (whole[:-1], whole[: len(whole) // 2], whole[:200] + b"x" + whole[201:], whole + b"x", b""):
        path.write_bytes(wrong)
        with pytest.raises(BackupUnreadable):
            check(path)
    path.write_bytes(whole)
    monkeypatch.setenv("REPORTING_ENCRYPTION_KEY", "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")
    settings.cache_clear()
    with pytest.raises(BackupUnreadable):
        check(path)


def test_a_passphrase_seals_it_in_place_of_the_key(clinic: House, tmp_path: Path) -> None:
    path = tmp_path / "b.backup"
    take(path, "three words together")
    assert check(path, "three words together").ok
    for other in ("", "another"):
        with pytest.raises(BackupUnreadable):
            check(path, other)


def test_faults_of_trail_and_photos_are_told(clinic: House, tmp_path: Path) -> None:
    with transaction() as session:
        session.connection().execute(text("UPDATE audit_event SET actor_label = 'x' WHERE sequence = 2"))
    for photo in (settings().data_dir / "photos").glob("??/*"):
        photo.write_bytes(photo.read_bytes()[:-1] + b"x")
    path = tmp_path / "b.backup"
    take(path)
    found = check(path)
    assert not found.ok
    assert (found.trail.code, found.trail.sequence, len(found.photo_faults)) == ("changed", 2, 1)


def test_it_is_one_state_while_others_write(clinic: House, tmp_path: Path) -> None:
    stop = threading.Event()

    def work() -> None:
        number = 0
        while not stop.is_set():
            with transaction() as session:
                audit.write(session, SYSTEM, "thing.done", "thing", number)
            number += 1

    writer = threading.Thread(target=work)
    writer.start()
    try:
        for number in range(5):
            path = tmp_path / f"{number}.backup"
            take(path)
            assert check(path).ok
    finally:
        stop.set()
        writer.join()
    assert verify().ok


def test_the_folder_keeps_the_newest(clinic: House, tmp_path: Path) -> None:
    for hour in range(4):
        with clock.fixed(clock.now() + timedelta(hours=hour)):
            assert keep(tmp_path / "kept", 2).ok
    names = sorted(each.name for each in (tmp_path / "kept").iterdir())
    assert names == ["reporting-20260310T113000Z.backup", "reporting-20260310T123000Z.backup"]


def test_no_secret_is_in_the_configuration(clinic: House, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "SMTP_PASSWORD": "canary1",
        "SMS_PASSWORD": "canary2",
        "SMS_HEADERS": '{"Authorization": "canary3"}',
        "SMS_INBOUND_SECRET": "canary4",
        "SMS_URL": "https://x.example/canary5",
        "BACKUP_PASSPHRASE": "canary6",
    }.items():
        monkeypatch.setenv(f"REPORTING_{name}", value)
    settings.cache_clear()
    told = json.dumps(configuration())
    assert "canary" not in told
    assert settings().encryption_key not in told
    assert configuration()["staff_idle_minutes"] == settings().staff_idle_minutes


def run(*words: object) -> Any:
    app = cli.typer.Typer()
    cli.all_commands(app)
    return CliRunner().invoke(app, [str(word) for word in words])


def test_the_order_in_the_operating_manual_works(clinic: House, elsewhere: dict[str, str], tmp_path: Path) -> None:
    told = (Path(__file__).parents[2] / "docs" / "operating.md").read_text()
    file, place = tmp_path / "one.backup", tmp_path / "back"
    for command, words in {
        "reporting backup take FILE": ("backup", "take", file),
        "reporting backup verify FILE": ("backup", "verify", file),
        "reporting backup restore FILE --to FOLDER": ("backup", "restore", file, "--to", place),
        "reporting audit verify": ("audit", "verify"),
        "reporting photos check": ("photos", "check"),
        "reporting outcomes compare": ("outcomes", "compare"),
    }.items():
        assert command in told
        done = run(*words)
        assert done.exit_code == 0, (command, done.output)
    again = run("backup", "restore", file, "--to", place)
    assert again.exit_code == 2
    assert "not empty" in again.output


def test_the_age_of_the_last_good_one_is_told(
    clinic: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stopped_clock: datetime
) -> None:
    assert not backup_is_due(), "nobody asked for any"
    watch_backups()
    assert "backup" not in TROUBLES
    monkeypatch.setenv("REPORTING_BACKUP_DIR", str(tmp_path / "kept"))
    settings.cache_clear()
    assert backup_is_due()
    watch_backups()
    assert TROUBLES["backup"] == "none was taken yet"
    assert run("backup", "keep").exit_code == 0
    watch_backups()
    assert "backup" not in TROUBLES
    assert not backup_is_due()
    with clock.fixed(stopped_clock + timedelta(hours=49)):
        assert backup_is_due()
        watch_backups()
        assert TROUBLES.pop("backup") == "the last good one is 49 hours old"
        measure()
        assert AGE.collect()[0].samples[0].value == 49 * 3600
