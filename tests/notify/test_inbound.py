"""Texts that come in: STOP works at once and is confirmed once, START undoes it, whatever is delivered twice."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from reporting import clock
from reporting.messages import act_inbound
from reporting.messages.act_outbox import Sender
from reporting.records.engine import reading
from reporting.records.tables import Consent, InboundMessage
from reporting.settings import settings
from reporting.shell import act_consent
from reporting.treatments.act_reminders import plan_due, reminder_state, set_reminders
from tests.accounts import together, trail
from tests.notify.cast import Invited, invited, rows, statuses
from tests.sms_gateway import Gateway

pytestmark = pytest.mark.sqlite_first

NUMBER = "+447700900123"


@pytest.fixture
def one(database: str, stopped_clock: datetime, gateway: Gateway) -> Invited:
    return invited(email=False, sms=True)


def text(words: str, number: str = NUMBER, key: str = "") -> str | None:
    with reading() as session:
        count = len(session.execute(select(InboundMessage)).scalars().all())
    with clock.fixed(clock.now() + timedelta(minutes=1)):
        return act_inbound.receive(provider_id=key or f"SM-in-{count}", number=number, text=words)


def is_on(one: Invited) -> bool:
    return reminder_state(one.house.patient).sms.on


def replies(gateway: Gateway) -> list[str]:
    with clock.fixed(clock.now() + timedelta(minutes=2)), Sender() as sender:
        sender.run()
    return [request["Body"] for request in gateway.requests]


@pytest.mark.parametrize("word", ["STOP", "stopall", "Unsubscribe", "CANCEL", "end", "Quit", "alto", "توقف"])
def test_stop_works_at_once_and_is_confirmed_once(one: Invited, gateway: Gateway, word: str) -> None:
    assert plan_due() == {"sms": 1}
    assert text(word) == "stop"
    assert not is_on(one)
    assert statuses() == ["cancelled", "waiting"]
    assert text(word) == "stop"
    assert [body for body in replies(gateway) if "no more texts" in body] == [
        "Demo clinic A: you will get no more texts about check-ins. Your link still works. "
        "Reply START to get them again."
    ]
    assert len(gateway.requests) == 1
    assert plan_due() == {}
    with reading() as session:
        [row] = session.execute(select(Consent)).scalars()
    assert row.withdrawn_at is not None
    assert ("consent.withdrawn", f"patient {one.house.patient_id}", str(one.house.patient_id)) in trail()


def test_start_undoes_it(one: Invited, gateway: Gateway) -> None:
    text("STOP")
    assert text("START") == "start"
    assert is_on(one)
    with reading() as session:
        sources = [row.source for row in session.execute(select(Consent).order_by(Consent.id)).scalars()]
    assert sources == ["staff", "sms"]
    assert plan_due() == {"sms": 1}
    assert "you will get texts about your check-ins again" in " ".join(replies(gateway))


def test_start_alone_is_no_consent(database: str, stopped_clock: datetime, gateway: Gateway) -> None:
    one = invited(email=True, sms=True)
    with clock.fixed(clock.now() + timedelta(minutes=1)):
        set_reminders(by=one.house.patient, channel="sms", on=False)
    assert text("START") == "start"
    assert is_on(one)  # had agreed once
    two = invited("B", email=False, sms=False)
    set_reminders(
        by=two.house.staff["clinician"],
        patient_id=two.house.patient_id,
        channel="sms",
        on=False,
        address="+44 7700 900555",
    )
    act_consent.disagree(by=two.house.patient, kind="sms_reminders")
    assert text("START", "+447700900555") == "start"
    assert not is_on(two)


def test_a_message_delivered_twice_changes_nothing_twice(one: Invited, gateway: Gateway) -> None:
    assert text("STOP", key="SM1") == "stop"
    assert text("START", key="SM2") == "start"
    assert text("STOP", key="SM1") is None
    assert is_on(one)


def test_nor_does_one_delivered_twice_at_the_same_moment(one: Invited, gateway: Gateway) -> None:
    found = together(*([lambda: act_inbound.receive(provider_id="SM1", number=NUMBER, text="STOP")] * 4))
    assert sorted(map(str, found)) == ["None", "None", "None", "stop"]
    assert len(replies(gateway)) == 1


def test_help_and_what_nobody_should_text_get_the_number_to_call(one: Invited, gateway: Gateway) -> None:
    assert text("HELP") == "help"
    assert text("my face is burning") == "other"
    assert text("it is very bad") == "other"
    bodies = replies(gateway)
    assert len(bodies) == 2  # one answer a day to what nobody reads: two machines must not talk for ever
    assert all("+34 555 0100" in body for body in bodies)
    assert "nobody reads texts to this number" in bodies[1]
    assert is_on(one)


def test_the_words_of_a_patient_are_not_kept(one: Invited) -> None:
    text("my face is burning")
    with reading() as session:
        [row] = session.execute(select(InboundMessage)).scalars()
    assert row.word == "other"
    assert "7700900123" not in str(row.__dict__)
    assert "burning" not in str([one.__dict__ for one in rows()])


def test_one_number_at_two_clinics_stops_at_both(one: Invited, gateway: Gateway) -> None:
    two = invited("B", email=False, sms=True)
    text("STOP")
    assert not is_on(one)
    assert not is_on(two)


def test_a_stranger_gets_no_answer(one: Invited, gateway: Gateway) -> None:
    assert text("STOP", "+447700900777") is None
    assert text("STOP", "hidden") is None
    assert replies(gateway) == []
    assert is_on(one)


def test_where_the_gateway_answers_itself_we_do_not(
    one: Invited, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REPORTING_SMS_REPLIES", "false")
    settings.cache_clear()
    assert text("STOP") == "stop"
    assert not is_on(one)
    assert rows() == []
