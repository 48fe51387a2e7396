"""Links and codes: shown once, replaced by the next one, and one answer for all that do not work."""

from datetime import datetime, timedelta

import pytest
from sqlmodel import select

from reporting import clock
from reporting.clinic.act_on_call import add_on_call, remove_on_call
from reporting.clinic.read_on_call import on_call_page
from reporting.domain.actors import SYSTEM, Role
from reporting.domain.course import due_days
from reporting.errors import (
    ClinicIncomplete,
    InvalidInput,
    LinkNotValid,
    NotAllowed,
    NotFound,
    Problem,
    SignInNeeded,
    TooManyTries,
)
from reporting.records.engine import reading, transaction
from reporting.records.tables import Invitation, Patient, SignInSession, Throttle
from reporting.settings import settings
from reporting.shell import act_sessions
from reporting.shell.act_sessions import actor_of
from reporting.shell.read_scope import REACHES_NOBODY, clinic_line
from reporting.treatments import act_invitations
from tests.accounts import together, trail
from tests.cast import PERFORMED, House, house

pytestmark = pytest.mark.sqlite_first

BORN = "1980"


@pytest.fixture
def clinic(database: str, stopped_clock: datetime) -> House:
    return house("A")


def issued(clinic: House, role: Role = "clinician") -> act_invitations.IssuedInvitation:
    return act_invitations.issue_invitation(by=clinic.staff[role], treatment_id=clinic.treatment_id)


def typed(code: str, year: str = BORN, source: str = "here") -> str:
    return act_invitations.open_code(code=code, year_of_birth=year, source=source).value


def refused(code: str, year: str = BORN, source: str = "here") -> Problem:
    with pytest.raises(Problem) as problem:
        typed(code, year, source)
    return problem.value


@pytest.mark.parametrize("role", ["administrator", "safety_lead", "clinician", "front_desk"])
def test_everybody_of_the_clinic_may_hand_out_a_link(clinic: House, role: Role) -> None:
    made = issued(clinic, role)
    assert made.link.endswith(f"/c/{made.token}")
    assert made.expires_at == clock.now() + timedelta(days=200)
    act_invitations.check_link(made.token)
    assert trail() == [("invitation.issued", clinic.staff[role].label, "1")]


def test_a_link_lasts_until_the_last_check_in_can_be_answered(database: str, stopped_clock: datetime) -> None:
    made = issued(house("A", procedure="full_field_ablative"))
    assert due_days("full_field_ablative")[-1] == 365
    assert made.expires_at.date() == PERFORMED + timedelta(days=365 + act_invitations.AFTER_THE_LAST_DAYS)


def test_other_clinics_and_patients_may_not(clinic: House) -> None:
    for by in house("B").staff.values():
        with pytest.raises(NotFound):
            act_invitations.issue_invitation(by=by, treatment_id=clinic.treatment_id)
    with pytest.raises(NotAllowed):
        act_invitations.issue_invitation(by=clinic.patient, treatment_id=clinic.treatment_id)
    with pytest.raises(NotFound):
        act_invitations.issue_invitation(by=SYSTEM, treatment_id=clinic.treatment_id + 1000)
    with reading() as session:
        assert session.exec(select(Invitation)).all() == []
    assert trail() == []


def test_only_hashes_are_stored(clinic: House) -> None:
    made = issued(clinic)
    with reading() as session:
        stored = session.exec(select(Invitation)).one()
    assert {made.token, made.code, made.code.replace("-", "")}.isdisjoint({stored.token_hash, stored.code_hash})


def test_a_link_sends_check_ins_and_reads_no_history(clinic: House) -> None:
    actor = actor_of(act_invitations.open_link(issued(clinic).token).value)
    assert (actor.kind, actor.id, actor.treatment_id) == ("patient", clinic.patient_id, clinic.treatment_id)
    assert actor.strength == "link"
    assert trail("link.") == [("link.opened", f"patient {clinic.patient_id}", "1")]


