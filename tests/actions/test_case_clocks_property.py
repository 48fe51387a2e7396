"""Whatever patients, staff and calendars do: no clock of a case gets longer, and only a contact ends it."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import delete, select

from reporting import clock
from reporting.cases import act_cases
from reporting.clinic.act_staff import change_staff
from reporting.demo.recent import answers_for
from reporting.domain.actors import Actor
from reporting.domain.content_rows import CASE_LEVELS
from reporting.domain.questionnaire import answered
from reporting.errors import Conflict, InvalidInput
from reporting.messages.act_escalation import escalate
from reporting.patient.act_check_ins import keep_answer, submit_check_in
from reporting.patient.act_corrections import (
    correct_check_in,
    keep_change,
    restore_check_in,
    stop_correcting,
    withdraw_check_in,
)
from reporting.patient.read_recovery import correction_page
from reporting.records import cases, check_ins, outcomes
from reporting.records.engine import reading, transaction
from reporting.records.tables import CaseEvent, CheckIn, Clinic, Draft, OutboxMessage, StaffAccount, TriageCase
from tests.cast import House, house

START = datetime(2026, 3, 27, 15, tzinfo=UTC)
"""A Friday afternoon in Madrid; the clocks change on the Sunday."""
WEEKS: tuple[dict[str, list[str]], ...] = (
    {},
    {day: ["09:00", "18:00"] for day in ("mon", "tue", "wed", "thu", "fri")},
    {"wed": ["10:00", "11:00"]},
    {day: ["00:00", "23:59"] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")},
)
"""The last changes of a clinic's hours: none known, an office week, closed for days, always open."""
REPORTS: tuple[dict[str, Any], ...] = (
    {"symptoms": ["none"]},
    {"symptoms": ["scarring"], "severity_scarring": "1"},
    {"symptoms": ["infection"], "severity_infection": "1"},
    {"symptoms": ["infection"], "severity_infection": "3"},
    {"symptoms": ["swelling", "swelling_breathing"], "severity_swelling": "2"},
)

pytestmark = pytest.mark.sqlite_first
"""From nothing at all to an emergency."""
FIRST_PAGES = (["bumps"], ["infection"], ["infection_fever"], ["swelling", "swelling_breathing"])
"""Answers to the first question, from a mild to an urgent one; the next one takes the one before back."""
WORKERS = ("clinician", "safety_lead")
ANY = st.integers(0, 30)


@dataclass
class Ends:
    """How late the clocks of a case may be at most. ``taken`` is None once somebody had it."""

    taken: datetime | None
    contacted: datetime


