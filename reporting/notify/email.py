"""E-mail through a mail server, step by step, so that it is known how far a broken connection had come."""

import re
import smtplib
import socket
import ssl
from dataclasses import dataclass
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from types import TracebackType

from reporting.domain.message_kinds import SIGN_IN_REFUSED
from reporting.notify.handed_over import HandedOver, Result
from reporting.settings import settings

_LOST = (smtplib.SMTPServerDisconnected, OSError)


@dataclass(frozen=True)
class Email:
    """One e-mail. The same ``message_id`` and ``at`` each time it is tried, so that mailers drop a second one."""

    to: str
    sender_name: str
    subject: str
    text: str
    message_id: str
    at: datetime
    language: str = "en"
    html: str = ""
    unsubscribe_url: str = ""


def packed(email: Email) -> bytes:
    """The message as it goes over the wire, the same bytes each time. Raises ValueError for a bad address."""
    if not email.to.isascii() or not email.to.isprintable():
        raise ValueError("an address that no header can hold")
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(display_name=email.sender_name, addr_spec=settings().smtp_from)
    message["To"] = Address(addr_spec=email.to)
    message["Subject"] = email.subject
    message["Date"] = format_datetime(email.at)
    message["Message-ID"] = email.message_id
    message["Auto-Submitted"] = "auto-generated"
    if email.unsubscribe_url:
        message["List-Unsubscribe"] = f"<{email.unsubscribe_url}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(email.text)
    if email.html:
        message.add_alternative(email.html, subtype="html")
        message.set_boundary("part-" + re.sub(r"\W", "", email.message_id)[:40])
    message["Content-Language"] = email.language  # after the content, which would take it into one of its parts
    return message.as_bytes()


class Mailer:
    """A connection to the mail server, opened when it is needed and kept for the next message."""

    def __init__(self) -> None:
        self._server: smtplib.SMTP | None = None

    def __enter__(self) -> "Mailer":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            try:
                self._server.quit()
            except (smtplib.SMTPException, OSError):
                self._drop()

    def send(self, email: Email) -> HandedOver:
        """Hand one message over and say what became of it. Never raises for what the other side does."""
        try:
            data = packed(email)
        except (ValueError, IndexError, MessageError):  # the address cannot be written into a header
            return HandedOver("dead", "bad_address")
        fresh = self._server is None
        outcome = self._connect() or self._deliver(email.to, data)
        if outcome.reason == "lost_before" and not fresh:
            outcome = self._connect() or self._deliver(email.to, data)  # the kept connection had gone stale
        return outcome

    def _drop(self) -> None:
        if self._server is not None:
            self._server.close()
        self._server = None

    def _connect(self) -> HandedOver | None:
        """Open the connection if there is none; the outcome says why that was not possible."""
        if self._server is not None:
            return None
        try:
            self._server = _opened()
        except smtplib.SMTPAuthenticationError as error:
            return HandedOver("retry", f"{SIGN_IN_REFUSED} {error.smtp_code}", channel_down=True)
        except (smtplib.SMTPNotSupportedError, ssl.SSLError):
            return HandedOver("retry", "no_encryption", channel_down=True)
        except (smtplib.SMTPException, OSError):
            return HandedOver("retry", "no_connection", channel_down=True)
        return None

    def _deliver(self, to: str, data: bytes) -> HandedOver:
        assert self._server is not None
        handed_over = False
        try:
            refused = self._envelope(to)
            if refused is not None:
                return refused
            self._server.send(re.sub(rb"(?m)^\.", b"..", data))
            handed_over = True  # from the final dot on the server may have taken it
            self._server.send(b".\r\n")
            code, _ = self._server.getreply()
        except _LOST:
            self._drop()
            result: Result = "unsure" if handed_over else "retry"
            return HandedOver(result, "lost_after" if handed_over else "lost_before", channel_down=True)
        return HandedOver("sent") if code == 250 else self._refusal("refused", code)

    def _envelope(self, to: str) -> HandedOver | None:
        """MAIL, RCPT and DATA; the outcome is why the server does not want the message."""
        assert self._server is not None
        code, _ = self._server.mail(settings().smtp_from)
        if code != 250:
            return self._refusal("sender_refused", code)
        code, _ = self._server.rcpt(to)
        if code not in (250, 251):
            return self._refusal("address_refused", code)
        code, _ = self._server.docmd("DATA")
        return None if code == 354 else self._refusal("refused", code)

    def _refusal(self, fault: str, code: int) -> HandedOver:
        """4xx is for now, 5xx for good; what concerns the sender or the service is not the message's fault."""
        self._drop()
        down = code == 421 or fault == "sender_refused"
        return HandedOver("retry" if code < 500 or down else "dead", f"{fault} {code}", channel_down=down)


def _opened() -> smtplib.SMTP:
    of = settings()
    verified = ssl.create_default_context()
    server: smtplib.SMTP
    if of.smtp_security == "tls":
        server = smtplib.SMTP_SSL(of.smtp_host, of.smtp_port, timeout=of.smtp_timeout_s, context=verified)
    else:
        server = smtplib.SMTP(of.smtp_host, of.smtp_port, timeout=of.smtp_timeout_s)
    try:
        assert server.sock is not None
        server.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # the final dot must not wait for an ACK
        server.ehlo_or_helo_if_needed()
        if of.smtp_security == "starttls":
            server.starttls(context=verified)
            server.ehlo()
        if of.smtp_user:
            server.login(of.smtp_user, of.smtp_password)
    except BaseException:
        server.close()
        raise
    return server
