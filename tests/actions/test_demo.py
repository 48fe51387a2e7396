"""The demo clinic: synthetic, calibrated, with open cases, and closed to anybody who is real."""

from collections.abc import Iterator
from datetime import date, datetime

import numpy as np
import pytest
from sqlalchemy import delete, select, update

from reporting import clock
from reporting.cases.read_worklist import worklist
from reporting.dashboards.read_bands import first_with_settings, setting_choice
from reporting.demo import access, fill
from reporting.demo.history import visits
from reporting.demo.recent import SCENES
from reporting.domain.actors import SYSTEM, Actor
from reporting.domain.case_work import LEVEL_WORDS, STATE_WORDS
from reporting.domain.content import content
from reporting.domain.course import is_report_unexpected
from reporting.domain.devices import check_setting, device_classes
from reporting.domain.vocabulary import SYMPTOMS
from reporting.errors import NotAllowed, NotFound
from reporting.records import outcomes
from reporting.records.engine import reading, transaction
from reporting.records.tables import CaseEvent, CheckIn, Clinic, StaffAccount, TriageCase
from reporting.records.trail.verify import verify
from reporting.settings import settings
from reporting.shell.act_sessions import actor_of
from reporting.shell.read_scope import filter_choices
from reporting.signals.read_rates import rates
from tests.conftest import NOW

pytestmark = [pytest.mark.xdist_group("demo clinic"), pytest.mark.sqlite_first]

TODAY = date(2026, 3, 10)


@pytest.fixture(scope="module")
def demo(module_database_of_both: str) -> Iterator[fill.House]:
    """A small demo on a Tuesday morning; who changes it brings it back."""
    with clock.fixed(NOW):
        yield fill.fill(treatments=300, seed=3)


def test_the_demo_is_whole_and_marked_as_synthetic(demo: fill.House) -> None:
    with reading() as session:
        [clinic] = session.execute(select(Clinic)).scalars()
        cases = list(session.execute(select(TriageCase)).scalars())
        assert outcomes.compare(session) == []
    assert clinic.is_synthetic
    assert "synthetic" in clinic.name
    assert {"new", "closed"} <= {case.state for case in cases}
    assert verify().ok
    assert rates(SYSTEM, "all", "hyperpigmentation")["n_treatments"].item() == 300 + len(SCENES)


def clinician(demo: fill.House) -> Actor:
    return Actor(kind="staff", id=demo.staff["clinician"], clinic_id=demo.clinic_id, role="clinician", label="demo")


def test_the_worklist_shows_every_badge(demo: fill.House) -> None:
    """A visitor sees what a row can say: levels, states, overdue, worse, worried, cannot wait, taken back, settings."""
    found = worklist(clinician(demo))
    assert {case.level for case in found} == set(LEVEL_WORDS)
    assert {case.state for case in found} == set(STATE_WORDS) - {"closed"}
    for badge in ("is_overdue", "is_worried", "cannot_wait", "is_withdrawn", "above_guideline", "worse", "owner"):
        assert any(getattr(case, badge) for case in found), badge
        assert not all(getattr(case, badge) for case in found), badge
    assert all("DEMO" in case.patient_reference for case in found)


def test_the_reports_of_the_two_years_became_cases(demo: fill.House) -> None:
    """So that reported against confirmed and a rule tried on past data have something to count."""
    with reading() as session:
        cases = list(session.execute(select(TriageCase)).scalars())
        events = list(session.execute(select(CaseEvent).order_by(CaseEvent.at, CaseEvent.id)).scalars())  # type: ignore[arg-type]
        checked = {row.id: row for row in session.execute(select(CheckIn)).scalars()}
    closed = [case for case in cases if case.state == "closed"]
    assert len(closed) > 30
    assert {"confirmed", "not_confirmed", "expected_course"} == {case.confirmation for case in closed}
    for case in cases:
        steps = [event for event in events if event.case_id == case.id]
        assert steps[0].kind == "opened"
        assert steps[0].at == case.opened_at
        assert {rule for step in steps for rule in step.details.get("rules", [])} == set(case.rules)
        assert checked[case.check_in_id].treatment_id == case.treatment_id
        assert (case.closed_at is not None) == (case.state == "closed") == (steps[-1].kind == "closed")
        assert case.closed_at is None or case.closed_at > case.opened_at
        assert (case.confirmation == "confirmed") == (case.complication_term is not None)


