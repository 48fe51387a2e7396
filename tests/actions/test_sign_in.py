"""Staff sign-in: one answer whatever was wrong, and a brake that holds back only the one who guesses."""

import statistics
import time
from datetime import datetime, timedelta

import pytest
from sqlmodel import select

from reporting import clock
from reporting.accounts import act_links
from reporting.errors import Problem, TooManyTries
from reporting.records import access
from reporting.records.engine import reading, transaction
from reporting.records.tables import SignInSession, StaffAccount, Throttle
from reporting.shell import act_sessions
from reporting.shell.act_sessions import WrongSignIn, actor_of, sign_in
from tests.accounts import PASSWORD, together, trail, with_password
from tests.cast import House

pytestmark = pytest.mark.sqlite_first


def wrong(email: str, source: str = "here", password: str = "not the password") -> Problem:
    with pytest.raises(Problem) as refused:
        sign_in(email=email, password=password, source=source)
    return refused.value


def test_the_right_password_signs_in(clinic: House) -> None:
    email = with_password(clinic, "clinician")
    cookie = sign_in(email=f"  {email.upper()} ", password=PASSWORD, source="here")
    actor, expected = actor_of(cookie.value), clinic.staff["clinician"]
    assert (actor.id, actor.clinic_id, actor.role, actor.kind) == (expected.id, clinic.clinic_id, "clinician", "staff")
    assert cookie.max_age_s == 12 * 3600
    assert trail() == [("sign_in.succeeded", expected.label, str(expected.id))]


def test_each_sign_in_has_a_secret_of_its_own_and_none_is_stored(clinic: House) -> None:
    email = with_password(clinic, "clinician")
    made = [sign_in(email=email, password=PASSWORD, source="here").value for _ in range(2)]
    assert made[0] != made[1]
    with reading() as session:
        stored = session.exec(select(SignInSession)).all()
    assert len(stored) == 2
    assert not {row.token_hash for row in stored} & set(made)


def test_the_answer_is_the_same_whatever_was_wrong(clinic: House) -> None:
    email, off = with_password(clinic, "clinician"), with_password(clinic, "front_desk")
    with transaction() as session:
        account = session.get(StaffAccount, clinic.staff["front_desk"].id)
        assert account is not None
        account.is_active = False
    answers = [
        wrong(email),
        wrong("nobody@a.example"),
        wrong(off, password=PASSWORD),
        wrong("a\0b@a.example", source="elsewhere"),
    ]
    assert {type(answer) for answer in answers} == {WrongSignIn}
    assert len({(answer.message, answer.what_to_do, answer.status) for answer in answers}) == 1
    assert [row[0] for row in trail()] == ["sign_in.failed"] * 4


def test_the_trail_names_no_address_of_strangers(clinic: House) -> None:
    wrong("somebody.else@mail.example")
    assert trail() == [("sign_in.failed", "system", "unknown")]


def test_five_wrong_ones_lock_that_account_for_that_source_alone(clinic: House, stopped_clock: datetime) -> None:
    email, other = with_password(clinic, "clinician"), with_password(clinic, "safety_lead")
    for _ in range(5):
        assert isinstance(wrong(email, source="guesser"), WrongSignIn)
    assert isinstance(wrong(email, source="guesser", password=PASSWORD), TooManyTries)
    sign_in(email=email, password=PASSWORD, source="its owner")
    sign_in(email=other, password=PASSWORD, source="guesser")
    with clock.fixed(stopped_clock + timedelta(minutes=14, seconds=59)):
        assert isinstance(wrong(email, source="guesser", password=PASSWORD), TooManyTries)
    with clock.fixed(stopped_clock + timedelta(minutes=15)):
        sign_in(email=email, password=PASSWORD, source="guesser")


def test_an_address_without_an_account_is_locked_alike(clinic: House) -> None:
    answers = [type(wrong("nobody@a.example", source="guesser")) for _ in range(6)]
    assert answers == [WrongSignIn] * 5 + [TooManyTries]


