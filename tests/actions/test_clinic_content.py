"""A clinic changes its rules, deadlines and schedules: from the next day on, for itself alone, with a trail."""

import math
from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select

from reporting import clock
from reporting.cases.act_cases import open_silent_cases
from reporting.cases.read_worklist import due_and_silent
from reporting.clinic.act_clinic import change_content, undo_content
from reporting.clinic.read_content import protocol_ranges, tolerated_factor
from reporting.clinic.read_rule_trial import try_rule
from reporting.domain.clinic_content import CEILING, LEVELS, RANGES, RULES, SCHEDULES, TOLERANCES
from reporting.domain.course import SLOTS, due_days
from reporting.errors import Conflict, ContentRefused, InvalidInput, NotAllowed
from reporting.messages.act_escalation import escalate
from reporting.patient.act_check_ins import submit_check_in
from reporting.records import clinic_facts, outcomes
from reporting.records.check_ins import subject
from reporting.records.engine import reading, transaction
from reporting.records.tables import AuditEvent, CheckIn, Clinic, ContentChange, Outcome, Treatment, TriageCase
from reporting.treatments.act_reminders import due_now
from tests.accounts import together, trail
from tests.answers import filled
from tests.cast import House, house
from tests.conftest import NOW

pytestmark = pytest.mark.sqlite_first

WHY = "agreed at the safety meeting"
HARDER = {"min_severity": "1", "advice": "contact_today", "case_level": "same_day"}


def change(clinic: House, table: str, row: str, **cells: str) -> date | None:
    return change_content(by=clinic.staff["administrator"], table=table, row=row, cells=cells, reason=WHY)


def report(clinic: House, key: str, **wanted: object) -> CheckIn:
    receipt = submit_check_in(
        by=clinic.patient,
        treatment_id=clinic.treatment_id,
        submission_key=key,
        answers=filled(clinic.treatment_id, **wanted),
    )
    with reading() as session:
        return session.get_one(CheckIn, receipt.check_in_id)


def advice(clinic: House, key: str) -> str | None:
    return report(clinic, key, symptoms=["scarring"], severity_scarring="1").advice


def newest(table: str, row: str) -> int:
    with reading() as session:
        ids = select(ContentChange.id).where(ContentChange.content_table == table, ContentChange.row_key == row)
        return max(session.execute(ids).scalars())


def test_a_changed_rule_holds_from_the_next_day_for_this_clinic_alone(clinic: House) -> None:
    other = house("B")
    assert change(clinic, RULES, "S1", **HARDER) == date(2026, 3, 11)
    assert advice(clinic, "today") == "unusual"
    with clock.fixed(NOW + timedelta(days=1)):
        assert advice(clinic, "tomorrow") == "contact_today"
        assert advice(other, "other") == "unusual"


def test_the_same_check_in_reads_the_same_after_a_change(clinic: House) -> None:
    answers = filled(clinic.treatment_id, symptoms=["scarring"], severity_scarring="1")
    change(clinic, RULES, "S1", **HARDER)

    def send() -> str:
        return submit_check_in(
            by=clinic.patient, treatment_id=clinic.treatment_id, answers=answers, submission_key="once"
        ).advice

    assert send() == "unusual"
    with clock.fixed(NOW + timedelta(days=1)):
        assert send() == "unusual"


def test_the_trail_has_before_and_after_and_saving_the_same_again_writes_nothing(clinic: House) -> None:
    change(clinic, RULES, "S1", min_severity="1")
    assert change(clinic, RULES, "S1", min_severity="1") is None
    change(clinic, RULES, "S1", min_severity="3", is_on="no")
    with reading() as session:
        events = session.execute(select(AuditEvent).where(AuditEvent.action == "content.changed")).scalars().all()
    assert [(one.record_kind, one.record_id, one.details) for one in events] == [
        (
            "triage_rules",
            "S1",
            {"from_day": "2026-03-11", "before": {"min_severity": "2"}, "after": {"min_severity": "1"}},
        ),
        (
            "triage_rules",
            "S1",
            {
                "from_day": "2026-03-11",
                "before": {"is_on": "yes", "min_severity": "1"},
                "after": {"is_on": "no", "min_severity": "3"},
            },
        ),
    ]
    assert len(trail("content.")) == 2


