"""E-mail against a real mail server: what each of its answers, and each silence, means for the message."""

import socket
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reporting.notify.email import Email, Mailer, packed
from reporting.notify.handed_over import HandedOver
from reporting.settings import settings
from tests.mail_server import MailServer, certificate, mail_server

MAIL = Email(
    to="demo0001@patients.example",
    sender_name="Clínica Demo, Ltd.",
    subject="Es hora — time",
    text="One line.\n.\n..two dots\nسلام\n",
    message_id="<abc@checkin.example>",
    at=datetime(2026, 3, 10, 9, 30, tzinfo=UTC),
    language="es",
    html="<p>One line.</p>",
    unsubscribe_url="https://checkin.example/unsubscribe/1-abc",
)


def sent(mail: Email = MAIL) -> HandedOver:
    with Mailer() as mailer:
        return mailer.send(mail)


def test_it_arrives_whole(mail: MailServer) -> None:
    assert sent() == HandedOver("sent")
    [message] = mail.arrived
    assert message["To"] == "demo0001@patients.example"
    assert message["From"].addresses[0].display_name == "Clínica Demo, Ltd."
    assert message["From"].addresses[0].addr_spec == "checkin@clinic.example"
    assert message["Subject"] == "Es hora — time"
    assert message["Message-ID"] == "<abc@checkin.example>"
    assert message["Date"].datetime == MAIL.at
    assert message["List-Unsubscribe"] == "<https://checkin.example/unsubscribe/1-abc>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["Content-Language"] == "es"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message.get_content_type() == "multipart/alternative"
    assert mail.texts()[0].replace("\r\n", "\n") == MAIL.text
    assert message.get_body(("html",)).get_content().strip() == "<p>One line.</p>"  # type: ignore[union-attr]


def test_a_second_try_is_the_same_to_the_last_byte(mail: MailServer) -> None:
    mail.plan = {"DATA": ["hang up"]}
    assert sent().result == "unsure"
    assert sent().result == "sent"
    assert mail.raw[0] == mail.raw[1]


def test_one_connection_serves_many_messages(mail: MailServer) -> None:
    with Mailer() as mailer:
        assert [mailer.send(replace(MAIL, message_id=f"<{n}@x.example>")).result for n in range(5)] == ["sent"] * 5
    assert len(mail.arrived) == 5
    assert mail.connections == 1


def test_a_kept_connection_that_has_gone_is_opened_anew(mail: MailServer) -> None:
    with Mailer() as mailer:
        mailer.send(MAIL)
        mail.plan = {"MAIL": ["hang up"]}
        assert mailer.send(MAIL).result == "sent"
    assert mail.connections == 2


@pytest.mark.parametrize(
    ("step", "answer", "outcome"),
    [
        ("RCPT", "450 4.2.1 later", HandedOver("retry", "address_refused 450")),
        ("RCPT", "550 5.1.1 no such user", HandedOver("dead", "address_refused 550")),
        ("RCPT", "251 forwarded", HandedOver("sent")),
        ("MAIL", "451 4.3.0 later", HandedOver("retry", "sender_refused 451", channel_down=True)),
        ("MAIL", "550 5.7.1 not you", HandedOver("retry", "sender_refused 550", channel_down=True)),
        ("MAIL", "421 4.3.2 closing", HandedOver("retry", "sender_refused 421", channel_down=True)),
        ("DATA", "452 4.3.1 full", HandedOver("retry", "refused 452")),
        ("DATA", "554 5.6.0 not wanted", HandedOver("dead", "refused 554")),
        ("MAIL", "hang up", HandedOver("retry", "lost_before", channel_down=True)),
        ("RCPT", "hang up", HandedOver("retry", "lost_before", channel_down=True)),
        ("DATA", "hang up", HandedOver("unsure", "lost_after", channel_down=True)),
    ],
)
def test_what_each_answer_means(mail: MailServer, step: str, answer: str, outcome: HandedOver) -> None:
    mail.plan = {step: [answer]}
    assert sent() == outcome
    arrived = outcome.result in ("sent", "unsure")
    assert len(mail.arrived) == arrived
    assert sent().result == "sent"  # the next one is not held up by it