class Clocks(RuleBasedStateMachine):
    """Remembers the earliest ends of the clocks beside the real actions."""

    clinic: House

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.sent = 0
        self.ends: dict[int, Ends] = {}
        """Open clocks by case; a case whose patient was spoken to is not in it."""
        self.off: set[Any] = set()
        """Roles whose account is switched off: their sessions have ended, so they do nothing."""

    @property
    def boss(self) -> Actor:
        return self.clinic.staff["administrator"]

    def rows(self) -> list[TriageCase]:
        with reading() as session:
            return list(session.execute(select(TriageCase).order_by(TriageCase.id)).scalars())  # type: ignore[arg-type]

    def is_open(self) -> bool:
        return any(case.state != "closed" for case in self.rows())

    def answers(self, wanted: dict[str, Any], check_in_id: int | None = None) -> Any:
        with reading() as session:
            about = check_ins.subject(session, self.clinic.treatment_id)
            assert about is not None
            if check_in_id is None:
                return answers_for(check_ins.context(session, about, clock.now()), wanted)
            row = session.get_one(CheckIn, check_in_id)
            return answers_for(check_ins.as_it_was(session, about, row)[0], wanted)

    def heard(self, change: Callable[[], Any]) -> None:
        """Do it; whatever became new since then is held to the clocks of what was said, counted from now."""
        with reading() as session:
            last = max(session.execute(select(CaseEvent.id)).scalars(), default=0)
        with clock.fixed(self.now):
            change()
        with reading() as session:
            clinic = session.get_one(Clinic, self.clinic.clinic_id)
            events = session.execute(select(CaseEvent).where(CaseEvent.id > last)).scalars()  # type: ignore[operator]
            for event in events:
                if event.kind not in ("opened", "new_report"):
                    continue
                own = cases.clocks_of(session, clinic, event.details["level"], self.now)
                known = self.ends.get(event.case_id)
                waits = own.taken_by if known is None else min(known.taken or known.contacted, own.taken_by)
                spoken = own.contacted_by if known is None else min(known.contacted, own.contacted_by)
                self.ends[event.case_id] = Ends(waits, spoken)

    @rule(hours=st.sampled_from((0.2, 1, 3, 9, 15, 40)))
    def time_passes(self, hours: float) -> None:
        self.now += timedelta(hours=hours)

    @rule(week=st.sampled_from(WEEKS))
    def the_clinic_changes_its_hours(self, week: dict[str, list[str]]) -> None:
        with transaction() as session:
            session.get_one(Clinic, self.clinic.clinic_id).opening_hours = week

    @rule(wanted=st.sampled_from(REPORTS))
    def report(self, wanted: dict[str, Any]) -> None:
        self.sent += 1
        with clock.fixed(self.now):
            answers = self.answers(wanted)
        self.heard(
            lambda: submit_check_in(
                by=self.clinic.patient,
                treatment_id=self.clinic.treatment_id,
                answers=answers,
                submission_key=f"s{self.sent}",
            )
        )

    @rule(ticks=st.sampled_from(FIRST_PAGES))
    def tick_and_send_nothing(self, ticks: list[str]) -> None:
        self.heard(lambda: self.keep("symptoms", ticks))

    @rule(grade=st.sampled_from(("1/1", "3/3", "4/4")))
    def grade_and_send_nothing(self, grade: str) -> None:
        with suppress(InvalidInput):  # it is not asked now
            self.heard(lambda: self.keep("severity_infection", grade))

    def keep(self, question_id: str, given: Any) -> None:
        keep_answer(
            by=self.clinic.patient,
            treatment_id=self.clinic.treatment_id,
            question_id=question_id,
            given=given,
            submission_key=f"d{len(self.rows())}",
        )

    @rule()
    def finish_here(self) -> None:
        """What was answered so far is sent, if it is urgent; else it is refused and stays."""
        with reading() as session:
            draft = check_ins.draft_of(session, self.clinic.treatment_id)
            answers = {} if draft is None else dict(draft.answers)
        self.sent += 1

        def send() -> None:
            with suppress(InvalidInput):
                submit_check_in(
                    by=self.clinic.patient,
                    treatment_id=self.clinic.treatment_id,
                    answers=answers,
                    submission_key=f"f{self.sent}",
                    is_short=True,
                )

        self.heard(send)

    def pick(self, which: int) -> int | None:
        """An answered check-in that no correction has replaced; None where there is none."""
        with reading() as session:
            newest = [row for row in session.execute(select(CheckIn)).scalars() if row.answered_at is not None]
            corrected = {row.corrects_id for row in newest}
        ids = sorted(row.id or 0 for row in newest if row.id not in corrected)
        return ids[which % len(ids)] if ids else None

    @precondition(lambda self: self.sent)
    @rule(which=ANY, wanted=st.sampled_from(REPORTS))
    def correct(self, which: int, wanted: dict[str, Any]) -> None:
        self.sent += 1
        key, chosen = f"c{self.sent}", self.pick(which)
        if chosen is None:
            return
        answers = self.answers(wanted, chosen)

        def change() -> None:
            with suppress(Conflict):  # it was taken back
                correct_check_in(
                    by=self.clinic.patient, check_in_id=chosen, answers=answers, reason="mistake", submission_key=key
                )

        self.heard(change)

    @precondition(lambda self: self.sent)
    @rule(which=ANY, ticks=st.sampled_from(FIRST_PAGES))
    def change_in_part(self, which: int, ticks: list[str]) -> None:
        """A tick in a change that is not sent; the next one of the same report takes it back."""
        chosen = self.pick(which)
        if chosen is None:
            return
        by = self.clinic.patient

        def tick() -> None:
            with suppress(Conflict):  # it was taken back
                shown = correction_page(by, chosen)
                fresh = answered(shown.answers, "symptoms", ticks, shown.context)
                keep_change(by=by, check_in_id=chosen, answers=fresh, submission_key=shown.draft_key or f"p{chosen}")

        self.heard(tick)

    @precondition(lambda self: self.sent)
    @rule(which=ANY, sends=st.booleans())
    def end_the_change(self, which: int, sends: bool) -> None:
        """What was changed so far is sent, if it is urgent, or not wanted any more."""
        chosen, by = self.pick(which), self.clinic.patient
        if chosen is None:
            return

        def end() -> None:
            with suppress(Conflict, InvalidInput):
                shown = correction_page(by, chosen)
                key, now = shown.draft_key or f"p{chosen}", shown.answers
                if sends:
                    correct_check_in(
                        by=by, check_in_id=chosen, answers=now, reason="forgot", submission_key=key, is_short=True
                    )
                else:
                    stop_correcting(by=by, check_in_id=chosen)

        self.heard(end)

    @precondition(lambda self: self.sent)
    @rule(which=ANY, back=st.booleans())
    def take_back_or_put_back(self, which: int, back: bool) -> None:
        chosen, by = self.pick(which), self.clinic.patient
        if chosen is None:
            return
        if back:
            self.heard(lambda: withdraw_check_in(by=by, check_in_id=chosen, reason="mistake"))
        else:
            self.heard(lambda: restore_check_in(by=by, check_in_id=chosen))

    def attempted(self, role: Any, step: Callable[[TriageCase], Any]) -> TriageCase | None:
        """The case of a step that was done, as it was before; None where the step was refused."""
        for case in self.rows():
            if case.state != "closed" and role not in self.off:
                try:
                    with clock.fixed(self.now):
                        step(case)
                except (Conflict, InvalidInput):
                    return None
                return case
        return None

    @precondition(lambda self: self.is_open())
    @rule(role=st.sampled_from(WORKERS))
    def acknowledge(self, role: Any) -> None:
        by = self.clinic.staff[role]
        case = self.attempted(role, lambda it: act_cases.acknowledge(by=by, case_id=it.id or 0, version=it.version))
        if case is not None and (ends := self.ends.get(case.id or 0)):
            ends.taken = None

    @precondition(lambda self: self.is_open())
    @rule(role=st.sampled_from(WORKERS))
    def give_back(self, role: Any) -> None:
        by = self.clinic.staff[role]
        self.attempted(role, lambda it: act_cases.give_back(by=by, case_id=it.id or 0, version=it.version))

    @precondition(lambda self: self.is_open())
    @rule(role=st.sampled_from(WORKERS), action=st.sampled_from(("call", "none_needed")))
    def contact(self, role: Any, action: str) -> None:
        by = self.clinic.staff[role]
        case = self.attempted(
            role,
            lambda it: act_cases.record_contact(by=by, case_id=it.id or 0, version=it.version, action_taken=action),
        )
        if case is not None:
            assert action == "call" or case.level in CASE_LEVELS[:2] or case.id not in self.ends
            self.ends.pop(case.id or 0, None)

    @precondition(lambda self: self.is_open())
    @rule()
    def decide_and_close(self) -> None:
        by = self.clinic.staff["clinician"]

        def step(case: TriageCase) -> None:
            version = act_cases.record_outcome(
                by=by, case_id=case.id or 0, version=case.version, confirmation="not_confirmed"
            )
            act_cases.close(by=by, case_id=case.id or 0, version=version)

        case = self.attempted("clinician", step)
        assert case is None or case.id not in self.ends, "closed without anybody having spoken to the patient"

    @rule(role=st.sampled_from(WORKERS), is_active=st.booleans())
    def switch_an_account(self, role: Any, is_active: bool) -> None:
        with clock.fixed(self.now):
            change_staff(by=self.boss, staff_id=self.clinic.staff[role].id or 0, is_active=is_active)
        (self.off.discard if is_active else self.off.add)(role)

    @rule()
    def pass_on(self) -> None:
        escalate(self.now)

    @invariant()
    def no_clock_is_longer_and_none_has_ended(self) -> None:
        found = {case.id or 0: case for case in self.rows()}
        with reading() as session:
            late = set(cases.overdue(session, self.now + timedelta(days=30)))
        for case_id, ends in self.ends.items():
            case = found[case_id]
            assert case.state != "closed"
            assert case.contacted_at is None
            assert case.contact_due_at <= ends.contacted
            assert case_id in late, "left alone, it is passed on one day"
            if case.state == "new" and ends.taken is not None:
                assert case.due_at <= ends.taken
        with reading() as session:
            begun = [row for row in session.execute(select(CheckIn)).scalars() if check_ins.is_unfinished(row)]
            told = [cases.case_of(session, row.id or 0) for row in begun]
        assert all(told), "whatever the clinic has in part stands in a case"
        with reading() as session:
            off = {one.id for one in session.execute(select(StaffAccount)).scalars() if not one.is_active}
        assert not [case for case in found.values() if case.owner_id in off and case.state != "closed"]


@pytest.fixture
def machine(database: str) -> type[Clocks]:
    clinic = house("A")

    class OfThisClinic(Clocks):
        def __init__(self) -> None:
            with transaction() as session:
                for table in (OutboxMessage, CaseEvent, TriageCase, Draft, CheckIn):
                    session.execute(delete(table))
                session.get_one(Clinic, clinic.clinic_id).opening_hours = {}
                for role in WORKERS:
                    session.get_one(StaffAccount, clinic.staff[role].id).is_active = True  # type: ignore[index]
                outcomes.recompute(session, [clinic.treatment_id])
            super().__init__()

    OfThisClinic.clinic = clinic
    return OfThisClinic


def test_no_clock_gets_longer_and_only_a_contact_ends_one(machine: type[Clocks], database: str) -> None:
    run_state_machine_as_test(
        machine,
        settings=hypothesis_settings(
            max_examples=12 if database == "sqlite" else 4,
            stateful_step_count=14,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
