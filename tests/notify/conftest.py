"""A mail server and an SMS gateway that work until a test plans otherwise."""

from collections.abc import Iterator

import pytest

from reporting.settings import settings
from tests.mail_server import MailServer, mail_server
from tests.sms_gateway import Gateway, sms_gateway

PATIENT_S = "30"
"""Long enough for a busy machine: only a test in which a server stalls is less patient."""


@pytest.fixture
def mail(monkeypatch: pytest.MonkeyPatch) -> Iterator[MailServer]:
    with mail_server() as server:
        for name, value in {
            "HOST": "127.0.0.1",
            "PORT": str(server.port),
            "SECURITY": "none",
            "FROM": "checkin@clinic.example",
            "TIMEOUT_S": PATIENT_S,
        }.items():
            monkeypatch.setenv(f"REPORTING_SMTP_{name}", value)
        settings.cache_clear()
        yield server
    monkeypatch.undo()
    settings.cache_clear()


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gateway]:
    with sms_gateway() as server:
        monkeypatch.setenv("REPORTING_SMS_URL", server.url)
        monkeypatch.setenv("REPORTING_SMS_SENDER", "+447700900999")
        monkeypatch.setenv("REPORTING_SMS_TIMEOUT_S", PATIENT_S)
        settings.cache_clear()
        yield server
    monkeypatch.undo()
    settings.cache_clear()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait a second for servers that are going to stall."""
    monkeypatch.setenv("REPORTING_SMTP_TIMEOUT_S", "1")
    monkeypatch.setenv("REPORTING_SMS_TIMEOUT_S", "1")
    settings.cache_clear()
