"""Whoever can write the database, without the key, changes nothing of the trail unseen: not at once, not later."""

import hashlib
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as runs
from hypothesis import strategies as some
from sqlalchemy import event, text
from sqlmodel import col, select

from reporting import clock
from reporting.app.trail import keep_anchors, watch_trail
from reporting.domain.actors import SYSTEM
from reporting.records import audit
from reporting.records.engine import TROUBLES, engine, reading, transaction
from reporting.records.tables import AuditEvent
from reporting.records.trail import head_file
from reporting.records.trail.anchor import line_of_now, lines_of, parsed
from reporting.records.trail.seal import START, spelled
from reporting.records.trail.standing import check, settle, standing
from reporting.records.trail.verify import verify
from reporting.settings import settings

ROWS = select(AuditEvent).order_by(col(AuditEvent.sequence))


def act(count: int = 1) -> None:
    for number in range(count):
        with transaction() as session:
            audit.write(session, SYSTEM, "thing.done", "thing", number, value=number)


def sql(statement: str, **values: Any) -> None:
    with transaction() as session:
        session.connection().execute(text(statement), values)


def mend_head(last: int) -> None:
    sql(
        "UPDATE audit_head SET sequence = :last, hash = (SELECT hash FROM audit_event WHERE sequence = :last)",
        last=last,
    )


def written_anew(first: int, *, sealed_with: str = "") -> None:
    """Row ``first`` says another thing, and it and all later ones have fresh hashes: without the key."""
    with transaction() as session:
        rows = session.exec(ROWS).all()
        previous = START
        for row in rows:
            if row.sequence >= first:
                row.actor_label = "somebody else" if row.sequence == first else row.actor_label
                row.previous_hash, row.sealed_with = previous, sealed_with
                row.hash = hashlib.sha256(spelled(row)).hexdigest()
            previous = row.hash
        newest = rows[-1].sequence
    mend_head(newest)


def cut(_folder: Path) -> None:
    sql("DELETE FROM audit_event WHERE sequence >= 6")
    mend_head(5)


def rewrite(_folder: Path) -> None:
    written_anew(4)


def rewrite_saying_that_it_is_sealed(_folder: Path) -> None:
    with reading() as session:
        name = session.get(AuditEvent, 4).sealed_with  # type: ignore[union-attr]
    written_anew(4, sealed_with=name)


def take_the_file(folder: Path) -> None:
    (folder / "audit_head.json").unlink()


def empty_the_file(folder: Path) -> None:
    (folder / "audit_head.json").write_text("")


def cut_and_write_the_file(folder: Path) -> None:
    cut(folder)
    with reading() as session:
        row = session.get(AuditEvent, 5)
        assert row is not None
        (folder / "audit_head.json").write_text(json.dumps({"sequence": 5, "hash": row.hash}))


def change_what_the_file_says(folder: Path) -> None:
    path = folder / "audit_head.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"sequence": 5}))


TAMPERING = {
    cut: "cut_off",
    rewrite: "rewritten_from",
    rewrite_saying_that_it_is_sealed: "rewritten_from",
    take_the_file: "head_missing",
    empty_the_file: "head_unreadable",
    cut_and_write_the_file: "head_forged",
    change_what_the_file_says: "head_forged",
}


@pytest.mark.parametrize("tampering", TAMPERING, ids=lambda each: each.__name__)
def test_it_is_named_and_further_work_mends_nothing(database: str, tampering: Any) -> None:
    act(8)
    tampering(settings().data_dir)
    assert (verify().ok, verify().code) == (False, TAMPERING[tampering])
    act(8)
    later = verify()
    assert not later.ok
    assert later.reason
    with reading() as session:
        assert standing(session).words
    watch_trail()
    assert TROUBLES.pop("audit_trail")
    with reading() as session:
        said = sum(row.action == audit.FOUND for row in session.exec(ROWS))
    assert said == 1, "it is on record, once"


def test_a_row_of_the_old_rule_after_keyed_ones_is_named(database: str) -> None:
    act(3)
    with transaction() as session:
        row = AuditEvent(
            sequence=4,
            at=clock.now(),
            actor_kind="system",
            actor_label="x",
            action="thing.done",
            record_kind="thing",
            record_id="4",
            details={},
            previous_hash=session.get(AuditEvent, 3).hash,  # type: ignore[union-attr]
            hash="",
        )
        row.hash = hashlib.sha256(spelled(row)).hexdigest()
        session.add(row)
    mend_head(4)
    found = verify()
    assert (found.code, found.sequence) == ("old_rule", 4)
    act()
    assert verify().code == "old_rule"


def test_rows_of_before_the_key_stay_verifiable(database: str) -> None:
    act(4)
    written_anew(1)
    head_file.head_path().unlink()
    with reading() as session:
        newest = session.get(AuditEvent, 4)
    assert newest is not None
    head_file.head_path().write_text(json.dumps({"sequence": 4, "hash": newest.hash}))
    act(2)
    found = verify()
    assert (found.ok, found.rows) == (True, 6)
    assert "rows 1 to 4" in found.notes[0]
    sql("UPDATE audit_event SET actor_label = 'x' WHERE sequence = 2")
    assert (verify().code, verify().sequence) == ("changed", 2)


