"""The second factor: it raises the session it is shown to, once, and slows down whoever guesses."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import delete, select

from reporting import clock
from reporting.domain.actors import Actor
from reporting.errors import InvalidInput, LinkNotValid, NotAllowed, Problem, SignInNeeded, TooManyTries
from reporting.messages import act_outbox
from reporting.notify.email import Email
from reporting.records.engine import reading, transaction
from reporting.records.tables import Clinic, Invitation, OneTimeCode, OutboxMessage, Patient, Throttle
from reporting.security.encryption import decrypt, encrypt
from reporting.shell import act_second_factor
from reporting.shell.act_second_factor import (
    CodeNotRight,
    send_code,
    unlock_page,
    unlock_with_card,
    unlock_with_email_code,
)
from reporting.shell.act_sessions import Cookie, actor_of
from reporting.treatments import act_invitations
from tests.accounts import together, trail
from tests.cast import House, house

pytestmark = pytest.mark.sqlite_first

EMAIL = "demo.patient.0001@mail.example"


def chooses(clinic: House, factor: str, email: str | None = EMAIL) -> None:
    with transaction() as session:
        session.get_one(Clinic, clinic.clinic_id).second_factor = factor
        session.get_one(Patient, clinic.patient_id).email_encrypted = encrypt(email) if email else None


@pytest.fixture
def by_mail(clinic: House) -> House:
    chooses(clinic, "email")
    return clinic


class Browser:
    """A patient's browser that came by the link."""

    def __init__(self, clinic: House, made: act_invitations.IssuedInvitation | None = None) -> None:
        self.made = made or act_invitations.issue_invitation(
            by=clinic.staff["clinician"], treatment_id=clinic.treatment_id
        )
        self.cookie = act_invitations.open_link(self.made.token).value
        self.source = "here"

    @property
    def actor(self) -> Actor:
        return actor_of(self.cookie)

    def asks(self, language: str = "en") -> str:
        """Ask for a code and read it in the e-mail."""
        send_code(by=self.actor, source=self.source, language=language)
        return code_in(messages()[-1])

    def types(self, code: str) -> Cookie:
        return unlock_with_email_code(by=self.actor, code=code, source=self.source)

    def shows_card(self, code: str, year: str = "1980") -> Cookie:
        return unlock_with_card(by=self.actor, code=code, year_of_birth=year, source=self.source)


def messages() -> list[OutboxMessage]:
    with reading() as session:
        return list(session.exec(select(OutboxMessage).order_by(OutboxMessage.id)).all())  # type: ignore[arg-type]


def code_in(message: OutboxMessage) -> str:
    found = re.search(r"\d{6}", decrypt(message.payload["body_encrypted"]))
    assert found is not None
    return found.group()