def test_settings_open_on_what_has_settings(demo: fill.House) -> None:
    """Peels come first by name and have none."""
    classes = list(filter_choices(clinician(demo)).device_classes)
    assert classes[0].startswith("peel")
    first = first_with_settings(clinician(demo), classes)
    assert first == "frac_ablative_co2"
    assert setting_choice(clinician(demo), first) is not None
    assert first_with_settings(clinician(demo), ["peel", "peel_superficial"]) == ""


def test_it_is_written_once(demo: fill.House) -> None:
    assert not fill.fill_if_empty()


def test_an_empty_database_is_filled(database: str, stopped_clock: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fill.fill, "__defaults__", (20, 1, None))
    assert fill.fill_if_empty()
    assert not fill.fill_if_empty()


def test_the_same_seed_gives_the_same_clinic() -> None:
    assert visits(5, 60, TODAY) == visits(5, 60, TODAY)
    assert visits(5, 60, TODAY) != visits(6, 60, TODAY)


def test_answers_say_how_it_is_now_and_what_was_worst_and_some_tick_lines() -> None:
    """What belongs to healing is never counted; what goes beyond it was drawn to."""
    _, all_visits = visits(2, 400, TODAY)
    eased, beyond, ticked = 0, 0, set()
    for visit in all_visits:
        since: int | None = None
        wrong = [bout for bout in visit.bouts if not bout.of.is_usual]
        for day, told in visit.answers.items():
            ticked |= set(told.follow_up.items())
            for symptom in SYMPTOMS:
                worst, now, of = told.worst[symptom], told.now[symptom], visit.procedure_class
                assert 0 <= now <= worst <= 4
                eased += now < worst
                if is_report_unexpected(
                    of, symptom, worst, recovery_day=day, scheduled_day=day, now=now, since_day=since
                ):
                    beyond += 1
                    assert any(bout.of.symptom == symptom and bout.since(since, day) for bout in wrong)
            since = day
    assert eased > 100
    assert beyond > 40
    assert {given for _, given in ticked} == {"yes", "no", "not_sure"}
    assert {key for key, _ in ticked} <= content().follow_ups.keys()


def test_settings_stay_within_what_the_devices_can_do() -> None:
    _, all_visits = visits(1, 500, TODAY)
    for visit in all_visits:
        for name, value in visit.settings.items():
            verdict = check_setting(device_classes()[visit.machine.device_class], name, value)
            assert verdict in ("ok", "outside_typical"), (visit.machine.code, name, value, verdict)


def test_the_density_of_one_device_crept_up() -> None:
    _, all_visits = visits(1, 3000, TODAY)

    def density(code: str, newest: bool) -> float:
        chosen = [v for v in all_visits if v.machine.code == code and ((TODAY - v.performed_on).days < 60) == newest]
        return float(np.mean([v.settings["density_pct"] for v in chosen]))

    assert density("CO2-2", True) > 1.25 * density("CO2-2", False)
    assert density("CO2-1", True) == pytest.approx(density("CO2-1", False), rel=0.06)


def test_access_gives_a_link_and_a_way_in_per_role(demo: fill.House) -> None:
    ways = access.demo_access()
    assert {role for role, _, _ in ways.staff} == {"administrator", "safety_lead", "clinician", "front_desk"}
    assert ways.invitation.link.endswith(ways.invitation.token)
    for role in ("patient", "clinician", "front_desk"):
        actor = actor_of(access.enter(role).value)
        assert (actor.role or actor.kind) == role


def test_a_real_clinic_closes_the_demo(demo: fill.House) -> None:
    with transaction() as session:
        session.add(Clinic(code="REAL", name="A clinic"))
    try:
        with pytest.raises(NotAllowed):
            access.demo_access()
        with pytest.raises(NotFound):
            access.enter("clinician")
    finally:
        with transaction() as session:
            session.execute(delete(Clinic).where(Clinic.code == "REAL"))


def test_production_closes_the_demo(demo: fill.House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings(), "environment", "production")
    with pytest.raises(NotFound):
        access.enter("clinician")


def test_a_disabled_demo_account_is_no_way_in(demo: fill.House) -> None:
    clinicians = update(StaffAccount).where(StaffAccount.role == "clinician")
    with transaction() as session:
        session.execute(clinicians.values(is_active=False))
    try:
        with pytest.raises(NotFound):
            access.enter("clinician")
    finally:
        with transaction() as session:
            session.execute(clinicians.values(is_active=True))
