"""The monthly report is announced once per clinic, month and person, on the clinic's own day, with a link only."""

import signal
import threading
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from typing import Any

import pytest
from sqlmodel import select

from reporting.domain.actors import Actor
from reporting.domain.clinic_settings import Month, ReportSchedule, from_plain
from reporting.errors import InvalidInput, NotAllowed
from reporting.messages.act_outbox import Sender
from reporting.records.engine import reading, transaction
from reporting.records.tables import Clinic, OutboxMessage, StaffAccount
from reporting.report import act_reports as schedule
from reporting.report.act_reports import announce_reports, set_schedule
from reporting.settings import settings
from tests.accounts import trail
from tests.cast import House, house
from tests.forked import die, ended, forked
from tests.mail_server import MailServer

pytestmark = pytest.mark.sqlite_first

DAY = 5


@pytest.fixture
def clinic(database: str, stopped_clock: datetime) -> House:
    return house("A")


def ids(clinic: House, *roles: str) -> tuple[int, ...]:
    return tuple(sorted(clinic.staff[role].id or 0 for role in roles))  # type: ignore[index]


def planned(clinic: House, *roles: str, day: int = DAY) -> None:
    given = ReportSchedule(day, ids(clinic, *roles))
    assert set_schedule(by=clinic.staff["administrator"], given=given)