def test_a_link_opens_on_a_second_device_too(clinic: House) -> None:
    made = issued(clinic)
    first, second = (act_invitations.open_link(made.token).value for _ in range(2))
    assert first != second
    assert actor_of(first).id == actor_of(second).id == clinic.patient_id


def test_unknown_expired_and_replaced_links_are_the_same_answer(clinic: House, stopped_clock: datetime) -> None:
    replaced = issued(clinic).token
    newest = issued(clinic)
    answers = []
    for token, later in (("made-up", 0), ("", 0), (newest.code, 0), (replaced, 0), (newest.token, 200)):
        for ask in (act_invitations.check_link, act_invitations.open_link):
            with clock.fixed(stopped_clock + timedelta(days=later)), pytest.raises(LinkNotValid) as problem:
                ask(token)
            answers.append((problem.value.message, problem.value.what_to_do, problem.value.status))
    assert set(answers) == {(LinkNotValid.message, LinkNotValid.what_to_do, 410)}
    with clock.fixed(stopped_clock + timedelta(days=200, seconds=-1)):
        act_invitations.check_link(newest.token)


def test_a_new_link_ends_the_old_one_its_code_and_what_they_opened(clinic: House) -> None:
    old = issued(clinic)
    opened = [act_invitations.open_link(old.token).value, typed(old.code)]
    new = issued(clinic, "front_desk")
    for secret in opened:
        with pytest.raises(SignInNeeded):
            actor_of(secret)
    with pytest.raises(LinkNotValid):
        act_invitations.open_link(old.token)
    assert isinstance(refused(old.code), LinkNotValid)
    act_invitations.open_link(new.token)
    typed(new.code)


def test_a_new_link_leaves_other_patients_alone(clinic: House) -> None:
    other = house("B")
    kept = issued(other)
    secret = act_invitations.open_link(kept.token).value
    issued(clinic)
    act_invitations.check_link(kept.token)
    assert actor_of(secret).id == other.patient_id


def test_looking_at_a_link_changes_nothing(clinic: House) -> None:
    made = issued(clinic)
    before = trail()
    for _ in range(20):
        act_invitations.check_link(made.token)
    with reading() as session:
        assert session.exec(select(SignInSession)).all() == []
    assert trail() == before


def test_code_and_year_read_history(clinic: House) -> None:
    made = issued(clinic)
    actor = actor_of(typed(f" {made.code.lower().replace('-', ' ')} ", " 1980 "))
    assert (actor.kind, actor.id, actor.strength) == ("patient", clinic.patient_id, "full")
    assert trail("code.") == [("code.opened", f"patient {clinic.patient_id}", "1")]


@pytest.mark.parametrize("year", ["", "80", "19800", "198O", "-980", "19.0"])
def test_a_year_that_is_none_is_named_and_does_not_count(clinic: House, year: str) -> None:
    made = issued(clinic)
    for _ in range(6):
        answer = refused(made.code, year)
        assert isinstance(answer, InvalidInput)
        assert answer.field == "year of birth"
    typed(made.code)


def test_wrong_code_and_wrong_year_are_the_same_answer(clinic: House) -> None:
    made = issued(clinic)
    answers = [refused(made.code, "1981"), refused("2222-2222"), refused(""), refused(made.token)]
    assert {(type(answer), answer.message) for answer in answers} == {(LinkNotValid, LinkNotValid.message)}
    assert [row[0] for row in trail("code.")] == ["code.refused"] * 4


def test_without_a_year_of_birth_no_code_opens(clinic: House) -> None:
    with transaction() as session:
        patient = session.get(Patient, clinic.patient_id)
        assert patient is not None
        patient.year_of_birth = None
    made = issued(clinic)
    assert isinstance(refused(made.code, "0000"), LinkNotValid)


