"""Sessions end by themselves, by hand, and at once when the account or the link behind them changes."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from reporting import clock
from reporting.clinic import act_staff
from reporting.domain.actors import Actor
from reporting.errors import SignInNeeded
from reporting.records.engine import reading
from reporting.records.tables import SignInSession
from reporting.settings import settings
from reporting.shell import act_sessions
from reporting.shell.act_sessions import sign_in
from reporting.treatments import act_invitations
from tests.accounts import PASSWORD, trail, with_password
from tests.cast import House, house


def signed_in(clinic: House) -> str:
    return sign_in(email=with_password(clinic, "clinician"), password=PASSWORD, source="here").value


def is_over(secret: str | None, moment: datetime | None = None) -> bool:
    try:
        with clock.fixed(moment or clock.now()):
            act_sessions.actor_of(secret)
    except SignInNeeded:
        return True
    return False


@pytest.mark.parametrize("secret", [None, "", "made up", "é" * 22, "a" * 5000])
def test_a_cookie_that_we_did_not_make_is_nobody(clinic: House, secret: str | None) -> None:
    assert is_over(secret)


def test_one_changed_letter_is_nobody(clinic: House) -> None:
    secret = signed_in(clinic)
    assert not is_over(secret)
    assert is_over(secret[:-2] + ("A" if secret[-2] != "A" else "B") + secret[-1])


def test_fifteen_idle_minutes_end_it(clinic: House, stopped_clock: datetime) -> None:
    secret = signed_in(clinic)
    assert is_over(secret, stopped_clock + timedelta(minutes=15, seconds=1))
    assert not is_over(secret, stopped_clock + timedelta(minutes=15))


def test_one_last_seen_in_the_future_is_over(clinic: House, stopped_clock: datetime) -> None:
    """The clock was put back: it would not be idle for as long as that."""
    secret = signed_in(clinic)
    assert is_over(secret, stopped_clock - timedelta(days=400))
    assert not is_over(secret, stopped_clock - timedelta(seconds=30))


def test_use_keeps_it_open_but_never_past_twelve_hours(clinic: House, stopped_clock: datetime) -> None:
    secret = signed_in(clinic)
    for minutes in range(10, 12 * 60, 10):
        assert not is_over(secret, stopped_clock + timedelta(minutes=minutes))
    assert not is_over(secret, stopped_clock + timedelta(hours=12, seconds=-1))
    assert is_over(secret, stopped_clock + timedelta(hours=12))


def test_a_page_that_refreshes_by_itself_keeps_nothing_open(clinic: House, stopped_clock: datetime) -> None:
    secret = signed_in(clinic)
    for minutes in range(15):
        with clock.fixed(stopped_clock + timedelta(minutes=minutes)):
            act_sessions.actor_of(secret, by_hand=False)
    assert is_over(secret, stopped_clock + timedelta(minutes=15, seconds=1))


def test_looking_again_within_a_minute_writes_nothing(clinic: House, stopped_clock: datetime) -> None:
    secret = signed_in(clinic)
    for seconds, expected in ((59, 0), (61, 61)):
        with clock.fixed(stopped_clock + timedelta(seconds=seconds)):
            act_sessions.actor_of(secret)
        with reading() as session:
            row = session.exec(select(SignInSession)).one()
        assert row.last_seen_at == stopped_clock + timedelta(seconds=expected)


def test_sign_out_ends_it_on_the_server(clinic: House) -> None:
    secret, elsewhere = signed_in(clinic), signed_in(clinic)
    by = act_sessions.actor_of(secret)
    act_sessions.end(by)
    act_sessions.end(by)
    assert is_over(secret)
    assert not is_over(elsewhere)
    assert trail("session.") == [("session.ended", by.label, str(by.session_id))]


@pytest.mark.parametrize("change", [{"is_active": False}, {"role": "front_desk"}])
def test_a_change_of_the_account_ends_all_of_its_sessions(clinic: House, change: dict[str, object]) -> None:
    secrets, by = [signed_in(clinic), signed_in(clinic)], clinic.staff["administrator"]
    mine = sign_in(email=with_password(clinic, "administrator"), password=PASSWORD, source="here").value
    act_staff.change_staff(by=by, staff_id=clinic.staff["clinician"].id or 0, **change)  # type: ignore[arg-type]
    assert all(is_over(secret) for secret in secrets)
    assert not is_over(mine)


def opened_link(clinic: House) -> tuple[act_invitations.IssuedInvitation, str]:
    made = act_invitations.issue_invitation(by=clinic.staff["clinician"], treatment_id=clinic.treatment_id)
    return made, act_invitations.open_link(made.token).value


def test_a_patients_session_is_bound_to_one_treatment(clinic: House) -> None:
    _, secret = opened_link(clinic)
    actor = act_sessions.actor_of(secret)
    assert actor == Actor(
        kind="patient",
        id=clinic.patient_id,
        clinic_id=clinic.clinic_id,
        label=f"patient {clinic.patient_id}",
        strength="link",
        treatment_id=clinic.treatment_id,
        session_id=actor.session_id,
    )


def test_a_patient_is_not_hurried_but_the_day_ends_it(clinic: House, stopped_clock: datetime) -> None:
    _, secret = opened_link(clinic)
    assert not is_over(secret, stopped_clock + timedelta(hours=23))
    assert is_over(secret, stopped_clock + timedelta(hours=24))


def test_a_session_begun_while_its_link_was_replaced_is_over(clinic: House, monkeypatch: pytest.MonkeyPatch) -> None:
    made, _ = opened_link(clinic)
    open_ = act_invitations._open

    def replaced_meanwhile(*found: object) -> object:
        act_invitations.issue_invitation(by=clinic.staff["clinician"], treatment_id=clinic.treatment_id)
        return open_(*found)  # type: ignore[arg-type]

    monkeypatch.setattr(act_invitations, "_open", replaced_meanwhile)
    assert is_over(act_invitations.open_link(made.token).value)


def test_no_secret_reaches_the_disk(sqlite_database: str, stopped_clock: datetime) -> None:
    clinic = house("A")
    made, from_link = opened_link(clinic)
    from_code = act_invitations.open_code(code=made.code, year_of_birth="1980", source="here").value
    secrets = [made.token, made.code, made.code.replace("-", ""), from_link, from_code, signed_in(clinic), PASSWORD]
    folder: Path = settings().data_dir
    written = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert b"sign_in_session" in written
    assert [secret for secret in secrets if secret.encode() in written] == []
