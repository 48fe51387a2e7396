"""Urgent cases reach who is on call at once and once: next persons, failures, kills, and nothing about the patient."""

import signal
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from smtplib import SMTPAuthenticationError
from typing import Any

import pytest
from sqlalchemy import select

from reporting import clock
from reporting.cases import act_cases
from reporting.cases.read_worklist import worklist
from reporting.clinic.act_on_call import add_on_call, move_up_on_call, remove_on_call
from reporting.clinic.page_on_call import hours_of
from reporting.clinic.read_on_call import on_call_page
from reporting.domain.case_work import OnCall, on_duty
from reporting.domain.messages import fits
from reporting.errors import InvalidInput, NotAllowed, NotFound
from reporting.messages import act_escalation
from reporting.messages.act_escalation import tell_on_call
from reporting.messages.act_outbox import Sender
from reporting.records.engine import reading, transaction
from reporting.records.tables import CaseEvent, Clinic, TriageCase
from tests.accounts import together, trail
from tests.cast import House, house
from tests.forked import die, ended, forked
from tests.mail_server import MailServer
from tests.notify.cast import rows, statuses
from tests.reports import eyes_closing, send
from tests.sms_gateway import Gateway

FIRST, SECOND = "+447700900101", "+447700900102"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def clinic(database: str, stopped_clock: datetime) -> House:
    return house("A")


@pytest.fixture
def listed(clinic: House) -> House:
    """Two people who are always on duty: the first by text message and e-mail, the second by text message."""
    boss = clinic.staff["administrator"]
    add_on_call(by=boss, name="Dr First", telephone=FIRST, email="first@clinic.example", wait_minutes=10)
    add_on_call(by=boss, name="Dr Second", telephone=SECOND, wait_minutes=5)
    return clinic


def send_all() -> dict[str, int]:
    with Sender(draw=lambda: 0.5) as sender:
        return dict(sender.run())


def told() -> list[str]:
    """Names of those who were told, in the order of the steps."""
    with reading() as session:
        events = session.execute(select(CaseEvent).order_by(CaseEvent.id)).scalars()  # type: ignore[arg-type]
        return [event.details["name"] for event in events if event.kind == "on_call"]


def at(**span: float) -> datetime:
    return clock.now() + timedelta(**span)


def test_a_case_of_the_same_day_is_told_at_once_by_text_message_and_e_mail(
    listed: House, mail: MailServer, gateway: Gateway
) -> None:
    eyes_closing(listed)
    assert [(row.kind, row.channel, row.status) for row in rows()] == [
        ("case_notice", "sms", "waiting"),
        ("case_notice", "email", "waiting"),
    ]
    assert send_all() == {"sent": 2}
    [text] = gateway.requests
    assert text["To"] == FIRST
    words = f"{text} {mail.texts()} {mail.arrived[0]['Subject']}"
    assert "Same-day case: take it by 12:30" in words, "two hours after half past ten in Madrid"
    assert "/worklist" in words
    for secret in ("P-0001", "swelling", "eye", "Swelling"):
        assert secret not in words
    assert tell_on_call(clock.now()) == 0


def test_a_text_message_is_one_part(listed: House) -> None:
    with transaction() as session:
        session.get_one(Clinic, listed.clinic_id).message_name = "Praxis am Marktplatz in der langen Gasse"
    eyes_closing(listed)
    assert all(fits(row.payload["body"]) for row in rows() if row.channel == "sms")


def test_an_emergency_says_so_and_a_mild_report_tells_nobody(listed: House) -> None:
    send(listed, "mild", symptoms=["scarring"], severity_scarring="2")
    assert rows() == []
    send(listed, "bad", symptoms=["swelling", "swelling_breathing"], severity_swelling="2")
    assert all("EMERGENCY" in row.payload["body"] for row in rows())


def test_not_taken_after_the_minutes_the_next_person_is_told_and_then_the_first_again(listed: House) -> None:
    eyes_closing(listed)
    steps = [tell_on_call(at(minutes=minutes)) for minutes in (9.9, 10, 10.1, 14.9, 15, 24.9, 25)]
    assert steps == [0, 1, 0, 0, 1, 0, 1]
    assert told() == ["Dr First", "Dr Second", "Dr First", "Dr Second"]
    assert [action for action, _, _ in trail("case.on_call_told")] == ["case.on_call_told"] * 3