def test_undo_puts_the_version_before_back_step_by_step(clinic: House) -> None:
    by = clinic.staff["administrator"]
    change(clinic, RULES, "S1", min_severity="1")
    first = newest(RULES, "S1")
    change(clinic, RULES, "S1", min_severity="3")
    with pytest.raises(Conflict):
        undo_content(by=by, table=RULES, row="S1", newest=first, reason=WHY)
    undo_content(by=by, table=RULES, row="S1", newest=newest(RULES, "S1"), reason=WHY)
    with reading() as session:
        about = subject(session, clinic.treatment_id)
        assert session.get_one(Clinic, clinic.clinic_id).content_version == 3
    assert about is not None
    assert dict(about.content.rows(RULES)["S1"]) == {"min_severity": "1"}


def test_what_is_refused_leaves_nothing(clinic: House) -> None:
    with pytest.raises(ContentRefused, match="R6, min severity: found '4'"):
        change(clinic, RULES, "R6", min_severity="4")
    with pytest.raises(InvalidInput, match="reason"):
        change_content(by=clinic.staff["administrator"], table=RULES, row="I2", cells={}, reason=" ")
    with pytest.raises(ContentRefused, match="2026-03-11 or later"):
        change_content(
            by=clinic.staff["administrator"],
            table=SCHEDULES,
            row="ablative",
            cells={"days": "1|7"},
            reason=WHY,
            from_day=date(2026, 3, 10),
        )
    for role in ("safety_lead", "clinician", "front_desk"):
        with pytest.raises(NotAllowed):
            change_content(by=clinic.staff[role], table=RULES, row="I2", cells={"min_severity": "3"}, reason=WHY)  # type: ignore[index]
    with reading() as session:
        assert session.execute(select(ContentChange)).all() == []
    assert trail("content.") == []


def test_a_change_that_is_rolled_back_was_never_there(clinic: House) -> None:
    with pytest.raises(RuntimeError), transaction() as session:
        row = session.get_one(Clinic, clinic.clinic_id)
        clinic_facts.add(
            session, row, clinic_facts.Change(RULES, "S1", (("is_on", "no"),), date(2026, 1, 1)), None, "x"
        )
        assert clinic_facts.of(session, row).rows(RULES)
        raise RuntimeError
    change(clinic, RULES, "I1", is_on="no")
    with reading() as session:
        assert set(clinic_facts.of_clinic(session, clinic.clinic_id).rows(RULES)) == {"I1"}


def test_two_who_change_at_once_both_count(clinic: House) -> None:
    def step(row: str) -> Callable[[], object]:
        return lambda: change(clinic, RULES, row, is_on="no")

    together(step("U1"), step("U2"))
    with reading() as session:
        found = clinic_facts.of_clinic(session, clinic.clinic_id)
    assert set(found.rows(RULES)) == {"U1", "U2"}


def test_a_case_gets_the_clinics_own_deadline(clinic: House) -> None:
    change(clinic, LEVELS, "same_day", deadline_hours="1")
    with clock.fixed(NOW + timedelta(days=1)):
        report(clinic, "eyes", symptoms=["swelling", "swelling_eyes"], severity_swelling="3")
    with reading() as session:
        [case] = session.execute(select(TriageCase)).scalars()
    assert case.due_at - case.opened_at == timedelta(hours=1)


def test_a_case_that_nobody_takes_is_passed_on_by_the_clinics_own_deadline(clinic: House) -> None:
    change(clinic, LEVELS, "same_day", deadline_hours="1")
    with clock.fixed(NOW + timedelta(days=1)):
        report(clinic, "eyes", symptoms=["swelling", "swelling_eyes"], severity_swelling="3")
    told = [escalate(NOW + timedelta(days=1, hours=hours)) for hours in (0.9, 1, 1.9, 2)]
    assert told == [0, 1, 0, 1]


def treated(clinic: House, day: date) -> None:
    with transaction() as session:
        session.get_one(Treatment, clinic.treatment_id).performed_on = day
        outcomes.recompute(session, [clinic.treatment_id])


def due_mask(clinic: House) -> set[int]:
    with reading() as session:
        [mask] = session.execute(select(Outcome.due_mask).where(Outcome.clinic_id == clinic.clinic_id)).scalars()
    return {day for bit, day in enumerate(SLOTS) if mask >> bit & 1}


