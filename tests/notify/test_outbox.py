"""A message leaves once or a person is told: through refusals, outages, kills and two senders at once."""

import signal
from datetime import datetime, timedelta
from multiprocessing.connection import Connection

import pytest

from reporting import clock
from reporting.domain.message_kinds import CASE_ESCALATION, REMINDER, kind_of
from reporting.errors import Conflict, NotAllowed, NotFound
from reporting.messages import act_outbox as actions
from reporting.messages.act_outbox import Sender
from reporting.records import outbox
from reporting.records.engine import transaction
from reporting.records.tables import OutboxMessage
from reporting.security.encryption import encrypt
from reporting.treatments.act_reminders import plan_due, set_reminders
from tests.accounts import together, trail
from tests.cast import house
from tests.conftest import NOW
from tests.forked import die, ended, forked
from tests.mail_server import MailServer
from tests.notify.cast import invited, rows, statuses
from tests.sms_gateway import Gateway


def write(clinic_id: int, number: int = 1, channel: str = "email", kind: str = "staff_notice", **other: object) -> None:
    """A message whose words are ready."""
    payload = {
        "to_encrypted": encrypt("lead@clinic.example" if channel == "email" else "+447700900123"),
        "subject": f"Number {number}",
        "body_encrypted": encrypt(f"Text {number}"),
    }
    with transaction() as session:
        assert outbox.add(
            session,
            clinic_id=clinic_id,
            channel=channel,
            kind=kind_of(kind),
            key=f"{kind}:{number}",
            payload=payload,
            **other,
        )  # type: ignore[arg-type]


def send() -> dict[str, int]:
    with Sender(draw=lambda: 0.5) as sender:
        return dict(sender.run())


def later(**span: float) -> datetime:
    return clock.now() + timedelta(**span)


@pytest.fixture
def clinic_id(database: str, stopped_clock: datetime) -> int:
    return house("A").clinic_id


def test_it_is_sent_once_and_its_words_are_forgotten(clinic_id: int, mail: MailServer) -> None:
    write(clinic_id)
    assert rows()[0].payload["body_encrypted"] != "Text 1"
    assert send() == {"sent": 1}
    assert send() == {}
    assert mail.texts() == ["Text 1\n"]
    [row] = rows()
    assert (row.status, row.attempts, row.sent_at, row.payload) == ("sent", 1, NOW, {})
    assert str(mail.arrived[0]["From"]) == "Demo clinic A <checkin@clinic.example>"


def test_the_same_cause_writes_one_message(clinic_id: int) -> None:
    write(clinic_id)
    with transaction() as session:
        assert not outbox.add(session, clinic_id=clinic_id, channel="email", kind=kind_of("x"), key="staff_notice:1")
        assert outbox.add(session, clinic_id=clinic_id, channel="email", kind=kind_of("x"), key="another")
    assert len(rows()) == 2


def test_a_cause_that_is_rolled_back_sends_nothing(clinic_id: int, mail: MailServer) -> None:
    with pytest.raises(RuntimeError), transaction() as session:
        outbox.add(session, clinic_id=clinic_id, channel="email", kind=kind_of("x"), key="k")
        raise RuntimeError("the cause did not happen")
    assert rows() == []


def test_a_refusal_for_now_is_tried_again_with_growing_waits(clinic_id: int, mail: MailServer) -> None:
    write(clinic_id)
    mail.plan = {"RCPT": ["450 later"] * 3}
    moment, waits = clock.now(), []
    for _ in range(3):
        with clock.fixed(moment):
            assert send() == {"retry": 1}
        next_at = rows()[0].next_attempt_at
        waits.append((next_at - moment).total_seconds())
        with clock.fixed(next_at - timedelta(seconds=1)):
            assert send() == {}
        moment = next_at
    assert waits == [45, 90, 180]  # three quarters of 1, 2 and 4 minutes
    with clock.fixed(moment):
        assert send() == {"sent": 1}
    assert rows()[0].attempts == 4


def test_in_the_end_it_is_dead_and_a_person_is_told(clinic_id: int, mail: MailServer) -> None:
    write(clinic_id)
    mail.plan = {"RCPT": ["450 later"] * 20}
    for _ in range(10):
        with clock.fixed(rows()[0].next_attempt_at):
            send()
    assert (statuses(), rows()[0].attempts, rows()[0].last_error) == (["dead"], 10, "address_refused 450")
    with clock.fixed(later(days=30)):
        assert send() == {}


def test_refused_for_good_is_dead_at_once_and_holds_up_nobody(clinic_id: int, mail: MailServer) -> None:
    write(clinic_id, 1)
    write(clinic_id, 2)
    mail.plan = {"RCPT": ["550 no such user"]}
    assert send() == {"dead": 1, "sent": 1}
    assert statuses() == ["dead", "sent"]


