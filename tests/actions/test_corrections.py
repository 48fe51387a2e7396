"""To change what was sent: corrected, taken back, put back; once, by the patient alone, and nothing is lost."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from reporting import clock
from reporting.cases import act_cases as work
from reporting.domain.actors import Actor
from reporting.errors import Conflict, InvalidInput, NotAllowed, NotFound, Problem, StorageFull
from reporting.patient.act_check_ins import Receipt, save_draft, submit_check_in
from reporting.patient.act_corrections import correct_check_in, keep_change, restore_check_in, withdraw_check_in
from reporting.records import check_ins, outcomes
from reporting.records.engine import reading, transaction
from reporting.records.tables import AuditEvent, CaseEvent, CheckIn, Draft, Outcome, TriageCase
from reporting.security.encryption import decrypt
from tests.accounts import together, trail
from tests.answers import EYES_CLOSING, NO_PROBLEMS, filled
from tests.cast import House, house

pytestmark = pytest.mark.sqlite_first

WELL: dict[str, Any] = {}
MILD = {"symptoms": ["swelling"], "severity_swelling": "1"}


def answers(clinic: House, **wanted: Any) -> Any:
    return filled(clinic.treatment_id, **wanted) if wanted else NO_PROBLEMS


def sent(clinic: House, key: str, **wanted: Any) -> Receipt:
    return submit_check_in(
        by=clinic.patient, treatment_id=clinic.treatment_id, answers=answers(clinic, **wanted), submission_key=key
    )


def corrected(clinic: House, check_in_id: int, key: str = "c", reason: str = "mistake", **wanted: Any) -> Receipt:
    return correct_check_in(
        by=clinic.patient,
        check_in_id=check_in_id,
        answers=answers(clinic, **wanted),
        reason=reason,
        submission_key=key,
    )


def rows(table: type) -> list[Any]:
    with reading() as session:
        return list(session.execute(select(table).order_by(*table.__table__.primary_key)).scalars())


def events() -> list[tuple[str, dict[str, Any]]]:
    return [(event.kind, event.details) for event in rows(CaseEvent)]


def outcomes_are_right() -> None:
    with reading() as session:
        assert outcomes.compare(session) == []


class TestCorrect:
    def test_the_new_answers_count_and_the_old_ones_stay(self, clinic: House) -> None:
        first = sent(clinic, "k", **MILD)
        with clock.fixed(clock.now() + timedelta(days=2)):
            fresh = corrected(clinic, first.check_in_id)
        old, new = rows(CheckIn)
        assert (old.swelling, old.replaced_reason, old.replaced_at) == (1, "mistake", clock.now() + timedelta(days=2))
        assert (new.id, new.swelling, new.corrects_id, new.replaced_at) == (fresh.check_in_id, 0, old.id, None)
        assert (new.answered_at, new.recovery_day, new.scheduled_day, new.due_on) == (
            old.answered_at,
            old.recovery_day,
            old.scheduled_day,
            old.due_on,
        )
        [outcome] = rows(Outcome)
        assert outcome.worst_swelling == 0
        outcomes_are_right()

    def test_the_rules_are_those_of_the_day_it_was_answered_on(self, clinic: House) -> None:
        first = sent(clinic, "k")
        with clock.fixed(clock.now() + timedelta(days=20)):
            fresh = corrected(clinic, first.check_in_id, symptoms=["swelling"], severity_swelling="2")
        assert fresh.advice == "expected"

    def test_getting_worse_opens_a_case_that_counts_from_now(self, clinic: House) -> None:
        first = sent(clinic, "k")
        with clock.fixed(clock.now() + timedelta(hours=5)):
            fresh = corrected(clinic, first.check_in_id, **EYES_CLOSING)
        assert (fresh.advice, fresh.guidance.phone_first) == ("contact_today", True)
        [case] = rows(TriageCase)
        assert (case.id, case.level, case.check_in_id) == (fresh.case_id, "same_day", fresh.check_in_id)
        assert case.opened_at == clock.now() + timedelta(hours=5)
        assert [kind for kind, _ in events()] == ["opened", "corrected"]

    def test_getting_worse_brings_an_open_case_back_to_attention(self, clinic: House) -> None:
        first = sent(clinic, "k", symptoms=["infection"], severity_infection="1")
        assert first.case_id is not None
        version = work.acknowledge(by=clinic.staff["clinician"], case_id=first.case_id, version=1)
        corrected(clinic, first.check_in_id, symptoms=["infection"], severity_infection="3")
        [case] = rows(TriageCase)
        assert (case.state, case.contacted_at) == ("new", None)
        assert case.acknowledged_at is not None, "the first time that it was taken stays"
        assert case.version > version

    def test_worse_now_than_was_said_brings_the_case_back_also_where_the_worst_stays(self, clinic: House) -> None:
        first = sent(clinic, "k", symptoms=["infection"], severity_infection="2/4")
        work.acknowledge(by=clinic.staff["clinician"], case_id=first.case_id or 0, version=1)
        milder = corrected(clinic, first.check_in_id, "c1", symptoms=["infection"], severity_infection="1/4")
        assert [case.state for case in rows(TriageCase)] == ["acknowledged"]
        corrected(clinic, milder.check_in_id, "c2", symptoms=["infection"], severity_infection="2/4")
        assert [(case.state, case.contacted_at) for case in rows(TriageCase)] == [("new", None)]
        grades = [(row.now_infection, row.infection) for row in rows(CheckIn)]
        assert grades == [(2, 4), (1, 4), (2, 4)]
        *_, told = [event.details for event in rows(AuditEvent) if event.action == "check_in.corrected"]
        assert (told["before"]["now_infection"], told["after"]["now_infection"]) == (1, 2)

    def test_getting_milder_leaves_the_case_open_and_tells_it(self, clinic: House) -> None:
        first = sent(clinic, "k", **EYES_CLOSING)
        fresh = corrected(clinic, first.check_in_id)
        assert fresh.advice == "expected"
        [case] = rows(TriageCase)
        assert (case.id, case.level, case.state) == (fresh.case_id, "same_day", "new")
        assert case.check_in_id == fresh.check_in_id
        told = {"check_in": fresh.check_in_id, "corrects": first.check_in_id, "reason": "mistake"}
        assert events()[-1] == ("corrected", told)

    def test_a_clinician_who_decides_on_the_old_values_is_told(self, clinic: House) -> None:
        first = sent(clinic, "k", **EYES_CLOSING)
        corrected(clinic, first.check_in_id)
        with pytest.raises(Conflict):
            work.acknowledge(by=clinic.staff["clinician"], case_id=first.case_id or 0, version=1)

    def test_an_older_report_getting_worse_does_not_hide_the_newest(self, clinic: House) -> None:
        first = sent(clinic, "k1")
        with clock.fixed(clock.now() + timedelta(days=1)):
            newest = sent(clinic, "k2", **EYES_CLOSING)
            corrected(clinic, first.check_in_id, symptoms=["infection"], severity_infection="3")
        [case] = rows(TriageCase)
        assert case.check_in_id == newest.check_in_id

    def test_what_was_reported_before_is_what_was_sent_before(self, clinic: House) -> None:
        first = sent(clinic, "k1", symptoms=["burning"], severity_burning="1")
        with clock.fixed(clock.now() + timedelta(days=1)):
            second = sent(clinic, "k2", symptoms=["burning"], severity_burning="3")
        with clock.fixed(clock.now() + timedelta(days=2)):
            fresh = corrected(clinic, first.check_in_id, symptoms=["burning"], severity_burning="2")
        with reading() as session:
            about = check_ins.subject(session, clinic.treatment_id)
            assert about is not None
            known = {row.id: row for row in check_ins.answered(session, clinic.treatment_id)}
            assert list(known) == [first.check_in_id, fresh.check_in_id, second.check_in_id]
            then, _ = check_ins.as_it_was(session, about, known[fresh.check_in_id])
            assert (then.first_check_in, then.recovery_day) == (True, 3)
            after, _ = check_ins.as_it_was(session, about, known[second.check_in_id])
            assert after.previous["burning"] == 2
            assert check_ins.context(session, about, clock.now()).previous["burning"] == 3

    def test_a_correction_can_be_corrected_but_the_first_one_no_more(self, clinic: House) -> None:
        first = sent(clinic, "k")
        fresh = corrected(clinic, first.check_in_id, "c1", **MILD)
        with pytest.raises(Conflict) as refused:
            corrected(clinic, first.check_in_id, "c2")
        assert "changed before" in refused.value.message
        again = corrected(clinic, fresh.check_in_id, "c3")
        assert [row.replaced_at is None for row in rows(CheckIn)] == [False, False, True]
        assert rows(CheckIn)[-1].id == again.check_in_id

    def test_the_same_correction_again_is_the_same_correction(self, clinic: House) -> None:
        first = sent(clinic, "k")
        found = [corrected(clinic, first.check_in_id, **EYES_CLOSING) for _ in range(2)]
        assert found[0].check_in_id == found[1].check_in_id
        assert [one.already_sent for one in found] == [False, True]
        assert (found[1].advice, found[1].case_id) == (found[0].advice, found[0].case_id)
        assert len(rows(CheckIn)) == 2

    def test_a_key_of_another_check_in_is_refused(self, clinic: House) -> None:
        first, second = sent(clinic, "k1"), sent(clinic, "k2")
        with pytest.raises(Conflict):
            corrected(clinic, second.check_in_id, "k1")
        assert first.check_in_id != second.check_in_id
        assert all(row.replaced_at is None for row in rows(CheckIn))

    def test_two_at_once_leave_one_that_counts(self, clinic: House) -> None:
        first = sent(clinic, "k")
        mild = answers(clinic, **MILD)
        found = together(
            *(
                lambda key=key: correct_check_in(
                    by=clinic.patient, check_in_id=first.check_in_id, answers=mild, reason="mistake", submission_key=key
                )
                for key in ("c1", "c2")
            )
        )
        assert sorted(type(one).__name__ for one in found) == ["Conflict", "Receipt"]
        assert sum(row.replaced_at is None for row in rows(CheckIn)) == 1
        outcomes_are_right()

    def test_own_words_are_kept_unreadable_and_out_of_the_audit_trail(self, clinic: House) -> None:
        first = sent(clinic, "k", **MILD)
        corrected(clinic, first.check_in_id, reason="other: my neighbour had filled it in")
        old = rows(CheckIn)[0]
        code, _, token = old.replaced_reason.partition(":")
        assert code == "other"
        assert "neighbour" not in old.replaced_reason
        assert decrypt(token) == "my neighbour had filled it in"
        assert not any("neighbour" in str(event.details) for event in rows(AuditEvent))

    def test_the_audit_row_says_before_and_after(self, clinic: House) -> None:
        first = sent(clinic, "k", **EYES_CLOSING)
        fresh = corrected(clinic, first.check_in_id, reason="forgot")
        [row] = [event for event in rows(AuditEvent) if event.action == "check_in.corrected"]
        assert row.record_id == str(fresh.check_in_id)
        assert (row.details["corrects"], row.details["reason"]) == (first.check_in_id, "forgot")
        assert (row.details["before"]["swelling"], row.details["after"]["swelling"]) == (3, 0)
        assert (row.details["before"]["advice"], row.details["after"]["advice"]) == ("contact_today", "expected")
        assert trail("check_in.corrected")

    @pytest.mark.parametrize("reason", ["", "because", "other: " + "x" * 301, "other: \x00"])
    def test_a_reason_that_is_not_offered_is_refused(self, clinic: House, reason: str) -> None:
        first = sent(clinic, "k")
        with pytest.raises(InvalidInput):
            corrected(clinic, first.check_in_id, reason=reason)
        with pytest.raises(InvalidInput):
            withdraw_check_in(by=clinic.patient, check_in_id=first.check_in_id, reason=reason)
        assert [row.replaced_at for row in rows(CheckIn)] == [None]

    def test_answers_that_the_form_would_not_allow_change_nothing(self, clinic: House) -> None:
        first = sent(clinic, "k", **MILD)
        with pytest.raises(InvalidInput):
            correct_check_in(
                by=clinic.patient,
                check_in_id=first.check_in_id,
                answers={"symptoms": ["itching"]},
                reason="mistake",
                submission_key="c",
            )
        assert [row.replaced_at for row in rows(CheckIn)] == [None]

    def test_all_or_nothing(self, clinic: House, monkeypatch: pytest.MonkeyPatch) -> None:
        first = sent(clinic, "k", **MILD)
        before = len(rows(AuditEvent))

        def full(*_: object, **__: object) -> None:
            raise StorageFull()

        with monkeypatch.context() as broken:
            broken.setattr("reporting.records.audit.write", full)
            for change in (
                lambda: corrected(clinic, first.check_in_id, **EYES_CLOSING),
                lambda: withdraw_check_in(by=clinic.patient, check_in_id=first.check_in_id, reason="mistake"),
            ):
                with pytest.raises(StorageFull):
                    change()
        assert [row.replaced_at for row in rows(CheckIn)] == [None]
        assert rows(TriageCase) == []
        assert len(rows(AuditEvent)) == before
        outcomes_are_right()

    def test_its_draft_goes_with_it_and_the_next_check_ins_draft_stays(self, clinic: House) -> None:
        first = sent(clinic, "k")
        by = clinic.patient
        save_draft(by=by, treatment_id=clinic.treatment_id, answers=NO_PROBLEMS, submission_key="draft")
        keep_change(by=by, check_in_id=first.check_in_id, answers=NO_PROBLEMS, submission_key="draft of a change")
        corrected(clinic, first.check_in_id)
        assert [draft.kind for draft in rows(Draft)] == ["check_in"]


class TestWithdraw:
    def test_it_counts_no_more_and_its_values_stay(self, clinic: House) -> None:
        first = sent(clinic, "k", **EYES_CLOSING)
        case_id = withdraw_check_in(by=clinic.patient, check_in_id=first.check_in_id, reason="mistake")
        [row] = rows(CheckIn)
        assert (row.swelling, row.replaced_at, row.replaced_reason) == (3, clock.now(), "mistake")
        [case] = rows(TriageCase)
        assert (case.id, case.state) == (case_id, "new")
        assert events()[-1] == ("withdrawn", {"check_in": first.check_in_id, "reason": "mistake"})
        [outcome] = rows(Outcome)
        assert (outcome.worst_swelling, outcome.answered_mask) == (None, 0)
        outcomes_are_right()

    def test_twice_is_once(self, clinic: House) -> None:
        first = sent(clinic, "k", **EYES_CLOSING)
        for _ in range(2):
            withdraw_check_in(by=clinic.patient, check_in_id=first.check_in_id, reason="mistake")
        assert [kind for kind, _ in events()] == ["opened", "withdrawn"]
        assert len(trail("check_in.withdrawn")) == 1

    def test_it_can_be_put_back_and_its_case_comes_back_to_attention(self, clinic: House) -> None:
        first = sent(clinic, "k", **EYES_CLOSING)
        withdraw_check_in(by=clinic.patient, check_in_id=first.check_in_id, reason="mistake")
        work.acknowledge(by=clinic.staff["clinician"], case_id=first.case_id or 0, version=2)
        for _ in range(2):
            restore_check_in(by=clinic.patient, check_in_id=first.check_in_id)
        [row] = rows(CheckIn)
        assert (row.replaced_at, row.replaced_reason) == (None, "")
        [case] = rows(TriageCase)
        assert case.state == "new"
        assert [kind for kind, _ in events()] == ["opened", "withdrawn", "acknowledged", "new_report", "restored"]
        outcomes_are_right()

    def test_put_back_without_need_for_the_clinic_opens_nothing(self, clinic: House) -> None:
        first = sent(clinic, "k")
        withdraw_check_in(by=clinic.patient, check_in_id=first.check_in_id, reason="mistake")
        assert restore_check_in(by=clinic.patient, check_in_id=first.check_in_id) is None
        assert rows(TriageCase) == []

    def test_a_corrected_one_can_neither_be_taken_nor_put_back(self, clinic: House) -> None:
        first = sent(clinic, "k")
        corrected(clinic, first.check_in_id, **MILD)
        with pytest.raises(Conflict):
            withdraw_check_in(by=clinic.patient, check_in_id=first.check_in_id, reason="mistake")
        with pytest.raises(Conflict):
            restore_check_in(by=clinic.patient, check_in_id=first.check_in_id)

    def test_a_withdrawn_one_cannot_be_corrected(self, clinic: House) -> None:
        first = sent(clinic, "k")
        withdraw_check_in(by=clinic.patient, check_in_id=first.check_in_id, reason="mistake")
        with pytest.raises(Conflict):
            corrected(clinic, first.check_in_id)

    def test_the_next_report_is_compared_with_the_last_one_that_counts(self, clinic: House) -> None:
        sent(clinic, "k1", symptoms=["burning"], severity_burning="1")
        with clock.fixed(clock.now() + timedelta(days=1)):
            second = sent(clinic, "k2", symptoms=["burning"], severity_burning="3")
            withdraw_check_in(by=clinic.patient, check_in_id=second.check_in_id, reason="mistake")
        with reading() as session:
            about = check_ins.subject(session, clinic.treatment_id)
            assert about is not None
            assert check_ins.context(session, about, clock.now()).previous["burning"] == 1


def _change(by: Actor, check_in_id: int, kind: str) -> object:
    if kind == "correct":
        return correct_check_in(
            by=by, check_in_id=check_in_id, answers=NO_PROBLEMS, reason="mistake", submission_key="c"
        )
    if kind == "withdraw":
        return withdraw_check_in(by=by, check_in_id=check_in_id, reason="mistake")
    return restore_check_in(by=by, check_in_id=check_in_id)


@pytest.mark.parametrize("kind", ["correct", "withdraw", "restore"])
class TestWhoMay:
    def refused(self, by: Actor, check_in_id: int, kind: str, problem: type[Problem]) -> None:
        before = [(row.id, row.replaced_at) for row in rows(CheckIn)]
        with pytest.raises(problem):
            _change(by, check_in_id, kind)
        assert [(row.id, row.replaced_at) for row in rows(CheckIn)] == before

    def test_another_patients_and_an_unknown_one_are_alike(self, clinic: House, kind: str) -> None:
        first, other = sent(clinic, "k"), house("B")
        self.refused(other.patient, first.check_in_id, kind, NotFound)
        self.refused(clinic.patient, 999_999, kind, NotFound)

    def test_a_link_for_another_treatment(self, clinic: House, kind: str) -> None:
        first = sent(clinic, "k")
        by = Actor(
            kind="patient", id=clinic.patient_id, clinic_id=clinic.clinic_id, treatment_id=clinic.treatment_id + 99
        )
        self.refused(by, first.check_in_id, kind, NotFound)

    def test_the_link_alone(self, clinic: House, kind: str) -> None:
        first = sent(clinic, "k")
        by = Actor(
            kind="patient",
            id=clinic.patient_id,
            clinic_id=clinic.clinic_id,
            strength="link",
            treatment_id=clinic.treatment_id,
        )
        self.refused(by, first.check_in_id, kind, NotAllowed)

    @pytest.mark.parametrize("role", ["administrator", "clinician", "front_desk"])
    def test_staff(self, clinic: House, kind: str, role: Any) -> None:
        self.refused(clinic.staff[role], sent(clinic, "k").check_in_id, kind, NotAllowed)

    def test_what_another_system_sent(self, clinic: House, kind: str) -> None:
        first = sent(clinic, "k")
        with transaction() as session:
            row = session.get(CheckIn, first.check_in_id)
            assert row is not None
            row.source = "import"
            session.add(row)
        self.refused(clinic.patient, first.check_in_id, kind, Conflict)