@pytest.mark.parametrize(
    ("step", "outcome"),
    [
        ("RCPT", HandedOver("retry", "lost_before", channel_down=True)),
        ("DATA", HandedOver("unsure", "lost_after", channel_down=True)),
    ],
)
def test_a_server_that_stops_answering(mail: MailServer, impatient: None, step: str, outcome: HandedOver) -> None:
    mail.plan = {step: ["stall"]}
    assert sent() == outcome
    assert len(mail.arrived) == (step == "DATA")


def test_nobody_there(mail: MailServer, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, not listening: the connection is refused
        monkeypatch.setenv("REPORTING_SMTP_PORT", str(taken.getsockname()[1]))
        settings.cache_clear()
        assert sent() == HandedOver("retry", "no_connection", channel_down=True)


def test_a_server_that_takes_the_connection_and_says_nothing(
    mail: MailServer, impatient: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("REPORTING_SMTP_PORT", str(silent.getsockname()[1]))
        settings.cache_clear()
        assert sent() == HandedOver("retry", "no_connection", channel_down=True)


@pytest.mark.parametrize("to", ["two@a.example\r\nBcc: x@y.example", "no address", "a@b@c", "", "ü@b.example"])
def test_an_address_that_no_header_can_hold_is_dead_and_nothing_leaves(mail: MailServer, to: str) -> None:
    assert sent(replace(MAIL, to=to)) == HandedOver("dead", "bad_address")
    assert mail.connections == 0


def test_without_html_and_unsubscribe_it_is_plain(mail: MailServer) -> None:
    message = packed(replace(MAIL, html="", unsubscribe_url=""))
    assert b"List-Unsubscribe" not in message
    assert b"multipart" not in message


def _over_tls(monkeypatch: pytest.MonkeyPatch, port: int, trusted: str, security: str) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", trusted)
    for name, value in {
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "SECURITY": security,
        "FROM": "c@clinic.example",
        "USER": "clinic",
        "PASSWORD": "secret",
        "TIMEOUT_S": "30",
    }.items():
        monkeypatch.setenv(f"REPORTING_SMTP_{name}", value)
    settings.cache_clear()


class _Doorkeeper:
    """Lets in one user with one password."""

    def __call__(self, server: object, session: object, envelope: object, mechanism: str, data: object) -> object:
        from aiosmtpd.smtp import AuthResult

        given = (getattr(data, "login", b""), getattr(data, "password", b""))
        return AuthResult(success=given == (b"clinic", b"secret"), handled=False)


def test_encrypted_and_signed_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trusted, context = certificate(tmp_path)
    options = {"tls_context": context, "require_starttls": True, "auth_required": True, "authenticator": _Doorkeeper()}
    with mail_server(**options) as server:
        _over_tls(monkeypatch, server.port, trusted, "starttls")
        assert sent() == HandedOver("sent")
        monkeypatch.setenv("REPORTING_SMTP_PASSWORD", "wrong")
        settings.cache_clear()
        assert sent() == HandedOver("retry", "sign_in_refused 535", channel_down=True)
        assert len(server.arrived) == 1
    monkeypatch.undo()
    settings.cache_clear()


def test_a_stranger_between_us_and_the_server_gets_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, context = certificate(tmp_path)
    (tmp_path / "other").mkdir()
    other, _ = certificate(tmp_path / "other")
    with mail_server(tls_context=context) as server:
        _over_tls(monkeypatch, server.port, other, "starttls")
        assert sent() == HandedOver("retry", "no_encryption", channel_down=True)
    with mail_server() as server:  # a server, or somebody in between, that offers no encryption at all
        _over_tls(monkeypatch, server.port, other, "starttls")
        assert sent() == HandedOver("retry", "no_encryption", channel_down=True)
        assert server.arrived == []
    monkeypatch.undo()
    settings.cache_clear()