def test_lost_after_the_last_byte_is_unsure_and_never_sent_again_by_itself(clinic_id: int, mail: MailServer) -> None:
    write(clinic_id)
    mail.plan = {"DATA": ["hang up"]}
    assert send() == {"unsure": 1}
    with clock.fixed(later(days=2)):
        assert send() == {}
    assert len(mail.arrived) == 1
    assert rows()[0].last_error == "lost_after"


def test_an_outage_costs_one_try_not_one_for_each_message(
    clinic_id: int, mail: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        write(clinic_id, number)
    mail.plan = {"MAIL": ["421 closing"]}
    with Sender(draw=lambda: 0.5) as sender:
        assert dict(sender.run()) == {"retry": 1}
        assert dict(sender.run()) == {}  # the way out is closed for a minute
        with clock.fixed(later(minutes=1)):
            assert dict(sender.run()) == {"sent": 5}
    assert [row.attempts for row in rows()] == [2, 1, 1, 1, 1]


def test_a_gateway_that_asks_to_wait_is_left_alone_so_long(clinic_id: int, mail: MailServer, gateway: Gateway) -> None:
    write(clinic_id, 1, "sms", "sms_reply")
    write(clinic_id, 2, "sms", "sms_reply")
    write(clinic_id, 3, "email")
    gateway.plan = [(429, {"Retry-After": "600"})]
    with Sender(draw=lambda: 0.5) as sender:
        assert dict(sender.run()) == {"retry": 1, "sent": 1}  # e-mail goes on
        with clock.fixed(later(seconds=599)):
            assert dict(sender.run()) == {}
        with clock.fixed(later(seconds=600)):
            assert dict(sender.run()) == {"sent": 2}
    assert len(gateway.requests) == 3
    assert [row.provider_id for row in rows()] == ["SM3", "SM2", ""] or [row.provider_id for row in rows()][2] == ""


def test_what_cannot_be_sent_here_waits(clinic_id: int, mail: MailServer) -> None:
    write(clinic_id, 1, "sms", "sms_reply")  # no gateway is set up
    assert send() == {}
    assert statuses() == ["waiting"]


def test_a_code_is_sent_at_once_and_dies_when_it_is_of_no_use(clinic_id: int, mail: MailServer) -> None:
    write(clinic_id, 1, kind="second_factor_code")
    write(clinic_id, 2, kind="second_factor_code")
    mail.plan = {"RCPT": ["450 later"]}
    assert send() == {"retry": 1, "sent": 1}
    with clock.fixed(later(minutes=10)):
        assert send() == {"dead": 1}
    assert [(row.status, row.payload) for row in rows()] == [("dead", {}), ("sent", {})]


def test_staff_are_reached_at_the_address_of_their_account(clinic_id: int, mail: MailServer) -> None:
    staff = house("B").staff
    with transaction() as session:
        outbox.add(
            session,
            clinic_id=clinic_id,
            channel="email",
            kind=CASE_ESCALATION,
            key="k1",
            staff_id=staff["clinician"].id,
            payload={"subject": "A case", "body": "Open it."},
        )
    assert send() == {"sent": 1}
    assert mail.arrived[0]["To"] == "clinician@b.example"


def test_one_row_that_cannot_be_read_holds_up_nobody(clinic_id: int, mail: MailServer) -> None:
    with transaction() as session:
        outbox.add(
            session,
            clinic_id=clinic_id,
            channel="email",
            kind=CASE_ESCALATION,
            key="k1",
            payload={"to_encrypted": "not encrypted at all", "subject": "", "body": ""},
        )
        outbox.add(session, clinic_id=clinic_id, channel="email", kind=REMINDER, key="k2", payload={})
    write(clinic_id, 3)
    assert send() == {"dead": 2, "sent": 1}
    assert [row.last_error for row in rows()] == ["cannot_decrypt", "unreadable", ""]


def test_two_senders_at_once_never_send_one_message_twice(clinic_id: int, mail: MailServer) -> None:
    for number in range(24):
        write(clinic_id, number)
    counts = together(*(send for _ in range(4)))
    assert sum(count["sent"] for count in counts if count) == 24
    assert sorted(mail.texts()) == sorted(f"Text {number}\n" for number in range(24))
    assert {row.attempts for row in rows()} == {1}


def send_when_told(connection: Connection, moment: datetime) -> None:
    connection.send("ready")
    connection.recv()
    with clock.fixed(moment), Sender() as sender:
        connection.send(dict(sender.run()))


def test_nor_do_two_processes(clinic_id: int, mail: MailServer) -> None:
    for number in range(30):
        write(clinic_id, number)
    with forked(send_when_told, clock.now()) as (_, one), forked(send_when_told, clock.now()) as (_, two):
        assert [each.recv() for each in (one, two)] == ["ready"] * 2
        for each in (one, two):
            each.send("go")
        sent = [each.recv() for each in (one, two)]
    assert sorted(mail.texts()) == sorted(f"Text {number}\n" for number in range(30)), sent
    assert statuses() == ["sent"] * 30


def send_and_be_killed(connection: Connection, moment: datetime, where: str) -> None:
    """Sends in a process of its own, which is killed at that place."""
    if where == "handed over":
        Sender._note = die
    elif where == "claimed":
        actions.Mailer.send = die
    elif where == "not claimed":
        actions.message = die
    with clock.fixed(moment), Sender() as sender:
        sender.run()


@pytest.mark.parametrize(
    ("where", "arrived", "after"), [("handed over", 1, "unsure"), ("claimed", 0, "unsure"), ("not claimed", 0, "sent")]
)
def test_a_sender_killed_in_the_middle(clinic_id: int, mail: MailServer, where: str, arrived: int, after: str) -> None:
    """Killed after the claim it may have arrived: flagged. Killed before, it surely has not: sent once, later."""
    write(clinic_id)
    with forked(send_and_be_killed, clock.now(), where) as (sender, _):
        assert ended(sender) == -signal.SIGKILL
    assert len(mail.arrived) == arrived
    with clock.fixed(later(minutes=9)):
        first = send()
    assert first == ({"sent": 1} if after == "sent" else {})
    with clock.fixed(later(minutes=11)):
        send()
    assert statuses() == [after]
    with clock.fixed(later(days=1)):
        assert send() == {}
    assert len(mail.arrived) == (1 if after == "sent" else arrived)


def test_a_slow_hand_over_that_ends_after_all_is_not_left_in_doubt(clinic_id: int, mail: MailServer) -> None:
    write(clinic_id)
    sender = Sender()
    claimed = actions.Sender._note

    def slow(self: Sender, row: OutboxMessage, outcome: object) -> str:
        with clock.fixed(later(minutes=11)):
            assert send() == {"unsure": 1}  # another one takes it for stuck
            return claimed(self, row, outcome)  # type: ignore[arg-type]

    actions.Sender._note = slow  # type: ignore[method-assign]
    try:
        sender.run()
    finally:
        actions.Sender._note = claimed  # type: ignore[method-assign]
    assert statuses() == ["sent"]
    assert len(mail.arrived) == 1


def in_trouble(clinic_id: int, mail: MailServer) -> int:
    write(clinic_id)
    mail.plan = {"DATA": ["hang up"]}
    assert send() == {"unsure": 1}
    return rows()[0].id or 0


def test_staff_may_send_it_again_with_its_number(database: str, stopped_clock: datetime, mail: MailServer) -> None:
    clinic = house("A")
    key = in_trouble(clinic.clinic_id, mail)
    actions.resend(by=clinic.staff["safety_lead"], message_id=key)
    with pytest.raises(Conflict):
        actions.resend(by=clinic.staff["administrator"], message_id=key)
    assert send() == {"sent": 1}
    assert mail.raw[0] == mail.raw[1]
    assert trail("message.") == [("message.resent", "Demo safety_lead A", str(key))]


def test_or_mark_it_as_handled(database: str, stopped_clock: datetime, mail: MailServer) -> None:
    clinic = house("A")
    key = in_trouble(clinic.clinic_id, mail)
    for by, problem in (
        (clinic.staff["clinician"], NotAllowed),
        (clinic.staff["front_desk"], NotFound),
        (house("B").staff["administrator"], NotFound),
    ):
        with pytest.raises(problem):
            actions.mark_handled(by=by, message_id=key)
    actions.mark_handled(by=clinic.staff["administrator"], message_id=key)
    [row] = rows()
    assert (row.status, row.last_error, row.payload) == ("cancelled", "handled unsure lost_after", {})
    assert send() == {}
    assert trail("message.") == [("message.handled", "Demo administrator A", str(key))]


def test_the_sender_is_woken_by_whoever_writes(clinic_id: int) -> None:
    outbox.written.clear()
    with transaction() as session:
        session.add(
            OutboxMessage(
                clinic_id=clinic_id,
                channel="email",
                kind="second_factor_code",
                payload={},
                idempotency_key="k",
                next_attempt_at=NOW,
                created_at=NOW,
            )
        )
        session.flush()
        assert not outbox.written.is_set()
    assert outbox.written.is_set()
    outbox.written.clear()


def test_reminders_of_one_who_says_stop_in_between_do_not_leave(
    database: str, stopped_clock: datetime, mail: MailServer
) -> None:
    clinic = invited().house
    assert plan_due() == {"email": 1}
    set_reminders(by=clinic.patient, channel="email", on=False)
    assert statuses() == ["cancelled"]
    assert send() == {}
    assert mail.arrived == []
