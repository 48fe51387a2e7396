"""What one page reads in parts is of one state of the database, read in one transaction."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import pytest
from sqlalchemy import event
from sqlmodel import Session

from reporting.cases.read_worklist import case_steps, open_part
from reporting.domain.clinic_settings import Month
from reporting.imports.read_imports import import_history, refused_table
from reporting.records.engine import one_reading, reading, transaction
from reporting.records.outcome_frame import newest_revision, one_moment, outcome_frame
from reporting.records.tables import Clinic, ImportRun
from reporting.report.read_monthly import monthly_report, report_choices
from tests.cast import House, house
from tests.pages.clinic_data import fill
from tests.reports import eyes_closing


@contextmanager
def begun() -> Iterator[list[object]]:
    """The transactions that begin meanwhile."""
    seen: list[object] = []

    def note(_session: Session, transaction: object, _connection: object) -> None:
        seen.append(transaction)

    event.listen(Session, "after_begin", note)
    try:
        yield seen
    finally:
        event.remove(Session, "after_begin", note)


@pytest.fixture
def clinic(database: str, stopped_clock: datetime) -> House:
    made = house("A")
    fill(made)
    return made


def test_a_monthly_report_is_of_one_transaction(clinic: House) -> None:
    lead = clinic.staff["safety_lead"]
    with begun() as seen:
        report = monthly_report(lead, Month(2026, 2), operators=True)
    assert (report.overview.totals.n_treatments, len(seen)) == (14, 1)
    with begun() as seen:
        report_choices(lead)
    assert len(seen) == 1


def test_the_worklist_and_a_case_are_of_one_transaction(clinic: House) -> None:
    by, case_id = clinic.staff["clinician"], eyes_closing(clinic)
    with begun() as seen:
        assert [case.case_id for case in open_part(by, 1, 20).cases] == [case_id]
    assert len(seen) == 1
    with begun() as seen:
        assert [step.words for step in case_steps(by, case_id)] == ["Case opened"]
    assert len(seen) == 1


def test_refused_rows_are_of_one_transaction(clinic: House, stopped_clock: datetime) -> None:
    by = clinic.staff["administrator"]
    counts = {"rows_read": 1, "rows_imported": 1, "rows_unchanged": 0, "rows_refused": 0}
    with transaction() as session:
        file = {"kind": "devices", "file_name": "devices.csv", "file_sha256": "0"}
        session.add(ImportRun(clinic_id=clinic.clinic_id, created_at=stopped_clock, **file, **counts))
    [run] = import_history(by)
    with begun() as seen:
        assert refused_table(by, run.id).run == run
    assert len(seen) == 1


def _rename(clinic: House) -> None:
    with transaction() as session:
        row = session.get(Clinic, clinic.clinic_id)
        assert row is not None
        row.name = "Another name"
        session.add(row)


def _name(clinic: House) -> str:
    with reading() as session:
        row = session.get(Clinic, clinic.clinic_id, populate_existing=True)
        assert row is not None
        return row.name


def test_what_others_write_meanwhile_is_not_seen(clinic: House) -> None:
    with one_reading():
        before = _name(clinic)
        _rename(clinic)
        assert _name(clinic) == before
    assert _name(clinic) == "Another name"


def test_the_frame_stands_as_still_as_the_rest(clinic: House) -> None:
    with one_moment():
        before, revision = outcome_frame(), newest_revision()
        eyes_closing(clinic)
        assert outcome_frame() is before
        assert newest_revision() == revision
        with one_moment():
            assert outcome_frame() is before
        assert outcome_frame() is before
    assert outcome_frame() is not before
    assert newest_revision() > revision


def test_a_failure_ends_it(clinic: House) -> None:
    before = _name(clinic)
    with pytest.raises(ZeroDivisionError), one_moment():
        raise ZeroDivisionError
    _rename(clinic)
    assert _name(clinic) != before
