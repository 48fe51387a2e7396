"""The audit chain names the first row that somebody touched."""

import pytest
from sqlalchemy import text

from reporting.domain.actors import SYSTEM
from reporting.records import audit
from reporting.records.engine import transaction
from reporting.records.trail import head_file
from reporting.records.trail.findings import Verdict
from reporting.records.trail.verify import verify
from reporting.settings import settings
from tests.accounts import together


def write_rows(count: int) -> None:
    for number in range(count):
        with transaction() as session:
            audit.write(session, SYSTEM, "thing.done", "thing", number, value=number)


def change(statement: str) -> None:
    with transaction() as session:
        session.connection().execute(text(statement))


def test_an_untouched_chain_is_whole(database: str) -> None:
    write_rows(5)
    verdict = verify()
    assert verdict.ok
    assert verdict.rows == 5


def test_an_action_that_fails_leaves_no_row(database: str) -> None:
    write_rows(2)
    with pytest.raises(RuntimeError), transaction() as session:
        audit.write(session, SYSTEM, "thing.done", "thing", 3)
        raise RuntimeError
    assert verify() == Verdict(True, 2)


@pytest.mark.parametrize("column", ["actor_label", "action", "record_id", "at", "details"])
def test_a_changed_row_is_named(database: str, column: str) -> None:
    write_rows(5)
    value = {"at": "'2020-01-01 00:00:00'", "details": "'{\"value\": 9}'"}.get(column, "'forged'")
    change(f"UPDATE audit_event SET {column} = {value} WHERE sequence = 3")
    verdict = verify()
    assert (verdict.ok, verdict.sequence) == (False, 3)


def test_a_removed_row_is_named(database: str) -> None:
    write_rows(5)
    change("DELETE FROM audit_event WHERE sequence = 2")
    assert verify().sequence == 2


def test_swapped_rows_are_named(database: str) -> None:
    write_rows(5)
    change("UPDATE audit_event SET sequence = 99 WHERE sequence = 2")
    change("UPDATE audit_event SET sequence = 2 WHERE sequence = 4")
    change("UPDATE audit_event SET sequence = 4 WHERE sequence = 99")
    assert verify().sequence == 2


def test_rows_cut_off_the_end_are_named(database: str) -> None:
    write_rows(5)
    change("DELETE FROM audit_event WHERE sequence >= 4")
    assert verify().sequence == 4


def test_cutting_the_end_and_mending_the_head_is_still_seen(database: str) -> None:
    write_rows(5)
    change("DELETE FROM audit_event WHERE sequence = 5")
    change("UPDATE audit_head SET sequence = 4, hash = (SELECT hash FROM audit_event WHERE sequence = 4)")
    verdict = verify()
    assert (verdict.ok, verdict.sequence) == (False, 5)
    assert "head file" in verdict.reason


def test_the_kept_head_never_goes_back(database: str) -> None:
    write_rows(3)
    newest = head_file.kept_head()
    head_file.keep(1, "0" * 64)
    assert head_file.kept_head() == newest
    assert (settings().data_dir / "audit_head.json").exists()


def test_of_many_who_write_at_once_the_file_keeps_the_newest(database: str) -> None:
    assert together(*[lambda: write_rows(5)] * 8) == [None] * 8
    kept = head_file.kept_head()
    assert kept is not None
    assert (kept[0], verify()) == (40, Verdict(True, 40))
