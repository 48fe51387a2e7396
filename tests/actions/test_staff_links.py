"""One-time links to a password: for one person, once, for a while; and the change of one's own password."""

from datetime import datetime, timedelta

import pytest
from sqlmodel import select
from typer.testing import CliRunner

from reporting import clock
from reporting.accounts import act_links, act_password
from reporting.app import cli
from reporting.clinic import act_staff
from reporting.errors import InvalidInput, NotAllowed, Problem, SignInNeeded, TooManyTries
from reporting.records.engine import reading
from reporting.records.tables import AuditEvent, OutboxMessage, StaffAccount, StaffLink
from reporting.settings import settings
from reporting.shell.act_sessions import WrongSignIn, actor_of, sign_in
from tests.accounts import PASSWORD, together, trail, with_password
from tests.cast import House

pytestmark = pytest.mark.sqlite_first

NEW = "new violet otter sings"


def link(clinic: House, role: str = "clinician") -> str:
    """The secret of a new link for the account of that role."""
    staff_id = clinic.staff[role].id or 0  # type: ignore[index]
    return act_links.give_link(by=clinic.staff["administrator"], staff_id=staff_id).link.rpartition("/")[2]


def is_over(token: str) -> bool:
    try:
        act_links.look(token)
    except act_links.StaffLinkOver:
        return True
    return False


def is_signed_out(secret: str) -> bool:
    try:
        actor_of(secret)
    except SignInNeeded:
        return True
    return False


def test_a_link_sets_the_password_once_and_ends_every_session(clinic: House) -> None:
    email, token = with_password(clinic, "clinician"), link(clinic)
    before = sign_in(email=email, password=PASSWORD, source="here").value
    assert act_links.look(token).email == email
    act_links.choose_password(token, NEW, source="here")
    assert is_signed_out(before)
    sign_in(email=email, password=NEW, source="here")
    with pytest.raises(WrongSignIn):
        sign_in(email=email, password=PASSWORD, source="here")
    assert is_over(token)
    with pytest.raises(act_links.StaffLinkOver):
        act_links.choose_password(token, "another violet otter", source="here")


def test_of_two_who_use_it_at_once_one_succeeds(clinic: House) -> None:
    token = link(clinic)
    made = together(*[lambda: act_links.choose_password(token, NEW, source="here")] * 2)
    assert sorted(type(outcome).__name__ for outcome in made) == ["NoneType", "StaffLinkOver"]


def test_a_newer_link_ends_the_one_before(clinic: House) -> None:
    first, second = link(clinic), link(clinic)
    assert is_over(first)
    assert not is_over(second)


def test_a_link_ends_by_itself(clinic: House, stopped_clock: datetime) -> None:
    with_password(clinic, "clinician")
    token = link(clinic)
    with clock.fixed(stopped_clock + timedelta(minutes=59)):
        assert not is_over(token)
    with clock.fixed(stopped_clock + timedelta(hours=1)):
        assert is_over(token)


def test_who_was_switched_off_has_no_link(clinic: House) -> None:
    token, who = link(clinic), clinic.staff["clinician"].id or 0
    act_staff.change_staff(by=clinic.staff["administrator"], staff_id=who, is_active=False)
    assert is_over(token)
    act_staff.change_staff(by=clinic.staff["administrator"], staff_id=who, is_active=True)
    assert is_over(token)


@pytest.mark.parametrize("token", ["", "made up", "é.é", "a" * 5000])
def test_a_link_that_we_did_not_make_is_nobodys(clinic: House, token: str) -> None:
    assert is_over(token)
    assert is_over(link(clinic)[:-1] + "!")


def test_only_its_hash_is_kept_and_the_trail_holds_no_secret(clinic: House) -> None:
    token = link(clinic)
    act_links.choose_password(token, NEW, source="here")
    with reading() as session:
        row = session.exec(select(StaffLink)).one()
        kept = f"{row.model_dump()} {[event.details for event in session.exec(select(AuditEvent)).all()]}"
        account = session.get_one(StaffAccount, clinic.staff["clinician"].id)
    assert token not in kept
    assert NEW not in kept + account.password_hash
    assert [row[0] for row in trail()] == ["staff.link_made", "password.set_by_link"]


@pytest.mark.parametrize("password", ["short", "P@ssw0rd1234", "clinician.a.example", "Clinic-A-2026!!"])
def test_an_easy_password_is_refused_and_the_link_stays(clinic: House, password: str) -> None:
    token = link(clinic)
    with pytest.raises(InvalidInput):
        act_links.choose_password(token, password, source="here")
    assert not is_over(token)


