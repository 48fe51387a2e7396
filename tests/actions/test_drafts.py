"""Drafts keep what was answered so far, for the one whose check-in it is, and go when it is sent."""

from datetime import datetime, timedelta

import pytest
from sqlmodel import select

from reporting import clock
from reporting.domain.actors import Actor
from reporting.errors import InvalidInput, NotAllowed, NotFound, Problem
from reporting.patient.act_check_ins import MAX_CHARACTERS, save_draft, submit_check_in
from reporting.records.engine import reading
from reporting.records.tables import Draft
from tests.accounts import together, trail
from tests.answers import NO_PROBLEMS, filled
from tests.cast import House, house

pytestmark = pytest.mark.sqlite_first

SOME = {"symptoms": ["swelling"], "severity_swelling": "2"}


def kept() -> list[Draft]:
    with reading() as session:
        return list(session.exec(select(Draft)).all())


def save(clinic: House, answers: dict[str, object], key: str = "first key", by: Actor | None = None) -> None:
    save_draft(by=by or clinic.patient, treatment_id=clinic.treatment_id, answers=answers, submission_key=key)


def test_the_newest_answers_are_kept_under_the_first_key(clinic: House, stopped_clock: datetime) -> None:
    save(clinic, {"symptoms": ["burning"]})
    with clock.fixed(stopped_clock + timedelta(minutes=1)):
        save(clinic, SOME, key="another key")
    [draft] = kept()
    assert (draft.answers, draft.submission_key) == (SOME, "first key")
    assert draft.updated_at == stopped_clock + timedelta(minutes=1)
    assert [row[0] for row in trail()] == ["consent.given"]


def test_a_draft_goes_with_the_check_in(clinic: House) -> None:
    save(clinic, SOME)
    submit_check_in(
        by=clinic.patient,
        treatment_id=clinic.treatment_id,
        submission_key="first key",
        answers=filled(clinic.treatment_id, **NO_PROBLEMS),
    )
    assert kept() == []


def test_first_saves_at_the_same_moment_make_one_draft(clinic: House) -> None:
    assert together(*[lambda: save(clinic, SOME)] * 4) == [None] * 4
    assert len(kept()) == 1


def test_only_the_patient_or_the_own_clinic_may_save(clinic: House) -> None:
    other = house("B")
    link = Actor(kind="patient", id=clinic.patient_id, clinic_id=clinic.clinic_id, strength="link", treatment_id=4711)
    for by in (other.patient, link, *other.staff.values()):
        with pytest.raises(NotFound):
            save(clinic, SOME, by=by)
    with pytest.raises(NotFound):
        save_draft(by=clinic.patient, treatment_id=4711, answers=SOME, submission_key="key")
    with pytest.raises(NotAllowed):
        save(clinic, SOME, by=Actor(kind="staff", id=1, clinic_id=clinic.clinic_id))
    assert kept() == []
    save(clinic, SOME, by=clinic.staff["front_desk"])
    assert len(kept()) == 1


@pytest.mark.parametrize(
    "answers",
    [{"shoe_size": "42"}, {"": "x"}, {"symptoms": "x" * MAX_CHARACTERS}, {"symptoms": ["burning"] * 2000}],
    ids=["unknown", "no name", "long", "many"],
)
def test_what_no_check_in_has_is_refused(clinic: House, answers: dict[str, object]) -> None:
    with pytest.raises(InvalidInput):
        save(clinic, answers)
    assert kept() == []


def test_a_problem_says_no_more_than_it_must(clinic: House) -> None:
    with pytest.raises(Problem) as refused:
        save(clinic, {"x" * 10_000: "1"})
    assert len(refused.value.message) < 300
