"""A line that remembers the newest row of the trail leaves by mail once in an interval, and can be pasted back."""

import re
from datetime import datetime, timedelta

import pytest

from reporting import clock
from reporting.app.trail import keep_anchors
from reporting.domain.actors import SYSTEM
from reporting.records import audit
from reporting.records.engine import TROUBLES, transaction
from reporting.records.trail.verify import verify
from reporting.settings import settings
from tests.mail_server import MailServer


def test_it_is_mailed_once_in_an_interval(
    sqlite_database: str, stopped_clock: datetime, mail: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REPORTING_AUDIT_ANCHOR_MAIL", "keeper@elsewhere.example")
    settings.cache_clear()
    with transaction() as session:
        audit.write(session, SYSTEM, "thing.done", "thing", 1)
    assert [keep_anchors(), keep_anchors()] == ["mail", ""]
    with clock.fixed(stopped_clock + timedelta(hours=25)):
        assert keep_anchors() == "mail"
    assert mail.wait_for(2)
    plain = mail.texts()[0].replace("=\r\n", "").replace("=\n", "")
    line = re.search(r"reporting-trail \S+ \d+ \w{64} \w+ \w{64}", plain)
    assert line is not None
    assert verify([line.group()]).ok
    monkeypatch.setenv("REPORTING_SMTP_PORT", "1")
    settings.cache_clear()
    with clock.fixed(stopped_clock + timedelta(hours=99)):
        assert keep_anchors() == ""
    assert TROUBLES.pop("audit_anchor") == "no_connection"
