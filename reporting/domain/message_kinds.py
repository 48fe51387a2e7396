"""The kinds of messages: what each is called, whom it goes to, how long it is tried. A new kind is added here alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

Channel = Literal["email", "sms"]
SIGN_IN_REFUSED = "sign_in_refused"
"""Why a message waits whose way out refuses our sign-in, or is not at that address: a person must mend it."""


@dataclass(frozen=True)
class Patience:
    """``first``: wait after the first failure; it doubles up to ``longest``. ``useful_for``: after that it is dead."""

    first: timedelta
    longest: timedelta
    most_attempts: int
    useful_for: timedelta | None = None


USUAL = Patience(timedelta(minutes=1), timedelta(hours=2), 10)
"""Ten tries in about six hours."""


@dataclass(frozen=True)
class MessageKind:
    """``code`` is what the outbox stores, ``name`` what staff read. ``is_urgent``: somebody waits for it, so that ten
    thousand reminders must not stand before it. ``is_composed_late``: its words are put together when it leaves, so its
    row holds no secret and is kept. ``is_secret``: its words are forgotten also when it did not get through."""

    code: str
    name: str
    to: Literal["patient", "staff"]
    channels: tuple[Channel, ...] = ("email",)
    patience: Patience = USUAL
    is_urgent: bool = False
    is_composed_late: bool = False
    is_secret: bool = False


REMINDER = MessageKind("reminder", "Reminder of a check-in", "patient", ("email", "sms"), is_composed_late=True)
SECOND_FACTOR_CODE = MessageKind(
    "second_factor_code",
    "Code to open the patient's page",
    "patient",
    # A code is of no use once it has expired.
    patience=Patience(timedelta(seconds=5), timedelta(seconds=60), 10, timedelta(minutes=10)),
    is_urgent=True,
    is_secret=True,
)
SMS_REPLY = MessageKind("sms_reply", "Answer to a text message", "patient", ("sms",), is_urgent=True)
CASE_ESCALATION = MessageKind(
    "case_escalation",
    "News about an overdue case",
    "staff",
    # News that a case is overdue is none a day later.
    patience=Patience(timedelta(minutes=1), timedelta(minutes=30), 20, timedelta(days=1)),
    is_urgent=True,
)
CASE_NOTICE = MessageKind(
    "case_notice",
    "News of an urgent case, to who is on call",
    "staff",
    ("sms", "email"),
    # The next person is told within minutes; what comes a day later is no news.
    patience=Patience(timedelta(seconds=10), timedelta(minutes=2), 10, timedelta(days=1)),
    is_urgent=True,
)
SIGNAL_RAISED = MessageKind("signal_raised", "News about a signal to review", "staff")
MONTHLY_REPORT = MessageKind("monthly_report", "News that the monthly report is ready", "staff")
STAFF_LINK = MessageKind(
    "staff_link",
    "Link to a new password, to a member of staff",
    "staff",
    # Who waits for it asks again after a while.
    patience=Patience(timedelta(seconds=5), timedelta(minutes=2), 20, timedelta(hours=1)),
    is_urgent=True,
    is_secret=True,
)

KINDS: Mapping[str, MessageKind] = {
    kind.code: kind
    for kind in (
        REMINDER,
        SECOND_FACTOR_CODE,
        SMS_REPLY,
        CASE_ESCALATION,
        CASE_NOTICE,
        SIGNAL_RAISED,
        MONTHLY_REPORT,
        STAFF_LINK,
    )
}
PATIENT_CODES = tuple(kind.code for kind in KINDS.values() if kind.to == "patient")
"""Messages to patients: what the front desk may see of them is that an address does not work."""
URGENT_CODES = tuple(kind.code for kind in KINDS.values() if kind.is_urgent)


def kind_of(code: str) -> MessageKind:
    """The kind of a stored message; one that a newer version wrote is a plain message to staff."""
    return KINDS.get(code) or MessageKind(code, "Message", "staff", ("email", "sms"))