def test_who_has_taken_it_ends_the_telling_and_giving_it_back_begins_it_again(listed: House) -> None:
    case_id, by = eyes_closing(listed), listed.staff["clinician"]
    version = act_cases.acknowledge(by=by, case_id=case_id, version=1)
    assert tell_on_call(at(hours=5)) == 0
    act_cases.give_back(by=by, case_id=case_id, version=version)
    assert tell_on_call(at(hours=5)) == 1
    assert told() == ["Dr First", "Dr Second"]


def test_nobody_is_woken_for_a_case_that_somebody_has_taken(listed: House, mail: MailServer, gateway: Gateway) -> None:
    case_id = eyes_closing(listed)
    act_cases.acknowledge(by=listed.staff["clinician"], case_id=case_id, version=1)
    assert send_all() == {"cancelled": 2}
    assert (gateway.requests, mail.arrived) == ([], [])


def test_a_new_urgent_report_begins_with_the_first_person_again(listed: House) -> None:
    eyes_closing(listed)
    eyes_closing(listed, "again")
    assert told() == ["Dr First", "Dr First"]


def test_what_cannot_be_delivered_leads_to_the_next_person_before_the_minutes_are_over(
    listed: House, mail: MailServer, gateway: Gateway
) -> None:
    eyes_closing(listed)
    mail.plan = {"RCPT": ["550 no such user"]}
    gateway.plan = [(400, {})] * 2
    assert send_all() == {"dead": 2}
    assert tell_on_call(at(seconds=1)) == 1
    assert told() == ["Dr First", "Dr Second"]
    send_all()
    assert tell_on_call(at(seconds=2)) == 0, "everybody was told in vain: the minutes count, not the failures"
    assert tell_on_call(at(minutes=6)) == 1


@pytest.mark.parametrize("status", [401, 403, 404, 405, 407])
def test_a_gateway_that_refuses_our_sign_in_leads_to_the_next_person_at_once_and_is_tried_again(
    clinic: House, mail: MailServer, gateway: Gateway, status: int
) -> None:
    boss = clinic.staff["administrator"]
    for name, telephone, email in (("Dr First", FIRST, ""), ("Dr Second", SECOND, ""), ("Dr Third", "", "x@y.example")):
        add_on_call(by=boss, name=name, telephone=telephone, email=email, wait_minutes=10)
    eyes_closing(clinic)
    gateway.plan = [(status, {})]
    with Sender(draw=lambda: 0.5) as sender:
        assert sender.run() == {"retry": 1}
        assert [tell_on_call(clock.now()) for _ in range(3)] == [1, 1, 0], (
            "the second would be told by the same gateway"
        )
        assert told() == ["Dr First", "Dr Second", "Dr Third"]
        assert sender.run() == {"sent": 1}
        assert "Same-day case" in str(mail.texts())
        [case] = worklist(clinic.staff["clinician"])
        first, second, third = case.told
        assert first.words.startswith("Dr First (text message not delivered: our sign-in is refused")
        assert (first.has_failed, second.has_failed, third.has_failed) == (True, False, False)
        with clock.fixed(at(minutes=3)):
            assert sender.run() == {"sent": 2}, "mended: both text messages leave after all"
    assert sorted(request["To"] for request in gateway.requests) == [FIRST, FIRST, SECOND]
    [case] = worklist(clinic.staff["clinician"])
    assert not case.told[0].has_failed


