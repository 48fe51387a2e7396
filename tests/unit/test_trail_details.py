"""The audit trail holds nobody's words: what an action may tell is named here, and is a code, an id or a number."""

import ast
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlmodel import select

from reporting import clock
from reporting.cases.act_cases import acknowledge, add_note, add_patient_note
from reporting.patient.act_check_ins import submit_check_in
from reporting.records.engine import reading
from reporting.records.tables import AuditEvent, TriageCase, id_of
from tests.actions.test_photos import added
from tests.answers import filled
from tests.cast import house

PACKAGE = Path(__file__).resolve().parents[2] / "reporting"
IDS = "accounts before_id case check_in corrects entry note patient request treatment"
NUMBERS = (
    "begun bytes cases_given_back cells_tested email findings from_row hand_on imported known lines links new "
    "operators outside_typical patients photos read refused row rows sessions severities sms step still_refused stood "
    "taken_away there to_row told treatments unchanged wait_minutes created whole mailed"
)
CODES = (
    "advice answered_by areas channel codes code content_sha256 content_version factor from_day happened_on hours kind "
    "language place procedure_class purpose reason role rule sha256 source symptom taken_at to unit unit_type until "
    "version"
)
ADDRESSES = "page"
"""Of a page of the application: its filters name nobody."""
CHANGES = "before after"
"""States, ids, measured settings, or what a clinic says of itself: never of a person."""
KNOWN = {*IDS.split(), *NUMBERS.split(), *CODES.split(), ADDRESSES, *CHANGES.split(), "clinic_id", "at"}
SPREAD = {
    ("clinic/act_outcomes.py", "asdict(done)"),
    ("patient/act_corrections.py", "details"),
    ("patient/act_unfinished.py", "details"),
    ("records/trail/standing.py", "told"),
    ("shell/act_looks.py", "details"),
    ("shell/act_step.py", "told"),
}
"""Where names come from another function: what these tell is looked at in the rows below."""
CODE = re.compile(r"[\w.:+*/-]{0,80}")


def writers() -> Iterator[tuple[str, ast.keyword]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "audit.write":
                yield from ((path.relative_to(PACKAGE).as_posix(), keyword) for keyword in node.keywords)


def test_every_name_that_an_action_tells_is_known() -> None:
    wrong = [f"{file}: {each.arg}" for file, each in writers() if each.arg is not None and each.arg not in KNOWN]
    assert not wrong, "name it here as an id, a number or a code; words of people stay out of the trail"
    spread = {(file, ast.unparse(each.value)) for file, each in writers() if each.arg is None}
    assert spread == SPREAD


def said(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for each in value.values():
            yield from said(each)
    elif isinstance(value, list):
        for each in value:
            yield from said(each)
    elif isinstance(value, str):
        yield value


def test_what_a_days_work_leaves_in_the_trail_are_codes(sqlite_database: str, stopped_clock: datetime) -> None:
    clinic = house("A")
    added(clinic)
    words = "Anna said that it hurts"
    answers = filled(clinic.treatment_id, symptoms=["infection"], severity_infection="2", note=words)
    submit_check_in(by=clinic.patient, treatment_id=clinic.treatment_id, answers=answers, submission_key="one")
    with reading() as session:
        case = session.exec(select(TriageCase)).one()
    add_patient_note(
        by=clinic.staff["clinician"], patient_id=clinic.patient_id, happened_on=clock.today("UTC"), words=words
    )
    version = acknowledge(by=clinic.staff["clinician"], case_id=id_of(case), version=case.version)
    add_note(by=clinic.staff["clinician"], case_id=id_of(case), version=version, note=words)
    with reading() as session:
        rows = session.exec(select(AuditEvent)).all()
    assert {"photo.added", "check_in.sent", "patient.note_added", "case.note"} <= {row.action for row in rows}
    for row in rows:
        told = {name: value for name, value in row.details.items() if name != ADDRESSES}
        for value in said(told):
            assert CODE.fullmatch(value), f"{row.action} tells {value!r}"
