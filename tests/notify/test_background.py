"""The background work: woken by whoever writes, one leader at a time, and it stops when it is told to."""

import json
import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from multiprocessing.connection import Connection

import pytest
from typer.testing import CliRunner

from reporting import clock
from reporting.app import background, cli
from reporting.records import outbox
from reporting.records.engine import leadership, transaction
from reporting.settings import settings
from tests.cast import house
from tests.forked import forked
from tests.mail_server import MailServer
from tests.notify.cast import invited, rows, statuses
from tests.notify.test_outbox import write

pytestmark = pytest.mark.sqlite_first

HOUR_S = 3600.0


@pytest.fixture
def working(
    database: str, stopped_clock: datetime, mail: MailServer, monkeypatch: pytest.MonkeyPatch
) -> Iterator[background.Background]:
    """At work, and it looks by itself only once an hour."""
    monkeypatch.setattr(background, "LOOK_EVERY_S", HOUR_S)
    work = background.Background()
    yield work
    work.stop()
    assert not work._thread.is_alive()


def test_a_code_leaves_at_once_not_at_the_next_look(working: background.Background, mail: MailServer) -> None:
    working.start()
    write(house("A").clinic_id, 1, kind="second_factor_code")
    assert mail.wait_for(1)


def test_it_plans_and_sends_by_itself(working: background.Background, mail: MailServer) -> None:
    invited()
    working.start()
    assert mail.wait_for(1)
    assert mail.arrived[0]["Subject"] == "Time for your check-in"


def test_urgent_ones_do_not_stand_behind_reminders(
    working: background.Background, mail: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background, "AT_ONCE", 2)  # several rounds
    key = house("A").clinic_id
    for number in range(5):
        write(key, number)
    write(key, 9, kind="second_factor_code")
    working.start()
    assert mail.wait_for(6)
    assert mail.texts()[0] == "Text 9\n"


def test_what_fails_is_logged_without_its_values_and_tried_again(
    working: background.Background, mail: MailServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    invited()
    failures = [RuntimeError("once")]

    def fails_once() -> object:
        if failures:
            outbox.written.set()
            raise failures.pop()
        return {}

    monkeypatch.setattr(background, "open_silent_cases", fails_once)
    logging.getLogger("reporting").propagate = True
    with caplog.at_level(logging.INFO, "reporting.background"):
        working.start()
        assert mail.wait_for(1)
    assert "background work failed" in caplog.text


def test_one_leader_at_a_time(database: str) -> None:
    with leadership() as first:
        with leadership() as second:
            assert (first, second) == (True, False)
        with leadership() as third:
            assert not third
    with leadership() as again:
        assert again


def lead(connection: Connection) -> None:
    with leadership() as leads:
        connection.send(leads)
        connection.recv()


def test_over_processes_too_and_a_killed_one_leads_no_more(database: str) -> None:
    with forked(lead) as (other, connection):
        assert connection.recv()
        with leadership() as leads:
            assert not leads
        other.kill()
        other.join()
    if database == "postgresql":  # its server notices the dead connection a moment later
        with transaction() as session:
            from sqlalchemy import text

            session.execute(text("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"))
    with leadership() as leads:
        assert leads


def test_it_says_once_why_nothing_leaves(
    database: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(background, "LOOK_EVERY_S", HOUR_S)
    logging.getLogger("reporting").propagate = True
    with caplog.at_level(logging.INFO, "reporting.background"):
        assert background.begin() is None
        monkeypatch.setenv("REPORTING_BACKGROUND", "true")
        settings.cache_clear()
        work = background.begin()
        assert work is not None
        work.stop()
    assert caplog.text.count("background work is off here") == 1
    assert caplog.text.count("no mail server and no SMS gateway are set up") == 1
    monkeypatch.undo()
    settings.cache_clear()


def remind(*arguments: str) -> tuple[int, str]:
    if not cli.app.registered_commands:
        cli.all_commands(cli.app)
    done = CliRunner().invoke(cli.app, ["remind", *arguments])
    return done.exit_code, done.output


def test_cron_plans_and_sends(database: str, stopped_clock: datetime, mail: MailServer) -> None:
    invited()
    assert remind("--dry-run", "--json") == (0, '{"email": 1}\n')
    assert rows() == []
    code, output = remind("--json")
    assert code == 0
    assert json.loads(output) | {"planned": 1, "sent": 1} == json.loads(output)
    assert len(mail.arrived) == 1
    code, output = remind()
    assert code == 0
    assert "planned 0" in output
    assert len(mail.arrived) == 1


def test_cron_says_when_a_person_is_needed(database: str, stopped_clock: datetime, mail: MailServer) -> None:
    invited()
    mail.plan = {"RCPT": ["550 no such user"]}
    code, output = remind("--json")
    assert code == 1
    assert json.loads(output)["dead_in_all"] == 1
    with clock.fixed(clock.now() + timedelta(minutes=5)):
        assert remind("--json")[0] == 0  # said once
    assert statuses() == ["dead"]


def test_cron_leaves_it_to_a_running_application(database: str, stopped_clock: datetime, mail: MailServer) -> None:
    invited()
    with leadership():
        assert remind("--json") == (0, '{"busy": 1}\n')
    assert mail.arrived == []


def test_cron_says_when_no_way_out_is_set_up(database: str) -> None:
    assert remind()[0] == 2
