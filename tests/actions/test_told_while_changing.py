"""An urgent answer in a change of a report that was sent: told with the answer, while the report itself stands."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from reporting import clock
from reporting.cases import act_cases as work
from reporting.cases.read_worklist import WorklistCase, case_steps, worklist
from reporting.clinic.act_on_call import add_on_call
from reporting.domain.questionnaire import answered
from reporting.errors import Conflict, InvalidInput, NotAllowed, StorageFull
from reporting.patient.act_check_ins import Receipt, submit_check_in
from reporting.patient.act_corrections import (
    correct_check_in,
    keep_change,
    restore_check_in,
    stop_correcting,
    withdraw_check_in,
)
from reporting.patient.read_check_in import check_in_page
from reporting.patient.read_recovery import correction_page
from reporting.records import outcomes
from reporting.records.engine import reading
from reporting.records.tables import CheckIn, Draft, OutboxMessage, Outcome, TriageCase
from tests.accounts import trail
from tests.answers import NO_PROBLEMS, filled
from tests.cast import House

pytestmark = pytest.mark.sqlite_first

MILD = {"symptoms": ["swelling"], "severity_swelling": "1"}
BREATH = ["swelling", "swelling_breathing"]
TROUBLE = "Trouble breathing, tongue or throat swelling"


@pytest.fixture
def clinic(clinic: House) -> House:
    add_on_call(by=clinic.staff["administrator"], name="Dr First", telephone="+447700900101", wait_minutes=10)
    return clinic


def sent(clinic: House, **wanted: Any) -> int:
    answers = filled(clinic.treatment_id, **wanted) if wanted else NO_PROBLEMS
    return submit_check_in(
        by=clinic.patient, treatment_id=clinic.treatment_id, answers=answers, submission_key=f"s{wanted}"
    ).check_in_id


def tick(clinic: House, check_in_id: int, question_id: str, given: Any) -> None:
    """One answer of a change, as the page keeps it."""
    shown = correction_page(clinic.patient, check_in_id)
    keep_change(
        by=clinic.patient,
        check_in_id=check_in_id,
        answers=answered(shown.answers, question_id, given, shown.context),
        submission_key=shown.draft_key or f"change of {check_in_id}",
    )


def rows(table: type) -> list[Any]:
    with reading() as session:
        return list(session.execute(select(table).order_by(*table.__table__.primary_key)).scalars())


def notices() -> list[bool]:
    """Whether each told of an emergency."""
    return ["EMERGENCY" in row.payload["body"] for row in rows(OutboxMessage) if row.kind == "case_notice"]


def the_case(clinic: House) -> WorklistCase:
    [found] = worklist(clinic.staff["clinician"])
    return found


def steps(clinic: House) -> list[str]:
    found = case_steps(clinic.staff["clinician"], the_case(clinic).case_id)
    return [step.words for step in found if step.who == "" and "on call" not in step.words.lower()]


def outcome() -> Any:
    [found] = rows(Outcome)
    with reading() as session:
        assert outcomes.compare(session) == []
    return found.model_dump()


def test_a_tick_opens_the_case_with_its_notice_and_the_report_stands(clinic: House) -> None:
    first = sent(clinic, **MILD)
    before, [was] = outcome(), [row.model_dump() for row in rows(CheckIn)]
    with clock.fixed(clock.now() + timedelta(hours=5)):
        later = clock.now()
        tick(clinic, first, "symptoms", BREATH)
        case = the_case(clinic)
    assert (case.level, case.state, case.begun_at, case.reasons) == ("emergency", "new", later, (TROUBLE,))
    assert notices() == [True]
    old, begun = rows(CheckIn)
    assert old.model_dump() == was, "the report that was sent is as it was"
    assert (begun.answered_at, begun.begun_at, begun.corrects_id) == (None, later, None)
    assert (begun.recovery_day, begun.scheduled_day, begun.due_on) == (
        old.recovery_day,
        old.scheduled_day,
        old.due_on,
    )
    assert outcome() == before
    assert steps(clinic) == ["Case opened", "The patient began to change a report that was sent"]
    assert [name for name, *_ in trail("check_in.")] == ["check_in.sent", "check_in.begun"]


def test_it_raises_the_case_that_is_open(clinic: House) -> None:
    first = sent(clinic, symptoms=["infection"], severity_infection="1")
    before = the_case(clinic)
    work.acknowledge(by=clinic.staff["clinician"], case_id=before.case_id, version=before.version)
    tick(clinic, first, "symptoms", ["infection", *BREATH])
    case = the_case(clinic)
    assert (case.case_id, case.level, case.state) == (before.case_id, "emergency", "new")
    assert case.contact_due_at < before.contact_due_at
    assert notices() == [True]


def test_what_the_report_said_already_is_told_no_second_time(clinic: House) -> None:
    first = sent(clinic, symptoms=BREATH, severity_swelling="1")
    before = the_case(clinic)
    tick(clinic, first, "severity_swelling", "2/2")
    assert [row.check_in_id for row in rows(Draft)] == [None]
    assert (the_case(clinic).version, notices()) == (before.version, [True])


def test_a_calm_change_tells_nobody(clinic: House) -> None:
    first = sent(clinic)
    tick(clinic, first, "symptoms", ["swelling"])
    assert (worklist(clinic.staff["clinician"]), notices(), len(rows(CheckIn))) == ([], [], 1)
    assert correction_page(clinic.patient, first).form.warning is None


def test_the_advice_comes_at_once_and_is_of_the_new_answer(clinic: House) -> None:
    first = sent(clinic, symptoms=BREATH, severity_swelling="1")
    other = sent(clinic, **MILD)
    tick(clinic, other, "symptoms", ["swelling", "swelling_eyes"])
    form = correction_page(clinic.patient, other).form
    assert form.warning is not None
    assert (form.warning.heading, form.warning.reading is not None) == ("Call the clinic today.", True)
    assert correction_page(clinic.patient, first).form.warning is None, "that was read when it was sent"
    tick(clinic, other, "symptoms", BREATH)
    worse = correction_page(clinic.patient, other).form.warning
    assert worse is not None
    assert worse.emergency
    assert check_in_page(clinic.patient).flag is not None


def test_a_same_day_flag_over_an_older_one_is_shown_too(clinic: House) -> None:
    first = sent(clinic, symptoms=["swelling", "swelling_eyes"], severity_swelling="1")
    tick(clinic, first, "symptoms", ["swelling", "swelling_eyes", "infection_fever"])
    warning = correction_page(clinic.patient, first).form.warning
    assert warning is not None
    assert warning.phone_first


@pytest.mark.parametrize("is_short", [True, False])
def test_sent_it_is_the_correction_and_nobody_is_told_twice(clinic: House, is_short: bool) -> None:
    first = sent(clinic, **MILD)
    whole = {} if is_short else dict(filled(clinic.treatment_id, symptoms=BREATH, severity_swelling="1"))
    tick(clinic, first, "symptoms", BREATH)
    before = the_case(clinic)
    later = clock.now() + timedelta(minutes=20)
    with clock.fixed(later):
        done, again = (finished(clinic, first, is_short=is_short, **whole) for _ in range(2))
        case = the_case(clinic)
    old, new = rows(CheckIn)
    assert (done.check_in_id, again.check_in_id, again.already_sent) == (new.id, new.id, True)
    assert (new.corrects_id, new.answered_at, new.begun_at) == (old.id, old.answered_at, before.begun_at)
    assert (old.replaced_at, new.follow_up["swelling_breathing"]) == (later, "yes")
    assert (case.case_id, case.due_at, case.contact_due_at) == (before.case_id, before.due_at, before.contact_due_at)
    assert (case.begun_at, case.taken_back, notices()) == (None, (), [True])
    assert steps(clinic)[-1] == "The patient corrected a report"
    assert rows(Draft) == []
    outcome()


def finished(clinic: House, check_in_id: int, *, is_short: bool = False, **answers: Any) -> Receipt:
    return correct_check_in(
        by=clinic.patient,
        check_in_id=check_in_id,
        answers={"symptoms": BREATH, **answers},
        reason="forgot",
        submission_key=f"change of {check_in_id}",
        is_short=is_short,
    )


def test_short_is_no_way_around_the_questions(clinic: House) -> None:
    first = sent(clinic, **MILD)
    with pytest.raises(InvalidInput):
        finished(clinic, first, is_short=True, symptoms=["bumps"])
    assert len(rows(CheckIn)) == 1


def test_what_is_ticked_off_again_is_shown_as_taken_back(clinic: House) -> None:
    first = sent(clinic, **MILD)
    tick(clinic, first, "symptoms", BREATH)
    before = the_case(clinic)
    tick(clinic, first, "symptoms", ["swelling"])
    case = the_case(clinic)
    assert (case.case_id, case.level, case.taken_back) == (before.case_id, "emergency", (TROUBLE,))
    assert steps(clinic)[-1] == "The patient took an answer back"
    answers = filled(clinic.treatment_id, **MILD)
    finished(clinic, first, **answers)
    after = the_case(clinic)
    assert (after.taken_back, after.due_at, after.contact_due_at) == ((TROUBLE,), before.due_at, before.contact_due_at)
    tick_again = rows(CheckIn)[-1].id
    tick(clinic, tick_again, "symptoms", BREATH)
    assert (the_case(clinic).taken_back, notices()) == ((), [True, True])


def test_a_change_that_is_stopped_takes_back_what_was_told_of_it(clinic: House) -> None:
    first = sent(clinic, **MILD)
    was = outcome()
    tick(clinic, first, "symptoms", BREATH)
    assert check_in_page(clinic.patient).flag is not None
    stop_correcting(by=clinic.patient, check_in_id=first)
    case = the_case(clinic)
    assert (case.level, case.state, case.taken_back) == ("emergency", "new", (TROUBLE,))
    assert [(each.symptom, each.severity) for each in case.reported] == [("swelling", 1)]
    assert (rows(Draft), outcome(), check_in_page(clinic.patient).flag) == ([], was, None)
    assert [row.answered_at is None for row in rows(CheckIn)] == [False, True]


def test_a_report_taken_back_over_its_change_takes_that_along(clinic: House) -> None:
    first = sent(clinic, **MILD)
    tick(clinic, first, "symptoms", BREATH)
    withdraw_check_in(by=clinic.patient, check_in_id=first, reason="mistake")
    case = the_case(clinic)
    assert (case.is_withdrawn, case.taken_back, case.level) == (True, (TROUBLE,), "emergency")
    with pytest.raises(Conflict):
        keep_change(by=clinic.patient, check_in_id=first, answers=NO_PROBLEMS, submission_key="late")
    restore_check_in(by=clinic.patient, check_in_id=first)
    assert [(row.answered_at is None, row.replaced_at is None) for row in rows(CheckIn)] == [
        (False, True),
        (True, False),
    ]


def test_a_case_closed_meanwhile_is_opened_anew_by_what_is_sent(clinic: House) -> None:
    first = sent(clinic, **MILD)
    tick(clinic, first, "symptoms", BREATH)
    before, by = the_case(clinic), clinic.staff["clinician"]
    version = work.acknowledge(by=by, case_id=before.case_id, version=before.version)
    version = work.record_contact(by=by, case_id=before.case_id, version=version, action_taken="call")
    version = work.record_outcome(by=by, case_id=before.case_id, version=version, confirmation="not_confirmed")
    work.close(by=by, case_id=before.case_id, version=version)
    finished(clinic, first, is_short=True)
    assert the_case(clinic).case_id != before.case_id
    assert notices() == [True, True]


def test_all_or_nothing(clinic: House, monkeypatch: pytest.MonkeyPatch) -> None:
    first = sent(clinic, **MILD)

    def full(*_: object, **__: object) -> None:
        raise StorageFull()

    with monkeypatch.context() as broken:
        broken.setattr("reporting.records.audit.write", full)
        with pytest.raises(StorageFull):
            tick(clinic, first, "symptoms", BREATH)
    assert (rows(TriageCase), rows(Draft), notices(), len(rows(CheckIn))) == ([], [], [], 1)


def test_without_history_a_report_cannot_be_changed_in_part_either(clinic: House) -> None:
    first = sent(clinic, **MILD)
    by_link = replace(clinic.patient, strength="link")
    with pytest.raises(NotAllowed):
        keep_change(by=by_link, check_in_id=first, answers=NO_PROBLEMS, submission_key="k")
    with pytest.raises(NotAllowed):
        keep_change(by=clinic.staff["clinician"], check_in_id=first, answers=NO_PROBLEMS, submission_key="k")