def at(year: int, month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


def messages() -> list[OutboxMessage]:
    with reading() as session:
        return list(session.exec(select(OutboxMessage).order_by(OutboxMessage.id)).all())  # type: ignore[arg-type]


def test_nothing_goes_out_unless_somebody_asked_for_it(clinic: House) -> None:
    assert announce_reports(at(2026, 4, 20, 12)) == 0
    assert messages() == []


def test_it_goes_out_in_the_morning_of_the_clinics_day_and_once(clinic: House) -> None:
    planned(clinic, "safety_lead", "clinician")
    assert announce_reports(at(2026, 4, 5, 4, 59)) == 0  # 06:59 in Madrid
    assert announce_reports(at(2026, 4, 5, 5, 0)) == 2
    assert announce_reports(at(2026, 4, 5, 5, 1)) == 0
    assert announce_reports(at(2026, 4, 30, 21)) == 0
    assert announce_reports(at(2026, 5, 4, 23)) == 0
    assert announce_reports(at(2026, 5, 5, 5)) == 2
    assert [row.staff_id for row in messages()] == [*ids(clinic, "safety_lead", "clinician")] * 2
    assert len({row.idempotency_key for row in messages()}) == 4


def test_the_month_is_that_of_the_clinics_calendar(clinic: House) -> None:
    new_year = ReportSchedule(1, (1,))
    just_there = at(2026, 12, 31, 18)
    assert new_year.due_month(just_there, "Pacific/Auckland") == Month(2026, 12)
    assert new_year.due_month(just_there, "Europe/Madrid") == Month(2026, 11)
    assert new_year.due_month(at(2027, 1, 1, 8), "America/Los_Angeles") is None
    assert new_year.due_month(at(2027, 1, 1, 15), "America/Los_Angeles") == Month(2026, 12)


def test_the_message_holds_a_link_and_nothing_of_the_report(clinic: House) -> None:
    planned(clinic, "safety_lead")
    announce_reports(at(2026, 4, 5, 9))
    [row] = messages()
    assert (row.channel, row.kind, row.patient_id) == ("email", "monthly_report", None)
    assert f"{settings().base_url}/safety-report?month=2026-03" in row.payload["body"]
    assert row.payload["subject"] == "The safety report of March 2026 is ready"
    assert "Demo clinic" not in str(row.payload)
    assert set(row.payload) == {"subject", "body"}


def test_a_day_that_was_missed_is_made_up_for_within_the_month(clinic: House) -> None:
    planned(clinic, "safety_lead")
    assert announce_reports(at(2026, 4, 23, 9)) == 1
    assert "2026-03" in messages()[0].idempotency_key


def test_a_stop_in_between_leaves_nothing_and_the_next_run_tells_everybody_once(
    clinic: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned(clinic, "safety_lead", "clinician", "administrator")
    write, written = schedule.outbox.add, []

    def killed(*args: Any, **given: Any) -> bool:
        if written:
            raise KeyboardInterrupt
        written.append(given["key"])
        return write(*args, **given)

    with monkeypatch.context() as kill, pytest.raises(KeyboardInterrupt):
        kill.setattr(schedule.outbox, "add", killed)
        announce_reports(at(2026, 4, 5, 9))
    assert written
    assert messages() == []
    assert announce_reports(at(2026, 4, 5, 9, 1)) == 3
    assert announce_reports(at(2026, 4, 5, 9, 2)) == 0
    assert len(messages()) == 3
    assert [row[0] for row in trail("report.announced")] == ["report.announced"]


def test_several_at_once_write_each_message_once(clinic: House) -> None:
    planned(clinic, "safety_lead", "clinician")
    together, done = threading.Barrier(4), []

    def announce() -> None:
        together.wait()
        done.append(announce_reports(at(2026, 4, 5, 9)))

    threads = [threading.Thread(target=announce) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(done) == 2
    assert len(messages()) == 2


def announce_and_be_killed(connection: Connection, moment: datetime) -> None:
    """Announces in a process of its own, which is killed when it has written one message and is to write another."""
    add = schedule.outbox.add

    def add_one(*given: object, **named: object) -> bool:
        schedule.outbox.add = die
        return add(*given, **named)

    schedule.outbox.add = add_one
    announce_reports(moment)


def test_killed_between_two_messages_each_still_arrives_once(clinic: House, mail: MailServer) -> None:
    planned(clinic, "safety_lead", "clinician")
    with forked(announce_and_be_killed, at(2026, 3, 10, 9)) as (announcer, _):
        assert ended(announcer) == -signal.SIGKILL
    assert messages() == []
    for minute in (1, 2):
        announce_reports(at(2026, 3, 10, 9, minute))
        with Sender() as sender:
            assert sender.run() == ({"sent": 2} if minute == 1 else {})
    assert sorted(letter["To"] for letter in mail.arrived) == ["clinician@a.example", "safety_lead@a.example"]
    assert all("/safety-report?month=2026-02" in said for said in mail.texts())


def test_who_has_left_or_may_not_read_it_is_not_told(clinic: House) -> None:
    planned(clinic, "safety_lead", "clinician")
    with transaction() as session:
        session.get_one(StaffAccount, clinic.staff["clinician"].id).is_active = False
        session.get_one(StaffAccount, clinic.staff["safety_lead"].id).role = "front_desk"
    assert announce_reports(at(2026, 4, 5, 9)) == 0
    assert messages() == []


@pytest.mark.parametrize(
    ("day", "roles", "word"),
    [
        (0, ("clinician",), "day"),
        (29, ("clinician",), "day"),
        (5, (), "recipients"),
        (5, ("front_desk",), "recipients"),
    ],
)
def test_what_cannot_be_set(clinic: House, day: int, roles: tuple[str, ...], word: str) -> None:
    with pytest.raises(InvalidInput, match=word):
        set_schedule(by=clinic.staff["safety_lead"], given=ReportSchedule(day, ids(clinic, *roles)))


def test_only_leaders_set_it_and_only_for_their_own_people(clinic: House) -> None:
    other = house("B")
    for role in ("clinician", "front_desk"):
        with pytest.raises(NotAllowed):
            set_schedule(by=clinic.staff[role], given=ReportSchedule())  # type: ignore[index]
    with pytest.raises(InvalidInput):
        set_schedule(by=clinic.staff["administrator"], given=ReportSchedule(5, ids(other, "clinician")))


def test_a_change_is_on_record_with_before_and_after(clinic: House) -> None:
    by: Actor = clinic.staff["safety_lead"]
    given = ReportSchedule(5, ids(clinic, "clinician"))
    assert set_schedule(by=by, given=given)
    assert not set_schedule(by=by, given=given)
    assert set_schedule(by=by, given=ReportSchedule())
    with reading() as session:
        assert from_plain(session.get_one(Clinic, clinic.clinic_id).report_schedule) == ReportSchedule()
    assert len(trail("report.scheduled")) == 2