def test_a_mail_server_that_refuses_our_sign_in_leads_to_the_next_person_at_once(
    clinic: House, mail: MailServer, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    boss = clinic.staff["administrator"]
    add_on_call(by=boss, name="Dr First", email="first@clinic.example", wait_minutes=10)
    add_on_call(by=boss, name="Dr Second", telephone=SECOND, wait_minutes=10)
    eyes_closing(clinic)

    def refused() -> None:
        raise SMTPAuthenticationError(535, b"no")

    monkeypatch.setattr("reporting.notify.email._opened", refused)
    assert send_all() == {"retry": 1}
    assert [tell_on_call(clock.now()), tell_on_call(clock.now())] == [1, 0]
    assert send_all() == {"sent": 1}
    assert [request["To"] for request in gateway.requests] == [SECOND]
    [case] = worklist(clinic.staff["clinician"])
    assert [each.has_failed for each in case.told] == [True, False]


def test_a_way_out_that_is_only_down_for_now_has_its_minutes(clinic: House, gateway: Gateway) -> None:
    boss = clinic.staff["administrator"]
    add_on_call(by=boss, name="Dr First", telephone=FIRST, wait_minutes=10)
    add_on_call(by=boss, name="Dr Second", telephone=SECOND, wait_minutes=10)
    eyes_closing(clinic)
    gateway.plan = [(503, {})]
    assert send_all() == {"retry": 1}
    assert tell_on_call(clock.now()) == 0


def test_each_step_is_told_once_however_many_look(listed: House) -> None:
    eyes_closing(listed)
    assert sum(together(*(lambda: tell_on_call(at(minutes=10)) for _ in range(5)))) == 1
    assert told() == ["Dr First", "Dr Second"]


def test_a_report_that_is_not_kept_tells_nobody(listed: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise RuntimeError("killed here")

    with monkeypatch.context() as broken:
        broken.setattr("reporting.patient.act_check_ins.audit.write", fails)
        with pytest.raises(RuntimeError):
            eyes_closing(listed)
    assert rows() == []
    eyes_closing(listed)
    assert told() == ["Dr First"]


def tell_and_be_killed(connection: Connection, moment: datetime, where: str) -> None:
    """Looks for the next person, or sends, in a process of its own that is killed at that place."""
    if where == "written":
        act_escalation.audit.write = die
        tell_on_call(moment)
    Sender._note = die
    with clock.fixed(moment), Sender() as sender:
        sender.run()


def test_killed_before_the_step_is_kept_it_is_told_once_after_the_restart(listed: House) -> None:
    eyes_closing(listed)
    with forked(tell_and_be_killed, at(minutes=10), "written") as (process, _):
        assert ended(process) == -signal.SIGKILL
    assert told() == ["Dr First"]
    assert [tell_on_call(at(minutes=10)), tell_on_call(at(minutes=10))] == [1, 0]
    assert told() == ["Dr First", "Dr Second"]


def test_killed_while_sending_nothing_is_sent_twice(listed: House, mail: MailServer, gateway: Gateway) -> None:
    eyes_closing(listed)
    with forked(tell_and_be_killed, clock.now(), "sent") as (process, _):
        assert ended(process) == -signal.SIGKILL
    with clock.fixed(at(minutes=11)):
        send_all()
    assert sorted(statuses()) == ["sent", "unsure"]
    assert len(gateway.requests) + len(mail.arrived) == 2


def test_without_a_list_nobody_is_told_and_nothing_is_promised_out_of_hours(clinic: House) -> None:
    with clock.fixed(at(hours=10)):
        case_id = eyes_closing(clinic)
        opens = at(hours=12, minutes=30)
    assert rows() == []
    with reading() as session:
        case = session.get_one(TriageCase, case_id)
    assert case.next_notice_at is None
    assert case.promised_at == opens + timedelta(hours=2), "nobody is there before the clinic opens at nine"


def test_where_somebody_is_on_duty_a_reader_is_promised_by_the_deadline(listed: House) -> None:
    with clock.fixed(at(hours=10)):
        case_id = eyes_closing(listed)
    with reading() as session:
        case = session.get_one(TriageCase, case_id)
    assert case.promised_at == case.due_at


def test_out_of_the_hours_of_the_list_it_is_looked_at_again(clinic: House) -> None:
    add_on_call(by=clinic.staff["administrator"], name="Evening", telephone=FIRST, hours={"tue": ["18:00", "24:00"]})
    eyes_closing(clinic)
    assert told() == []
    assert tell_on_call(at(hours=7)) == 0
    assert tell_on_call(at(hours=8.5)) == 1
    assert told() == ["Evening"]


def test_duty_is_by_weekday_and_wall_clock() -> None:
    night = OnCall(1, {"sat": ["22:00", "24:00"], "sun": ["00:00", "06:00"]}, 10)
    always = OnCall(2, {}, 10)
    people = (night, always)

    def ids(moment: datetime) -> list[int]:
        return [one.entry_id for one in on_duty(people, moment, "Europe/London")]

    assert ids(datetime(2026, 10, 24, 20, 59, tzinfo=UTC)) == [2]
    assert ids(datetime(2026, 10, 24, 21, 0, tzinfo=UTC)) == [1, 2], "summer time: ten at night"
    assert ids(datetime(2026, 10, 25, 5, 59, tzinfo=UTC)) == [1, 2], "winter time since two"
    assert ids(datetime(2026, 10, 25, 6, 0, tzinfo=UTC)) == [2]


@pytest.mark.parametrize(
    ("days", "begins", "ends", "hours"),
    [
        (["mon"], 9, 17, {"mon": ["09:00", "17:00"]}),
        (["mon"], 18, 0, {"mon": ["18:00", "24:00"]}),
        (["sun"], 18, 8, {"sun": ["18:00", "24:00"], "mon": ["00:00", "08:00"]}),
        (["sat"], 0, 0, {"sat": ["00:00", "24:00"]}),
        (
            ["mon", "tue"],
            20,
            7,
            {"mon": ["20:00", "24:00"], "tue": ["00:00", "07:00", "20:00", "24:00"], "wed": ["00:00", "07:00"]},
        ),
    ],
)
def test_a_duty_over_midnight_goes_on_the_next_day(days: list[str], begins: int, ends: int, hours: Any) -> None:
    moment = datetime(2026, 1, 1)
    assert hours_of(days, moment.replace(hour=begins).time(), moment.replace(hour=ends).time()) == hours


class TestList:
    def test_it_is_kept_in_its_order_with_a_trail_that_names_no_address(self, listed: House) -> None:
        boss = listed.staff["administrator"]
        [_, second] = on_call_page(boss).rows
        move_up_on_call(by=boss, entry_id=second.entry_id)
        page = on_call_page(boss)
        assert [row.name for row in page.rows] == ["Dr Second", "Dr First"]
        assert (page.rows[1].telephone, page.rows[1].email) == ("…101", "f…@clinic.example")
        assert not page.can_tell_somebody, "no way out is set up"
        remove_on_call(by=boss, entry_id=second.entry_id)
        assert [row.name for row in on_call_page(boss).rows] == ["Dr First"]
        assert FIRST not in str(trail("on_call."))

    @pytest.mark.parametrize(
        ("field", "given"),
        [
            ("telephone or e-mail", {}),
            ("telephone", {"telephone": "call me"}),
            ("e-mail", {"email": "nobody"}),
            ("minutes", {"telephone": FIRST, "wait_minutes": 0}),
            ("hours", {"telephone": FIRST, "hours": {"mon": ["18:00"]}}),
            ("hours", {"telephone": FIRST, "hours": {"monday": ["18:00", "19:00"]}}),
            ("name", {"telephone": FIRST, "name": " "}),
        ],
    )
    def test_what_cannot_be_used_is_refused(self, clinic: House, field: str, given: dict[str, Any]) -> None:
        with pytest.raises(InvalidInput) as refused:
            add_on_call(by=clinic.staff["administrator"], **{"name": "Dr First", **given})
        assert refused.value.field == field

    def test_another_clinic_and_other_roles_cannot_touch_it(self, listed: House) -> None:
        entry = on_call_page(listed.staff["administrator"]).rows[0].entry_id
        other = house("B")
        with pytest.raises(NotFound):
            remove_on_call(by=other.staff["administrator"], entry_id=entry)
        assert on_call_page(other.staff["administrator"]).rows == ()
        with pytest.raises(NotAllowed):
            remove_on_call(by=listed.staff["clinician"], entry_id=entry)
        with pytest.raises(NotAllowed):
            on_call_page(listed.staff["front_desk"])
