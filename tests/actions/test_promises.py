"""By when a patient is told that a person reads a report is what staff see, however the report came."""

from datetime import datetime

import pytest
from sqlalchemy import select

from reporting.cases.read_worklist import worklist
from reporting.domain.triage import Guidance
from reporting.patient.act_check_ins import Receipt, submit_check_in
from reporting.patient.act_corrections import correct_check_in
from reporting.patient.read_check_in import check_in_page
from reporting.records.engine import reading
from reporting.records.tables import TriageCase
from tests.answers import EYES_CLOSING, filled
from tests.cast import House, house
from tests.reports import send

MILD = {"symptoms": ["scarring"], "severity_scarring": "1"}


@pytest.fixture
def clinic(sqlite_database: str, stopped_clock: datetime) -> House:
    return house("A", areas=("cheeks", "neck"))


def said(guidance: Guidance) -> datetime | None:
    assert guidance.reading is not None
    return guidance.reading.by


def as_staff_see(clinic: House) -> datetime | None:
    """The promise that is kept with the case, never earlier than its deadline."""
    [row] = worklist(clinic.staff["clinician"])
    with reading() as session:
        case = session.execute(select(TriageCase)).scalar_one()
    assert case.promised_at is None or case.promised_at >= row.due_at
    return case.promised_at


def corrected(clinic: House, key: str, **wanted: object) -> Receipt:
    sent = check_in_page(clinic.patient).sent_today
    assert sent is not None
    return correct_check_in(
        by=clinic.patient,
        check_in_id=sent.check_in_id,
        answers=filled(clinic.treatment_id, **wanted),
        reason="mistake",
        submission_key=key,
    )


@pytest.mark.parametrize("key", ["once", "again"])
def test_what_staff_enter_for_a_patient_promises_what_staff_see(clinic: House, key: str) -> None:
    for _ in range(1 if key == "once" else 2):
        receipt = submit_check_in(
            by=clinic.staff["clinician"],
            treatment_id=clinic.treatment_id,
            answers=filled(clinic.treatment_id, **EYES_CLOSING),
            submission_key=key,
            answered_by="telephone",
        )
    assert said(receipt.guidance) == as_staff_see(clinic)


def test_a_correction_that_is_worse_promises_what_staff_see(clinic: House) -> None:
    send(clinic, "mild", **MILD)
    receipt = corrected(clinic, "worse", **EYES_CLOSING)
    shown = check_in_page(clinic.patient).sent_today
    assert shown is not None
    assert said(receipt.guidance) == said(shown.guidance) == as_staff_see(clinic)


def test_a_correction_that_is_no_worse_keeps_the_promise(clinic: House) -> None:
    send(clinic, "eyes", **EYES_CLOSING)
    before = as_staff_see(clinic)
    receipt = corrected(clinic, "same", **EYES_CLOSING | {"how_soon": "wait_worried"})
    assert said(receipt.guidance) == as_staff_see(clinic) == before
