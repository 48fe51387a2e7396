"""The second factor of staff: set up once, asked for every time, never the same code twice, and nobody locked out."""

from datetime import datetime, timedelta

import pyotp
import pytest
from sqlmodel import select
from typer.testing import CliRunner

from reporting import clock
from reporting.accounts import act_factor, act_links
from reporting.accounts.act_factor import FactorNotRight, asked, set_up, show
from reporting.accounts.read_account import own_account
from reporting.app import cli
from reporting.errors import Conflict, InvalidInput, NotAllowed, NotFound, SignInNeeded, TooManyTries
from reporting.records.engine import reading
from reporting.records.tables import AuditEvent, RecoveryCode, StaffAccount
from reporting.shell.act_sessions import actor_of, is_half, sign_in
from tests.accounts import PASSWORD, together, trail, with_password
from tests.cast import House, house

pytestmark = pytest.mark.sqlite_first
STEP = timedelta(seconds=30)


class Telephone:
    """Somebody who set a second factor up, with what only they have."""

    def __init__(self, clinic: House, role: str = "clinician") -> None:
        self.email, self.id = with_password(clinic, role), clinic.staff[role].id or 0  # type: ignore[arg-type, index]
        half = self.half()
        offered = asked(half).setup
        assert offered is not None
        self.secret = offered[0]
        self.cookie, self.codes = set_up(half, self.shows(), source="here")

    def half(self, source: str = "here") -> str:
        return sign_in(email=self.email, password=PASSWORD, source=source).value

    def shows(self) -> str:
        return pyotp.TOTP(self.secret).at(clock.now())


@pytest.fixture
def needed(clinic: House) -> House:
    act_factor.require_of(by=clinic.staff["administrator"], roles=["clinician"])
    return clinic


def is_out(secret: str) -> bool:
    try:
        actor_of(secret)
    except SignInNeeded:
        return True
    return False


def test_where_the_role_needs_one_the_password_alone_opens_nothing(needed: House) -> None:
    half = sign_in(email=with_password(needed, "clinician"), password=PASSWORD, source="here").value
    assert is_half(half)
    assert is_out(half)
    other = sign_in(email=with_password(needed, "front_desk"), password=PASSWORD, source="here").value
    assert not is_half(other)
    assert not is_out(other)


def test_it_is_set_up_at_the_next_sign_in(needed: House) -> None:
    somebody = Telephone(needed)
    actor = actor_of(somebody.cookie.value)
    assert actor.id == somebody.id
    assert somebody.cookie.max_age_s == 12 * 3600
    assert len(set(somebody.codes)) == 8
    assert own_account(actor).recovery_codes_left == 8
    assert [row[0] for row in trail("second_factor.", "sign_in.")] == [
        "sign_in.password_right",
        "second_factor.set_up",
        "sign_in.succeeded",
    ]


def test_half_a_session_ends_after_ten_minutes(needed: House, stopped_clock: datetime) -> None:
    somebody = Telephone(needed)
    half = somebody.half()
    with clock.fixed(stopped_clock + timedelta(minutes=10)), pytest.raises(SignInNeeded):
        show(half, somebody.shows(), source="here")


def test_a_code_lets_in_and_the_secret_of_the_cookie_changes(needed: House, stopped_clock: datetime) -> None:
    somebody = Telephone(needed)
    with clock.fixed(stopped_clock + STEP):
        half = somebody.half()
        whole = show(half, somebody.shows(), source="here").value
        assert actor_of(whole).id == somebody.id
        with pytest.raises(SignInNeeded):
            asked(half)


def test_no_code_is_taken_twice(needed: House, stopped_clock: datetime) -> None:
    somebody = Telephone(needed)
    with pytest.raises(FactorNotRight):
        show(somebody.half(), somebody.shows(), source="here")  # the one that set it up
    with clock.fixed(stopped_clock + STEP):
        halves = [somebody.half() for _ in range(2)]
        made = together(*[lambda half=half: show(half, somebody.shows(), source="here") for half in halves])
        assert sorted(type(outcome).__name__ for outcome in made) == ["Cookie", "FactorNotRight"]