def test_a_schedule_counts_for_treatments_from_its_day_on(clinic: House) -> None:
    change(clinic, SCHEDULES, "ablative", days="6|1|28")
    treated(clinic, date(2026, 3, 10))
    assert due_mask(clinic) == set(due_days("ablative", date(2026, 3, 10)))
    treated(clinic, date(2026, 3, 11))
    assert due_mask(clinic) == {1, 6, 28}
    with clock.fixed(NOW + timedelta(days=8)):
        assert report(clinic, "a").scheduled_day == 6
    with reading() as session:
        assert outcomes.compare(session) == []


def test_silence_and_missed_days_go_by_the_clinics_schedule(clinic: House) -> None:
    assert [one.missed for one in due_and_silent(clinic.staff["clinician"])] == []
    with clock.fixed(datetime(2026, 3, 1, 9, tzinfo=NOW.tzinfo)):
        change(clinic, SCHEDULES, "ablative", days="0|1|2|28")
    assert [one.missed for one in due_and_silent(clinic.staff["clinician"])] == [3]


def test_silence_after_a_concern_is_counted_on_the_clinics_own_days(clinic: House) -> None:
    with clock.fixed(datetime(2026, 3, 1, 9, tzinfo=NOW.tzinfo)):
        change(clinic, SCHEDULES, "ablative", days="3|4|5|6|28")
    report(clinic, "concern", symptoms=["scarring"], severity_scarring="2")
    assert open_silent_cases(NOW + timedelta(days=3)) == 1
    with reading() as session:
        assert session.execute(select(TriageCase)).scalar_one().rules[-1] == "silent_after_unusual_early"
    assert open_silent_cases(NOW + timedelta(days=4)) == 1
    with reading() as session:
        assert session.execute(select(TriageCase)).scalar_one().rules[-1] == "silent_after_concern"