def other_than(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


def test_the_link_alone_is_weak_and_the_card_raises_it(clinic: House) -> None:
    phone = Browser(clinic)
    assert phone.actor.strength == "link"
    assert unlock_page(phone.actor) == act_second_factor.Unlock("code", "", False)
    cookie = phone.shows_card(phone.made.code.lower().replace("-", " "), " 1980 ")
    assert actor_of(cookie.value).strength == "full"
    assert [row[0] for row in trail("unlock.")] == ["unlock.opened"]


def test_the_secret_changes_with_the_strength(clinic: House) -> None:
    phone = Browser(clinic)
    before, key = phone.cookie, phone.actor.session_id
    cookie = phone.shows_card(phone.made.code)
    assert cookie.value != before
    with pytest.raises(SignInNeeded):
        actor_of(before)
    assert actor_of(cookie.value).session_id == key
    assert cookie.max_age_s == 24 * 3600


def test_another_cards_code_and_another_year_raise_nothing(clinic: House) -> None:
    phone, other = Browser(clinic), Browser(house("B"))
    for code, year in ((other.made.code, "1980"), (phone.made.code, "1981"), ("", "1980"), ("2222-2222", "1980")):
        with pytest.raises(CodeNotRight) as refused:
            phone.shows_card(code, year)
        assert (refused.value.message, refused.value.status) == (CodeNotRight.message, 422)
    assert phone.actor.strength == "link"
    assert [row[0] for row in trail("unlock.")] == ["unlock.refused"] * 4


def test_a_replaced_card_raises_nothing_and_its_session_is_over(clinic: House) -> None:
    phone = Browser(clinic)
    newer = Browser(clinic)
    with pytest.raises(SignInNeeded):
        phone.shows_card(phone.made.code)
    with pytest.raises(LinkNotValid):
        act_invitations.open_link(phone.made.token)
    newer.shows_card(newer.made.code)


def test_a_patient_whose_year_is_not_known_cannot_use_the_card(clinic: House) -> None:
    phone = Browser(clinic)
    with transaction() as session:
        session.get_one(Patient, clinic.patient_id).year_of_birth = None
    with pytest.raises(CodeNotRight):
        phone.shows_card(phone.made.code, "0000")


@pytest.mark.parametrize("year", ["", "80", "19800", "198O", "²²²²"])
def test_a_year_that_is_none_is_named_and_does_not_count(clinic: House, year: str) -> None:
    phone = Browser(clinic)
    for _ in range(6):
        with pytest.raises(InvalidInput):
            phone.shows_card(phone.made.code, year)
    phone.shows_card(phone.made.code)


def test_a_code_comes_by_mail_and_lies_nowhere_in_clear(by_mail: House) -> None:
    phone = Browser(by_mail)
    assert unlock_page(phone.actor) == act_second_factor.Unlock("email", "d…@mail.example", False)
    code = phone.asks()
    (message,) = messages()
    assert (message.channel, message.kind, message.status) == ("email", "second_factor_code", "waiting")
    assert set(message.payload) == {"to_encrypted", "subject", "body_encrypted", "language"}
    assert decrypt(message.payload["to_encrypted"]) == EMAIL
    with reading() as session:
        (row,) = session.exec(select(OneTimeCode)).all()
    for text in (str(message.payload), row.code_hash, str(trail())):
        assert code not in text
        assert EMAIL not in text
    assert unlock_page(phone.actor).sent
    assert phone.actor.strength == "link"
    assert actor_of(phone.types(f" {code[:3]}-{code[3:]} ").value).strength == "full"


def test_the_sender_makes_a_mail_of_it_and_none_when_it_is_too_late(by_mail: House, stopped_clock: datetime) -> None:
    code = Browser(by_mail).asks("ar")
    with reading() as session:
        row = session.exec(select(OutboxMessage)).one()
        mail = act_outbox.message(session, row, clock.now())
        late = act_outbox.message(session, row, clock.now() + timedelta(minutes=10))
    assert isinstance(mail, Email)
    assert (mail.to, mail.language) == (EMAIL, "ar")
    assert code in mail.text
    assert isinstance(late, act_outbox.Held)


def test_the_mail_is_in_the_patients_language(by_mail: House) -> None:
    Browser(by_mail).asks("es")
    assert messages()[0].payload["subject"] != ""


def test_a_code_works_once(by_mail: House) -> None:
    phone = Browser(by_mail)
    code = phone.asks()
    phone.cookie = phone.types(code).value
    with pytest.raises(CodeNotRight):
        phone.types(code)


def test_ten_posts_of_one_code_at_once_use_it_once(by_mail: House) -> None:
    phone = Browser(by_mail)
    code, actor = phone.asks(), phone.actor
    found = together(*[partial(unlock_with_email_code, by=actor, code=code, source="here")] * 10)
    names = sorted(type(one).__name__ for one in found)
    assert names == ["CodeNotRight"] * 5 + ["Cookie"] + ["TooManyTries"] * 4
    cookies = [one for one in found if isinstance(one, Cookie)]
    assert actor_of(cookies[0].value).strength == "full"


def test_ten_guesses_at_once_are_five(by_mail: House) -> None:
    phone = Browser(by_mail)
    wrong, actor = other_than(phone.asks()), phone.actor
    found = together(*[lambda: unlock_with_email_code(by=actor, code=wrong, source="here") for _ in range(10)])
    assert sorted(type(one).__name__ for one in found) == ["CodeNotRight"] * 5 + ["TooManyTries"] * 5


def test_ten_guesses_of_the_card_at_once_are_five(clinic: House) -> None:
    phone = Browser(clinic)
    actor = phone.actor
    found = together(
        *[lambda: unlock_with_card(by=actor, code="2222-2222", year_of_birth="1980", source="here") for _ in range(10)]
    )
    assert sorted(type(one).__name__ for one in found) == ["CodeNotRight"] * 5 + ["TooManyTries"] * 5


@pytest.mark.parametrize(("seconds", "works"), [(0, True), (599, True), (600, False), (3600, False)])
def test_it_works_for_ten_minutes(by_mail: House, stopped_clock: datetime, seconds: int, works: bool) -> None:
    phone = Browser(by_mail)
    code = phone.asks()
    with clock.fixed(stopped_clock + timedelta(seconds=seconds)):
        if works:
            phone.types(code)
            return
        with pytest.raises(CodeNotRight):
            phone.types(code)
        assert not unlock_page(phone.actor).sent


def test_a_new_one_ends_the_one_before(by_mail: House) -> None:
    phone = Browser(by_mail)
    first = phone.asks()
    second = phone.asks()
    assert [message.status for message in messages()] == ["cancelled", "waiting"]
    assert messages()[0].payload == {}
    if first != second:
        with pytest.raises(CodeNotRight):
            phone.types(first)
    phone.types(second)


def test_asked_from_another_phone_it_ends_too_and_fits_only_there(by_mail: House) -> None:
    phone = Browser(by_mail)
    tablet = Browser(by_mail, phone.made)
    of_phone = phone.asks()
    of_tablet = tablet.asks()
    for browser, code in ((phone, of_phone), (phone, of_tablet)):
        with pytest.raises(CodeNotRight):
            browser.types(code)
    tablet.types(of_tablet)


def test_five_wrong_ones_lock_for_fifteen_minutes(by_mail: House, stopped_clock: datetime) -> None:
    phone = Browser(by_mail)
    code = phone.asks()
    for number in range(5):
        phone.source = f"source {number}"
        with pytest.raises(CodeNotRight):
            phone.types(other_than(code))
    phone.source = "fresh"
    for step in (lambda: phone.types(code), phone.asks):
        with pytest.raises(TooManyTries):
            step()
    with clock.fixed(stopped_clock + timedelta(minutes=15)):
        phone.types(phone.asks())


def test_three_can_be_asked_for_in_fifteen_minutes(by_mail: House, stopped_clock: datetime) -> None:
    phone = Browser(by_mail)
    for _ in range(3):
        phone.asks()
    with pytest.raises(TooManyTries):
        phone.asks()
    assert len(messages()) == 3
    with clock.fixed(stopped_clock + timedelta(minutes=15)):
        phone.asks()


def test_together_ten_that_ask_get_three(by_mail: House) -> None:
    actor = Browser(by_mail).actor
    found = together(*[lambda: send_code(by=actor, source="here") for _ in range(10)])
    assert sum(one is None for one in found) == 3
    assert [message.status for message in messages()].count("waiting") == 1


def test_without_an_address_the_card_is_asked_for(clinic: House) -> None:
    chooses(clinic, "email", email=None)
    phone = Browser(clinic)
    assert unlock_page(phone.actor).factor == "code"
    with pytest.raises(InvalidInput):
        phone.asks()
    phone.shows_card(phone.made.code)


def test_where_a_mail_is_asked_for_the_card_opens_no_history(by_mail: House) -> None:
    phone = Browser(by_mail)
    typed = act_invitations.open_code(code=phone.made.code, year_of_birth="1980", source="here").value
    assert actor_of(typed).strength == "link"
    with pytest.raises(CodeNotRight):
        phone.shows_card(phone.made.code)


def test_staff_and_strangers_have_nothing_to_unlock(clinic: House) -> None:
    with pytest.raises(NotAllowed):
        unlock_page(clinic.staff["clinician"])
    with pytest.raises(SignInNeeded):
        unlock_page(clinic.patient)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.sampled_from(["guess", "guess", "ask", "wait", "move"]), min_size=1, max_size=40))