@pytest.mark.parametrize(("steps", "works"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_clock_may_be_half_a_minute_off(needed: House, stopped_clock: datetime, steps: int, works: bool) -> None:
    somebody = Telephone(needed)
    later = stopped_clock + 10 * STEP
    with clock.fixed(later):
        half, code = somebody.half(), pyotp.TOTP(somebody.secret).at(later + steps * STEP)
        if works:
            show(half, code, source="here")
        else:
            with pytest.raises(FactorNotRight):
                show(half, code, source="here")


def test_a_recovery_code_lets_in_once(needed: House) -> None:
    somebody = Telephone(needed)
    show(somebody.half(), f" {somebody.codes[0].lower()} ", source="here")
    with pytest.raises(FactorNotRight):
        show(somebody.half(), somebody.codes[0], source="here")
    show(somebody.half(), somebody.codes[1], source="here")
    assert own_account(actor_of(somebody.cookie.value)).recovery_codes_left == 6


def test_nothing_that_opens_is_kept_as_it_is(needed: House) -> None:
    somebody = Telephone(needed)
    with reading() as session:
        kept = str([row.model_dump() for row in session.exec(select(StaffAccount)).all()])
        kept += str([row.model_dump() for row in session.exec(select(RecoveryCode)).all()])
        kept += str([event.details for event in session.exec(select(AuditEvent)).all()])
    for secret in (somebody.secret, *somebody.codes, *(code.replace("-", "") for code in somebody.codes)):
        assert secret not in kept


def test_five_wrong_codes_stop_that_source_and_nobody_else(needed: House, stopped_clock: datetime) -> None:
    somebody = Telephone(needed)
    half = somebody.half("guesser")
    for _ in range(5):
        with pytest.raises(FactorNotRight):
            show(half, "000000", source="guesser")
    with clock.fixed(stopped_clock + STEP):
        with pytest.raises(TooManyTries):
            show(half, somebody.shows(), source="guesser")
        show(somebody.half(), somebody.shows(), source="here")


def test_guesses_at_the_same_moment_are_all_counted(needed: House) -> None:
    half = Telephone(needed).half()
    found = together(*[lambda: show(half, "000000", source="here")] * 8)
    assert sorted(type(one).__name__ for one in found) == ["FactorNotRight"] * 5 + ["TooManyTries"] * 3


def test_who_set_one_up_is_asked_also_where_no_role_needs_it(needed: House) -> None:
    somebody = Telephone(needed)
    act_factor.require_of(by=needed.staff["administrator"], roles=[])
    assert is_half(somebody.half())


def test_a_wrong_first_code_sets_nothing_up(needed: House) -> None:
    half = sign_in(email=with_password(needed, "clinician"), password=PASSWORD, source="here").value
    with pytest.raises(FactorNotRight):
        set_up(half, "000000", source="here")
    assert asked(half).setup is not None
    with pytest.raises(FactorNotRight):
        show(half, "", source="here")


def test_half_a_session_sets_up_no_second_one(needed: House, stopped_clock: datetime) -> None:
    """Who learned the password alone must not put their own telephone in place of the owner's."""
    somebody = Telephone(needed)
    half = somebody.half()
    assert asked(half).setup is None
    with pytest.raises(Conflict):
        set_up(half, "000000", source="here")


def test_a_new_password_by_link_leaves_the_second_factor(needed: House) -> None:
    somebody = Telephone(needed)
    made = act_links.give_link(by=needed.staff["administrator"], staff_id=somebody.id)
    act_links.choose_password(made.link.rpartition("/")[2], PASSWORD, source="here")
    assert is_half(somebody.half())


def test_an_administrator_resets_it(needed: House) -> None:
    somebody = Telephone(needed)
    by = needed.staff["administrator"]
    act_factor.reset_factor(by=by, staff_id=somebody.id)
    assert is_out(somebody.cookie.value)
    half = somebody.half()
    with pytest.raises(FactorNotRight):
        show(half, somebody.codes[0], source="here")
    assert asked(half).setup is not None
    assert trail("second_factor.reset") == [("second_factor.reset", by.label, str(somebody.id))]


def test_nobody_else_resets_it(needed: House) -> None:
    somebody = Telephone(needed)
    with pytest.raises(NotAllowed):
        act_factor.reset_factor(by=needed.staff["safety_lead"], staff_id=somebody.id)
    with pytest.raises(NotFound):
        act_factor.reset_factor(by=house("B").staff["administrator"], staff_id=somebody.id)
    assert not is_out(somebody.cookie.value)


def test_the_command_resets_it_too(needed: House) -> None:
    cli.all_commands(cli.app)
    somebody = Telephone(needed)
    assert CliRunner().invoke(cli.app, ["staff", "reset-second-factor", somebody.email]).exit_code == 0
    assert asked(somebody.half()).setup is not None
    assert CliRunner().invoke(cli.app, ["staff", "reset-second-factor", "nobody@a.example"]).exit_code == 2


def test_only_administrators_say_who_needs_it(clinic: House) -> None:
    by = clinic.staff["administrator"]
    assert act_factor.require_of(by=by, roles=["front_desk", "administrator"])
    assert not act_factor.require_of(by=by, roles=["administrator", "front_desk"])
    with pytest.raises(InvalidInput):
        act_factor.require_of(by=by, roles=["owner"])
    with pytest.raises(NotAllowed):
        act_factor.require_of(by=clinic.staff["safety_lead"], roles=[])
    assert [row[0] for row in trail()] == ["clinic.second_factor"]


@pytest.mark.parametrize("secret", [None, "", "made up"])
def test_nobody_in_particular_is_asked_nothing(clinic: House, secret: str | None) -> None:
    with pytest.raises(SignInNeeded):
        asked(secret)