def kept_copy() -> tuple[list[dict[str, Any]], str]:
    with reading() as session:
        rows = [row.model_dump() for row in session.exec(ROWS)]
    return rows, head_file.head_path().read_text()


def put_back(copy: tuple[list[dict[str, Any]], str]) -> None:
    rows, file = copy
    sql("DELETE FROM audit_event")
    with transaction() as session:
        session.add_all([AuditEvent(**row) for row in rows])
    mend_head(rows[-1]["sequence"])
    head_file.head_path().write_text(file)


def test_table_and_file_put_back_together_are_seen_by_the_anchor(database: str, tmp_path: Path) -> None:
    act(3)
    old = kept_copy()
    act(3)
    with reading() as session:
        line = line_of_now(session)
    put_back(old)
    assert verify().ok, "nothing beside the anchor can tell"
    found = verify([line])
    assert (found.code, found.sequence) == ("line_gone", 6)
    act(5)
    assert verify([line]).code == "line_other"
    assert check([line]).code == "line_other"
    with reading() as session:
        assert standing(session).fault is not None


def test_lines_of_an_anchor_that_agree_or_were_changed(database: str) -> None:
    act(3)
    with reading() as session:
        line = line_of_now(session)
    act(3)
    assert verify([f"> {line}"]).notes == ("1 of 1 lines of the anchor agree",)
    assert verify([line.replace(" 3 ", " 2 ")]).code == "line_forged"
    assert verify(["Dear administrator"]).code == "line_unreadable"


def test_a_restore_by_the_command_is_expected(database: str) -> None:
    act(3)
    old = kept_copy()
    act(3)
    with reading() as session:
        line = line_of_now(session)
    put_back(old)
    with transaction() as session:
        audit.write(session, SYSTEM, "trail.restored", audit.ABOUT, "backup", row=3, taken_at="2026-03-10T09:30:00Z")
    found = verify([line])
    assert found.ok
    assert any("expected: rows 6" in note for note in found.notes)
    with clock.fixed(clock.now() + timedelta(days=1)), reading() as session:
        later = line_of_now(session)
    sql("DELETE FROM audit_event WHERE sequence > 3")
    assert not verify([later]).ok


def test_the_anchor_file_gets_a_line_at_its_interval(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "elsewhere.txt"
    monkeypatch.setattr(settings(), "audit_anchor_file", path)
    assert keep_anchors() == "", "there is nothing to remember yet"
    act(2)
    assert keep_anchors() == "file"
    assert keep_anchors() == ""
    with clock.fixed(clock.now() + timedelta(hours=25)):
        assert keep_anchors() == "file"
    assert [parsed(line).number for line in lines_of(path)] == [2, 2]
    assert path.stat().st_mode & 0o777 == 0o600
    assert verify(lines_of(path)).ok
    monkeypatch.setattr(settings(), "audit_anchor_file", tmp_path)
    keep_anchors()
    assert TROUBLES.pop("audit_anchor") == "IsADirectoryError"


def test_the_nightly_check_is_in_the_trail_and_settling_leaves_the_record(database: str) -> None:
    act(3)
    assert check().ok
    with reading() as session:
        assert (standing(session).rows, standing(session).words) == (3, "")
    take_the_file(settings().data_dir)
    act()
    assert not check().ok
    assert settle() == 1
    assert settle() == 0
    found = verify()
    assert found.ok
    assert any("settled" in note for note in found.notes)


def test_an_append_looks_at_no_more_rows_in_a_long_trail(database: str) -> None:
    """By the statements: as many, each by its key, whatever the length."""
    said: list[str] = []

    def heard(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        said.append(statement)

    event.listen(engine(), "before_cursor_execute", heard)
    try:
        act()
        first = list(said)
        act(300)
        said.clear()
        act()
    finally:
        event.remove(engine(), "before_cursor_execute", heard)
    assert said == first
    assert not [each for each in said if each.startswith("SELECT") and "audit_event" in each]


@runs(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=some.data())
def test_no_change_of_any_row_goes_unseen(sqlite_database: str, data: some.DataObject) -> None:
    with reading() as session:
        rows = len(session.exec(ROWS).all())
    if rows < 12:
        act(12 - rows)
    before = kept_copy()
    row = data.draw(some.integers(1, len(before[0])))
    what = data.draw(some.sampled_from(["delete", "label", "details", "hash", "cut", "anew"]))
    statements = {
        "delete": "DELETE FROM audit_event WHERE sequence = :row",
        "label": "UPDATE audit_event SET actor_label = actor_label || '.' WHERE sequence = :row",
        "details": "UPDATE audit_event SET details = '{}' WHERE sequence = :row",
        "hash": "UPDATE audit_event SET hash = 'ab' WHERE sequence = :row",
        "cut": "DELETE FROM audit_event WHERE sequence >= :row",
    }
    if what == "anew":
        written_anew(row)
    else:
        sql(statements[what], row=row)
    if data.draw(some.booleans()) and row > 1:
        mend_head(row - 1 if what == "cut" else len(before[0]))
    try:
        assert not verify().ok
        act(data.draw(some.integers(1, 5)))
        assert not verify().ok
    finally:
        put_back(before)
    assert verify().ok
