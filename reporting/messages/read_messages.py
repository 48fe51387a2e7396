"""Messages that did not get through, or may not have, in words that people can act on."""

from dataclasses import dataclass
from datetime import datetime

from reporting.domain.actors import Actor
from reporting.domain.message_kinds import PATIENT_CODES, kind_of
from reporting.records import outbox
from reporting.records.engine import reading
from reporting.records.tables import Clinic
from reporting.security.permissions import may, require
from reporting.security.scope import Scope
from reporting.settings import settings

CHANNELS = {"email": "E-mail", "sms": "Text message"}
REASONS = {
    "address_refused": "The mail server says that this address does not take messages.",
    "bad_address": "The address cannot be written to: it is probably mistyped.",
    "refused": "The other side refused this message. The address or number is probably wrong.",
    "sender_refused": "The mail server does not accept our sender address. Check the settings.",
    "sign_in_refused": "The server did not let us in. Check its address, user and password in the settings.",
    "no_connection": "The server could not be reached.",
    "no_encryption": "The mail server offers no encryption that we can trust, so nothing was handed over.",
    "lost_before": "The connection broke before the message was handed over.",
    "lost_after": "The connection broke after the message was handed over. It may have arrived.",
    "interrupted": "The application was stopped while handing the message over. It may have arrived.",
    "too_many": "The gateway took no more messages.",
    "expired": "It could not be delivered while it was of use.",
    "cannot_decrypt": "The address cannot be read with the present key. Check REPORTING_ENCRYPTION_KEY.",
    "unreadable": "The message could not be put together.",
    "invalid_input": "The text does not fit into a text message. Choose a shorter name in the clinic's settings.",
}
OTHER = "It could not be delivered."


@dataclass(frozen=True)
class Trouble:
    """A message that a person should look at. ``may_have_arrived``: sending it again may deliver it twice."""

    message_id: int
    kind: str
    channel: str
    patient_reference: str
    treatment_id: int | None
    written_at: datetime
    attempts: int
    reason: str
    may_have_arrived: bool
    can_be_sent_again: bool


@dataclass(frozen=True)
class Messages:
    """The list with what stands above it. ``ways_out``: channel to whether it is set up."""

    trouble: tuple[Trouble, ...]
    waiting: int
    sent: int
    ways_out: dict[str, bool]
    timezone: str


def _reason(code: str) -> str:
    return REASONS.get(code.split(" ")[0], OTHER)


def messages(by: Actor) -> Messages:
    """Messages of the actor's clinic that are dead or unsure, newest first. The front desk sees those to patients.

    Raises NotAllowed.
    """
    require(by, "message.manage")
    clinic_id = Scope.of(by).clinic_id
    kinds = None if may(by, "worklist.read") else PATIENT_CODES
    with reading() as session:
        found, counts = outbox.in_trouble(session, clinic_id, kinds), outbox.counts(session, clinic_id)
        clinic = session.get(Clinic, by.clinic_key)
    trouble = tuple(
        Trouble(
            message_id=row.id,
            kind=kind_of(row.kind).name,
            channel=CHANNELS.get(row.channel, row.channel),
            patient_reference=reference,
            treatment_id=row.payload.get("treatment"),
            written_at=row.created_at,
            attempts=row.attempts,
            reason=_reason(row.last_error),
            may_have_arrived=row.status == "unsure",
            can_be_sent_again=bool(row.payload) and kind_of(row.kind).patience.useful_for is None,
        )
        for row, reference in found
    )
    of = settings()
    return Messages(
        trouble=trouble,
        waiting=counts.get("waiting", 0) + counts.get("sending", 0),
        sent=counts.get("sent", 0),
        ways_out={"E-mail": bool(of.smtp_host and of.smtp_from), "Text messages": bool(of.sms_url)},
        timezone=clinic.timezone if clinic else "UTC",
    )