def test_no_order_of_steps_gives_more_than_five_guesses_at_a_code(
    sqlite_database: str, stopped_clock: datetime, steps: list[str]
) -> None:
    clinic = _once()
    phone, moment, guesses = Browser(clinic), stopped_clock, list[datetime]()
    for number, step in enumerate(steps):
        with clock.fixed(moment):
            if step == "guess" and _outcome(partial(phone.types, "not the code")) is CodeNotRight:
                guesses.append(moment)
            elif step == "ask":
                _outcome(partial(send_code, by=phone.actor, source=phone.source))
            elif step == "move":
                phone.source = f"source {number}"
        moment += timedelta(minutes=4) if step == "wait" else timedelta(seconds=1)
    with reading() as session:
        assert all(row.tries <= 5 for row in session.exec(select(OneTimeCode)).all())
    for start in guesses:
        assert sum(start <= other < start + timedelta(minutes=15) for other in guesses) < 2 * 5
    assert phone.actor.strength == "link"


def _once() -> House:
    """The clinic of this database, made by the first example; later ones find no code and no lock."""
    with transaction() as session:
        for table in (OneTimeCode, Throttle):
            session.execute(delete(table))
        made = session.exec(select(Invitation)).first() is not None
    if not made:
        _CAST["house"] = house("A")
        chooses(_CAST["house"], "email")
    return _CAST["house"]


_CAST: dict[str, House] = {}


def _outcome(step: Callable[[], object]) -> type:
    try:
        step()
    except Problem as problem:
        return type(problem)
    return type(None)