def test_reminders_know_days_that_only_a_clinic_has(clinic: House, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[set[date]] = []
    monkeypatch.setattr("reporting.records.due_check_ins.agreed", lambda _s, days, _at: asked.append(set(days)) or [])
    far = NOW + timedelta(days=270)
    due_now(far)
    change(clinic, SCHEDULES, "ablative", days="1|270")
    due_now(far)
    assert far.date() - timedelta(days=270) not in asked[0]
    assert far.date() - timedelta(days=270) in asked[1]


def test_ranges_and_tolerance_hold_at_once_for_this_clinic(clinic: House) -> None:
    other = house("B")
    change(clinic, RANGES, "frac_ablative_co2|pulse_energy_mj|", maximum="45")
    change(clinic, RANGES, "frac_ablative_co2|pulse_energy_mj|IV-VI", maximum="30")
    change(clinic, TOLERANCES, CEILING, factor="1.2")
    by = clinic.staff["clinician"]
    found = protocol_ranges(by, "frac_ablative_co2", "pulse_energy_mj", "IV-VI")
    assert [(one.skin_group, one.maximum) for one in found] == [("IV-VI", 30.0)]
    found = protocol_ranges(by, "frac_ablative_co2", "pulse_energy_mj", "I-III")
    assert [(one.skin_group, one.maximum) for one in found] == [("", 45.0)]
    assert len(protocol_ranges(by)) == 2
    assert (tolerated_factor(by), tolerated_factor(other.staff["clinician"])) == (1.2, 1.5)
    assert protocol_ranges(other.staff["clinician"]) == ()


def code(clinic: House, action: str, confirmation: str | None = None) -> None:
    """The coded end of every case of the clinic."""
    with transaction() as session:
        for case in session.execute(select(TriageCase).where(TriageCase.clinic_id == clinic.clinic_id)).scalars():
            case.action_taken, case.confirmation = action, confirmation


class TestTrial:
    def test_would_have_fired_so_often_and_so_many_were_acted_on(self, clinic: House) -> None:
        with clock.fixed(NOW + timedelta(days=60)):
            report(clinic, "mild", symptoms=["infection"], severity_infection="1")
            code(clinic, "none_needed")
        other = house("B")
        with clock.fixed(NOW + timedelta(days=61)):
            report(other, "not ours", symptoms=["infection"], severity_infection="3")
            report(clinic, "bad", symptoms=["infection"], severity_infection="2")
            code(clinic, "visit", "confirmed")
            found = try_rule(clinic.staff["safety_lead"], "I1", {"min_severity": "2"})
        assert (found.check_ins, found.now.fired, found.then.fired, found.lost.fired) == (2, 2, 1, 1)
        assert (found.now.acted_on, found.now.confirmed) == (2, 2)
        assert found.red_flags[0] == found.red_flags[1]
        assert found.cases == (2, 2)
        assert (found.milder, found.harder) == (0, 0)  # U1 says the same to the patient
        [late] = found.later
        assert found.later_alerts == 1
        assert late.after_hours is not None
        assert 8 <= late.before_hours < late.after_hours  # a working day; U1 has a week
        assert late.lost_hours == late.after_hours - late.before_hours

    def test_a_rule_that_would_be_off_and_one_that_gets_harder(self, clinic: House) -> None:
        with clock.fixed(NOW + timedelta(days=50)):
            report(clinic, "scar", symptoms=["scarring"], severity_scarring="1")
            harder = try_rule(clinic.staff["administrator"], "S1", HARDER)
            off = try_rule(clinic.staff["administrator"], "U1", {"is_on": "no"})
        assert (harder.now.fired, harder.then.fired, harder.gained, harder.harder) == (0, 1, 1, 1)
        assert (off.now.fired, off.then.fired, off.cases) == (1, 0, (1, 0))
        assert (harder.later_alerts, harder.later) == (0, ())
        assert [(one.after_hours, one.lost_hours) for one in off.later] == [(None, math.inf)]

    def test_the_alert_that_would_be_lost_stands_before_those_that_would_be_late(self, clinic: House) -> None:
        with clock.fixed(NOW + timedelta(days=50)):
            first = report(clinic, "late", symptoms=["scarring"], severity_scarring="2").id
        with clock.fixed(NOW + timedelta(days=57)):
            second = report(clinic, "sooner", symptoms=["burning"], severity_burning="2").id
            found = try_rule(clinic.staff["administrator"], "U2", {"case_level": "one_week"})
            assert {one.check_in_id for one in found.later} <= {first, second}
            off = try_rule(clinic.staff["administrator"], "U2", {"is_on": "no"})
        hours = [one.lost_hours for one in off.later]
        assert hours == sorted(hours, reverse=True)

    def test_the_answer_before_is_known_even_beyond_the_year(self, clinic: House) -> None:
        report(clinic, "first", symptoms=["burning"], severity_burning="1")
        with clock.fixed(NOW + timedelta(days=370)):
            report(clinic, "second", symptoms=["burning"], severity_burning="2")
            found = try_rule(clinic.staff["administrator"], "R6_rise", {"to_day": ""})
        assert (found.check_ins, found.now.fired, found.then.fired) == (1, 0, 1)

    def test_the_answer_before_counts_as_it_was_then_not_at_its_worst(self, clinic: House) -> None:
        report(clinic, "first", symptoms=["burning"], severity_burning="1/3")
        with clock.fixed(NOW + timedelta(days=10)):
            report(clinic, "second", symptoms=["burning"], severity_burning="2")
            found = try_rule(clinic.staff["administrator"], "R6_rise", {"min_severity": "1"})
        assert (found.check_ins, found.now.fired, found.then.fired) == (2, 1, 1)

    @pytest.mark.parametrize(("area", "fires"), [("cheeks", 0), ("neck", 1)])
    def test_a_rule_for_an_area_fires_where_that_was_treated(self, clinic: House, area: str, fires: int) -> None:
        treated_there = house("N", areas=(area,))
        with clock.fixed(NOW + timedelta(days=3)):
            report(treated_there, "raw", symptoms=["something_else"], follow_ups_other=["raw_not_closed"])
            found = try_rule(treated_there.staff["administrator"], "R9_neck", {"from_day": "4"})
        assert (found.check_ins, found.now.fired, found.then.fired) == (1, fires, fires)

    def test_what_could_not_be_saved_is_not_tried(self, clinic: House) -> None:
        with pytest.raises(ContentRefused):
            try_rule(clinic.staff["administrator"], "R6", {"min_severity": "4"})
        with pytest.raises(NotAllowed):
            try_rule(clinic.staff["clinician"], "I1", {"min_severity": "2"})

    def test_without_any_check_in_nothing_would_have_fired(self, clinic: House) -> None:
        found = try_rule(clinic.staff["administrator"], "I1", {"min_severity": "2"})
        assert (found.check_ins, found.first_day, found.now.fired) == (0, None, 0)