def test_many_sources_that_guess_lock_nobody_out_and_get_one_guess_each(clinic: House) -> None:
    email = with_password(clinic, "clinician")
    for number in range(25):
        assert isinstance(wrong(email, source=f"bot {number}"), WrongSignIn)
    assert isinstance(wrong(email, source="bot 3", password=PASSWORD), TooManyTries)
    sign_in(email=email, password=PASSWORD, source="its owner")


def test_many_failures_on_other_accounts_lock_no_colleague_behind_the_same_address(clinic: House) -> None:
    email = with_password(clinic, "clinician")
    for number in range(access.MOST_ON_ACCOUNT + 2):
        wrong(f"guess{number}@a.example", source="the ward")
    sign_in(email=email, password=PASSWORD, source="the ward")
    assert act_sessions.slowness_s("sign-in", "the ward") == access.SLOWEST_S
    assert act_sessions.slowness_s("sign-in", "elsewhere") == 0
    assert len(trail("sign_in.failed")) == access.MOST_ON_ACCOUNT


def test_a_source_is_slowed_down_more_and_more_and_never_long() -> None:
    assert [access.slowness_s(failed) for failed in (0, 4, 5, 6, 13, 14, 1000)] == [0, 0, 0.5, 1, 4.5, 5, 5]


def test_who_holds_the_mailed_link_is_let_in_where_everything_failed(clinic: House) -> None:
    email = with_password(clinic, "clinician")
    for _ in range(5):
        wrong(email, source="here")
    staff_id = clinic.staff["clinician"].id or 0
    token = act_links.give_link(by=clinic.staff["administrator"], staff_id=staff_id).link.rpartition("/")[2]
    act_links.choose_password(token, "new violet otter sings", source="here")
    sign_in(email=email, password="new violet otter sings", source="here")


def test_four_wrong_ones_then_the_right_one_start_anew(clinic: House) -> None:
    email = with_password(clinic, "clinician")
    for _ in range(2):
        for _ in range(4):
            wrong(email)
        sign_in(email=email, password=PASSWORD, source="here")


def test_wrong_ones_long_ago_do_not_count(clinic: House, stopped_clock: datetime) -> None:
    email = with_password(clinic, "clinician")
    for number in range(8):
        with clock.fixed(stopped_clock + timedelta(minutes=16 * number)):
            assert isinstance(wrong(email), WrongSignIn)


def test_guesses_at_the_same_moment_are_all_counted(clinic: House) -> None:
    email = with_password(clinic, "clinician")
    guesses = [lambda: sign_in(email=email, password="not the password", source="guesser")] * 12
    answers = together(*guesses)
    assert {type(answer) for answer in answers} <= {WrongSignIn, TooManyTries}
    refused = sum(isinstance(answer, WrongSignIn) for answer in answers)
    with reading() as session:
        assert [row.failures for row in session.exec(select(Throttle)).all()] == [refused] * 3


def test_a_guess_that_fits_is_refused_when_the_lock_came_meanwhile(
    clinic: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    from reporting.shell import act_sessions as module

    email, check = with_password(clinic, "clinician"), module.verify_password

    def others_are_faster(stored: str | None, password: str) -> bool:
        monkeypatch.setattr(module, "verify_password", check)
        for _ in range(5):
            wrong(email, source="one of many")
        return check(stored, password)

    monkeypatch.setattr(module, "verify_password", others_are_faster)
    assert isinstance(wrong(email, source="one of many", password=PASSWORD), TooManyTries)


def test_the_time_tells_nothing(sqlite_database: str) -> None:
    from reporting.security.passwords import hash_password, verify_password

    stored = hash_password(PASSWORD)

    def took(stored: str | None) -> float:
        began = time.thread_time()
        verify_password(stored, "not the password")
        return time.thread_time() - began

    known, unknown = ([took(given) for _ in range(9)] for given in (stored, None))
    assert statistics.median(unknown) > 0.5 * statistics.median(known)
    assert statistics.median(known) > 0.5 * statistics.median(unknown)
