"""A real mail server on the loopback interface that can also refuse, stall and hang up."""

import asyncio
import email
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from email.policy import default
from typing import Any, cast

from aiosmtpd.controller import Controller

from tools.ports import free_port

ARRIVED = "250 OK"


class MailServer:
    """Keeps what arrived. ``plan`` maps a step (``MAIL``, ``RCPT``, ``DATA``) to what happens there.

    An answer such as ``451 later`` is given as it is; ``hang up`` cuts the connection, ``stall`` never
    answers. At ``DATA`` a message that was hung up on or stalled has arrived all the same. A list is used up
    one by one; then everything works.
    """

    def __init__(self) -> None:
        self.arrived: list[EmailMessage] = []
        self.raw: list[bytes] = []
        self.plan: dict[str, list[str]] = {}
        self.connections = 0
        self.port = 0
        self._came = threading.Condition()

    def wait_for(self, count: int, seconds: float = 30) -> bool:
        """Whether so many messages arrive within that time."""
        with self._came:
            return self._came.wait_for(lambda: len(self.arrived) >= count, seconds)

    def wait_for_one(self, words: str, seconds: float = 30) -> bool:
        """Whether a message that holds these words arrives within that time."""
        with self._came:
            return self._came.wait_for(lambda: any(words in text for text in self.texts()), seconds)

    def texts(self) -> list[str]:
        """The plain text of each message that arrived."""
        return [
            cast(EmailMessage, one.get_body(("plain",))).get_content().replace("\r\n", "\n") for one in self.arrived
        ]

    async def _step(self, server: Any, name: str) -> str | None:
        todo = self.plan.get(name)
        what = todo.pop(0) if todo else ""
        if what == "hang up":
            server.transport.abort()
            return "421 gone"
        if what == "stall":
            await asyncio.Event().wait()
        return what or None

    async def handle_EHLO(self, server: Any, session: Any, envelope: Any, hostname: str, responses: Any) -> Any:
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        refused = await self._step(server, "MAIL")
        envelope.mail_from = address
        return refused or "250 OK"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        refused = await self._step(server, "RCPT")
        envelope.rcpt_tos.append(address)
        return refused or "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        planned = self.plan.get("DATA", [""])[:1]
        if planned in ([], [""], ["hang up"], ["stall"]):
            with self._came:
                self.raw.append(envelope.content)
                self.arrived.append(cast(EmailMessage, email.message_from_bytes(envelope.content, policy=default)))
                self._came.notify_all()
        return await self._step(server, "DATA") or ARRIVED


@contextmanager
def mail_server(**options: Any) -> Iterator[MailServer]:
    """A running server; ``options`` are those of aiosmtpd's SMTP class."""
    handler = MailServer()
    handler.port = free_port()
    controller = Controller(handler, hostname="127.0.0.1", port=handler.port, ready_timeout=20, **options)
    controller.start()
    try:
        yield handler
    finally:
        controller.stop()


def certificate(folder: Any, host: str = "127.0.0.1") -> tuple[str, ssl.SSLContext]:
    """A self-signed certificate for the loopback address: the file to trust, and the server's context."""
    from datetime import UTC, datetime, timedelta
    from ipaddress import ip_address

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(host))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    trusted, private = folder / "trusted.pem", folder / "private.pem"
    trusted.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(str(trusted), str(private))
    return str(trusted), context