def test_only_administrators_hand_links_out(clinic: House) -> None:
    for role in ("safety_lead", "clinician", "front_desk"):
        with pytest.raises(NotAllowed):
            act_links.give_link(by=clinic.staff[role], staff_id=clinic.staff["clinician"].id or 0)
    assert trail() == []


def mails() -> list[OutboxMessage]:
    with reading() as session:
        return list(session.exec(select(OutboxMessage)).all())


@pytest.fixture
def by_mail(clinic: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPORTING_SMTP_HOST", "mail.a.example")
    monkeypatch.setenv("REPORTING_SMTP_FROM", "checkin@a.example")
    settings.cache_clear()


def test_where_mail_is_set_up_the_administrator_sees_no_link(clinic: House, by_mail: None) -> None:
    made = act_links.give_link(by=clinic.staff["administrator"], staff_id=clinic.staff["clinician"].id or 0)
    assert made.link == ""
    [mail] = mails()
    assert mail.staff_id == clinic.staff["clinician"].id
    assert "new-password" not in str(mail.payload)


def test_who_forgot_it_is_mailed_at_most_three_links_an_hour(
    clinic: House, by_mail: None, stopped_clock: datetime
) -> None:
    email = with_password(clinic, "clinician")
    for _ in range(5):
        act_links.forgotten(email=f" {email.upper()} ")
        act_links.forgotten(email="nobody@a.example")
        act_links.forgotten(email="\0")
    assert [mail.staff_id for mail in mails()] == [clinic.staff["clinician"].id] * 3
    with clock.fixed(stopped_clock + timedelta(hours=1, seconds=1)):
        act_links.forgotten(email=email)
    assert len(mails()) == 4


def test_without_mail_nobody_is_mailed(clinic: House) -> None:
    act_links.forgotten(email=with_password(clinic, "clinician"))
    assert mails() == []
    assert trail() == []


def test_the_command_prints_a_link_that_works(clinic: House) -> None:
    cli.all_commands(cli.app)
    email = with_password(clinic, "administrator")
    done = CliRunner().invoke(cli.app, ["staff", "reset-password", email])
    assert done.exit_code == 0
    token = done.stdout.strip().rpartition("/")[2]
    act_links.choose_password(token, NEW, source="here")
    sign_in(email=email, password=NEW, source="here")
    unknown = CliRunner().invoke(cli.app, ["staff", "reset-password", "nobody@a.example"])
    assert unknown.exit_code == 2
    assert "/new-password/" not in unknown.output


def test_one_changes_ones_own_password_and_stays(clinic: House) -> None:
    email = with_password(clinic, "clinician")
    here, there = (sign_in(email=email, password=PASSWORD, source="here").value for _ in range(2))
    token = link(clinic)
    act_password.change_password(by=actor_of(here), old=PASSWORD, new=NEW)
    assert not is_signed_out(here)
    assert is_signed_out(there)
    assert is_over(token)
    sign_in(email=email, password=NEW, source="here")
    who = clinic.staff["clinician"]
    assert trail("password.") == [("password.changed", who.label, str(who.id))]


@pytest.mark.parametrize(("old", "new"), [("not the password", NEW), (PASSWORD, PASSWORD), (PASSWORD, "P@ssw0rd1234")])
def test_a_refused_change_changes_nothing(clinic: House, old: str, new: str) -> None:
    email = with_password(clinic, "clinician")
    by = actor_of(sign_in(email=email, password=PASSWORD, source="here").value)
    with pytest.raises((InvalidInput, act_password.WrongPassword)):
        act_password.change_password(by=by, old=old, new=new)
    sign_in(email=email, password=PASSWORD, source="here")


def test_the_old_password_is_not_guessed_at_an_open_screen(clinic: House) -> None:
    email = with_password(clinic, "clinician")
    by = actor_of(sign_in(email=email, password=PASSWORD, source="here").value)
    answers: list[type[Problem]] = []
    for _ in range(6):
        with pytest.raises(Problem) as refused:
            act_password.change_password(by=by, old="not the password", new=NEW)
        answers.append(type(refused.value))
    assert answers == [act_password.WrongPassword] * 5 + [TooManyTries]
    sign_in(email=email, password=PASSWORD, source="here")


def test_patients_have_no_password(clinic: House) -> None:
    with pytest.raises(NotAllowed):
        act_password.change_password(by=clinic.patient, old=PASSWORD, new=NEW)
