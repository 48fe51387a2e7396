"""From a row of the outbox to the message itself: addresses are read here, and every condition once more."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from html import escape
from typing import Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from reporting.domain import delivery, messages
from reporting.domain import reminders as rules
from reporting.domain.language import languages
from reporting.errors import Problem
from reporting.notify.email import Email
from reporting.notify.sms import Sms
from reporting.security.derived import mail_id, reminder_token, unsubscribe_token
from reporting.security.encryption import decrypt
from reporting.security.tokens import hash_token
from reporting.settings import settings
from reporting.storage import reminders
from reporting.storage.tables import Clinic, OutboxMessage, Patient, StaffAccount


@dataclass(frozen=True)
class Held:
    """Why a message does not leave now: never (``cancelled``, ``dead``), or not before ``until``."""

    status: Literal["waiting", "cancelled", "dead"]
    reason: str
    until: datetime | None = None


def message(session: Any, row: OutboxMessage, at: datetime) -> Email | Sms | Held:
    """The message of that row, or why it is held. Nothing in it is kept anywhere."""
    useful_for = delivery.patience(row.kind).useful_for
    if useful_for is not None and row.created_at + useful_for <= at:
        return Held("dead", "expired")
    try:
        return _reminder(session, row, at) if row.kind == "reminder" else _plain(session, row)
    except Problem as problem:
        return Held("dead", problem.code)
    except (LookupError, TypeError, ValueError):  # one row that cannot be read must not hold up all others
        return Held("dead", "unreadable")


def _base() -> str:
    return settings().base_url.rstrip("/")


def _email(row: OutboxMessage, to: str, sender: str, subject: str, text: str, **more: str) -> Email:
    host = urlsplit(_base()).hostname or "localhost"
    return Email(to=to, sender_name=sender, subject=subject, text=text, at=row.created_at,
                 message_id=f"<{mail_id(row.idempotency_key)}@{host}>", **more)  # fmt: skip


def _sms(row: OutboxMessage, to: str, text: str) -> Sms:
    return Sms(to, text, mail_id(row.idempotency_key))


def _plain(session: Any, row: OutboxMessage) -> Email | Sms | Held:
    """A message whose words were ready when it was written: ``to_encrypted`` or a member of staff, and a body."""
    given = row.payload
    to = decrypt(given["to_encrypted"]) if given.get("to_encrypted") else _staff_address(session, row)
    if not to:
        return Held("cancelled", "no_address")
    body = decrypt(given["body_encrypted"]) if given.get("body_encrypted") else str(given.get("body", ""))
    if row.channel == "sms":
        return _sms(row, to, body)
    clinic = session.get_one(Clinic, row.clinic_id)
    sender = messages.sender_name(clinic.message_name, clinic.name)
    return _email(row, to, sender, str(given.get("subject", "")), body, language=str(given.get("language", "en")))


def _staff_address(session: Any, row: OutboxMessage) -> str:
    key = row.staff_id or row.payload.get("staff_id")
    account = session.get(StaffAccount, key) if key else None
    return account.email if account is not None and account.is_active else ""


def _reminder(session: Any, row: OutboxMessage, at: datetime) -> Email | Sms | Held:
    treatment_id, due_day = int(row.payload["treatment"]), int(row.payload["due_day"])
    patient = session.get_one(Patient, row.patient_id)
    person = reminders.people(session, [patient.id], without=row.id)[0]
    course = next((one for one in person.courses if one.treatment_id == treatment_id), None)
    if reason := rules.why_not(person, course, due_day, row.channel, at):
        return Held("cancelled", reason)
    if until := _not_before(person, due_day, at):
        return Held("waiting", "later", until)
    link = _link(session, treatment_id, at)
    clinic = session.get_one(Clinic, row.clinic_id)
    compose: Callable[..., Email | Sms] = _reminder_sms if row.channel == "sms" else _reminder_email
    return compose(row, patient, clinic, link)


def _not_before(person: rules.Person, due_day: int, at: datetime) -> datetime | None:
    """When it may go out if not now: quiet hours and limits, counted on what really went out."""
    opening = rules.next_opening(person.opens, person.closes, person.timezone, at)
    if opening > at:
        return opening
    today = rules.local_day(at, person.timezone)
    gone = [rules.local_day(one.at, person.timezone) for one in person.written
            if one.status in ("sent", "sending", "unsure")]  # fmt: skip
    if rules.within_limits(due_day, gone, today):
        return None
    opens = time.fromisoformat(person.opens)
    return datetime.combine(today + timedelta(days=1), opens, ZoneInfo(person.timezone))


def _link(session: Any, treatment_id: int, at: datetime) -> str:
    """The reminders' own link of the open invitation; its hash is kept so that it opens the same."""
    invitation = reminders.open_invitation(session, treatment_id, at)
    token = reminder_token(invitation.id or 0, invitation.token_hash)  # type: ignore[union-attr]
    if invitation.reminder_hash != hash_token(token):  # type: ignore[union-attr]
        reminders.keep_link(session, invitation.id or 0, hash_token(token))  # type: ignore[union-attr]
    return f"{_base()}/c/{token}"


def _reminder_sms(row: OutboxMessage, patient: Patient, clinic: Clinic, link: str) -> Sms:
    name = messages.sender_name(clinic.message_name, clinic.name, patient.language)
    text = messages.sms_text("sms_reminder", patient.language, name=name, link=link)
    return _sms(row, decrypt(patient.phone_encrypted or ""), text)


def _reminder_email(row: OutboxMessage, patient: Patient, clinic: Clinic, link: str) -> Email:
    name = messages.sender_name(clinic.message_name, clinic.name, patient.language)
    words = messages.email_text(patient.language, name=name, telephone=clinic.telephone)
    stop = f"{_base()}/unsubscribe/{unsubscribe_token(row.id or 0)}"
    text = f"{words.opening}\n\n{link}\n\n{words.help}\n\n--\n{words.stop}: {stop}\n"
    language = patient.language if patient.language in languages() else "en"
    return _email(
        row, decrypt(patient.email_encrypted or ""), name, words.subject, text, language=language,
        html=_html(words, link, stop, language), unsubscribe_url=stop,
    )  # fmt: skip


def _html(words: messages.EmailText, link: str, stop: str, language: str) -> str:
    """Plain HTML without pictures, styles from elsewhere or anything that reports back."""
    direction = languages()[language].direction
    return (
        f'<!doctype html><html lang="{language}" dir="{direction}"><head><meta charset="utf-8">'
        f"<title>{escape(words.subject)}</title></head><body>"
        f"<p>{escape(words.opening)}</p>"
        f'<p><a href="{escape(link)}">{escape(words.button)}</a></p>'
        f"<p>{escape(words.help)}</p>"
        f'<p><small><a href="{escape(stop)}">{escape(words.stop)}</a></small></p></body></html>'
    )