def test_five_wrong_years_lock_the_code_for_fifteen_minutes(clinic: House, stopped_clock: datetime) -> None:
    made, other = issued(clinic), issued(house("B"))
    for number in range(5):
        assert isinstance(refused(made.code, "1981", f"source {number}"), LinkNotValid)
    assert isinstance(refused(made.code, source="fresh"), TooManyTries)
    typed(other.code, source="fresh")
    with clock.fixed(stopped_clock + timedelta(minutes=14, seconds=59)):
        assert isinstance(refused(made.code, source="fresh"), TooManyTries)
    with clock.fixed(stopped_clock + timedelta(minutes=15)):
        typed(made.code, source="fresh")


def test_who_goes_on_guessing_waits_longer_each_time(clinic: House, stopped_clock: datetime) -> None:
    made, at, waits = issued(clinic), stopped_clock, []
    for number in range(5):
        refused(made.code, "1981", f"source {number}")
    for number in range(9):
        with reading() as session:
            rows = session.exec(select(Throttle)).all()
            locked_until = next(row.locked_until for row in rows if "source" not in row.key)
        assert locked_until is not None
        waits.append((locked_until - at).total_seconds() / 60)
        at = locked_until
        with clock.fixed(at):
            assert isinstance(refused(made.code, "1982", f"later {number}"), LinkNotValid)
    assert waits == [15, 30, 60, 120, 240, 480, 960, 1440, 1440]
    with clock.fixed(at + timedelta(days=1)):
        typed(made.code, source="the patient")


def test_many_wrong_codes_lock_nobody_behind_the_same_address(clinic: House) -> None:
    made = issued(clinic)
    for _ in range(30):
        assert isinstance(refused(act_invitations.new_code(), source="the waiting room"), LinkNotValid)
    typed(made.code, source="the waiting room")
    assert act_sessions.slowness_s("code", "the waiting room") == 5


def test_a_locked_code_does_not_close_the_link(clinic: House) -> None:
    made = issued(clinic)
    for _ in range(5):
        refused(made.code, "1981")
    act_invitations.open_link(made.token)


def test_a_hundred_guesses_open_nothing(sqlite_database: str, stopped_clock: datetime) -> None:
    issued(house("A"))
    for _ in range(100):
        with pytest.raises(LinkNotValid):
            act_invitations.open_link(act_invitations.new_token())
        answer = refused(act_invitations.new_code(), source="guesser")
        assert isinstance(answer, LinkNotValid)
    with reading() as session:
        assert session.exec(select(SignInSession)).all() == []
        assert len(session.exec(select(Throttle)).all()) == 6


def test_two_who_issue_at_once_leave_one_link_that_works(clinic: House) -> None:
    made = together(lambda: issued(clinic), lambda: issued(clinic, "front_desk"))
    assert all(isinstance(one, act_invitations.IssuedInvitation) for one in made), made
    working = []
    for one in made:
        try:
            act_invitations.check_link(one.token)
            working.append(one)
        except LinkNotValid:
            pass
    assert len(working) == 1


def test_in_production_nobody_is_invited_where_an_urgent_case_would_reach_nobody(
    clinic: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings(), "environment", "production")
    boss = clinic.staff["administrator"]
    with pytest.raises(ClinicIncomplete, match="who is told of an urgent case"):
        issued(clinic)
    assert clinic_line(boss).missing == (REACHES_NOBODY,), "the pages say so before anybody tries"
    add_on_call(by=boss, name="Dr First", telephone="+447700900101")
    with pytest.raises(ClinicIncomplete, match="who is told of an urgent case"):
        issued(clinic)  # no text message gateway is set up
    monkeypatch.setattr(settings(), "sms_url", "https://gateway.example")
    assert issued(clinic).code
    assert clinic_line(boss).missing == ()
    [entry] = on_call_page(boss).rows
    remove_on_call(by=boss, entry_id=entry.entry_id)
    add_on_call(by=boss, name="Dr First", email="first@clinic.example")
    with pytest.raises(ClinicIncomplete, match="who is told of an urgent case"):
        issued(clinic)
