"""The sender: claims a message, hands it over, notes what became of it. Once, or a person is told.

From a row of the outbox to the message itself: addresses are read here, and every condition once more.
"""

import random
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from html import escape
from types import TracebackType
from typing import Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from reporting.clock import now
from reporting.domain import messages
from reporting.domain import reminders as rules
from reporting.domain.actors import Actor
from reporting.domain.guidance import emergency_words
from reporting.domain.language import languages
from reporting.domain.message_kinds import CASE_NOTICE, PATIENT_CODES, REMINDER, kind_of
from reporting.domain.messages import STUCK_AFTER, retry_after
from reporting.errors import Conflict, NotFound, Problem
from reporting.notify import sms
from reporting.notify.email import Email, Mailer
from reporting.notify.handed_over import HandedOver, channels
from reporting.notify.sms import Sms
from reporting.records import audit, clinic_facts, due_check_ins, outbox
from reporting.records.engine import Session, reading, transaction
from reporting.records.tables import Clinic, OutboxMessage, Patient, StaffAccount, TriageCase, id_of
from reporting.security.encryption import decrypt
from reporting.security.permissions import may
from reporting.security.scope import own
from reporting.security.tokens import hash_token, mail_id, reminder_token, unsubscribe_token
from reporting.settings import settings
from reporting.shell.pages import Plain


@dataclass(frozen=True)
class Held:
    """Why a message does not leave now: never (``cancelled``, ``dead``), or not before ``until``."""

    status: Literal["waiting", "cancelled", "dead"]
    reason: str
    until: datetime | None = None


def message(session: Session, row: OutboxMessage, at: datetime) -> Email | Sms | Held:
    """The message of that row, or why it is held. Nothing in it is kept anywhere."""
    useful_for = kind_of(row.kind).patience.useful_for
    if useful_for is not None and row.created_at + useful_for <= at:
        return Held("dead", "expired")
    if kind_of(row.kind) is CASE_NOTICE and not _is_waiting(session, row):
        return Held("cancelled", "taken")
    try:
        return _reminder(session, row, at) if kind_of(row.kind) is REMINDER else _plain(session, row)
    except Problem as problem:
        return Held("dead", problem.code)
    except (LookupError, TypeError, ValueError):  # one row that cannot be read must not hold up all others
        return Held("dead", "unreadable")


def _is_waiting(session: Session, row: OutboxMessage) -> bool:
    """Whether nobody has taken the case yet: who is on call is not woken for one that somebody has."""
    case = session.get(TriageCase, row.case_id)
    return case is not None and case.state == "new"


def _base() -> str:
    return settings().base_url.rstrip("/")


def _email(row: OutboxMessage, to: str, sender: str, subject: str, text: str, **more: str) -> Email:
    host = urlsplit(_base()).hostname or "localhost"
    return Email(
        to=to,
        sender_name=sender,
        subject=subject,
        text=text,
        at=row.created_at,
        message_id=f"<{mail_id(row.idempotency_key)}@{host}>",
        **more,
    )


def _sms(row: OutboxMessage, to: str, text: str) -> Sms:
    return Sms(to, text, mail_id(row.idempotency_key))


def _plain(session: Session, row: OutboxMessage) -> Email | Sms | Held:
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


def _staff_address(session: Session, row: OutboxMessage) -> str:
    key = row.staff_id or row.payload.get("staff_id")
    account = session.get(StaffAccount, key) if key else None
    return account.email if account is not None and account.is_active else ""


def _reminder(session: Session, row: OutboxMessage, at: datetime) -> Email | Sms | Held:
    treatment_id, due_day = int(row.payload["treatment"]), int(row.payload["due_day"])
    patient = session.get_one(Patient, row.patient_id)
    person = due_check_ins.people(session, [id_of(patient)], without=row.id)[0]
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
    gone = [
        rules.local_day(one.at, person.timezone)
        for one in person.written
        if one.status in ("sent", "sending", "unsure")
    ]
    if rules.within_limits(due_day, gone, today):
        return None
    opens = time.fromisoformat(person.opens)
    return datetime.combine(today + timedelta(days=1), opens, ZoneInfo(person.timezone))


def _link(session: Session, treatment_id: int, at: datetime) -> str:
    """The reminders' own link of the open invitation; its hash is kept so that it opens the same."""
    invitation = due_check_ins.open_invitation(session, treatment_id, at)
    assert invitation is not None, "nobody is reminded of a treatment without one"
    token = reminder_token(id_of(invitation), invitation.token_hash)
    if invitation.reminder_hash != hash_token(token):
        due_check_ins.keep_link(session, id_of(invitation), hash_token(token))
    return f"{_base()}{Plain.LINK}{token}"


def _reminder_sms(row: OutboxMessage, patient: Patient, clinic: Clinic, link: str) -> Sms:
    name = messages.sender_name(clinic.message_name, clinic.name, patient.language)
    text = messages.sms_text("sms_reminder", patient.language, name=name, link=link)
    return _sms(row, decrypt(patient.phone_encrypted or ""), text)


def _reminder_email(row: OutboxMessage, patient: Patient, clinic: Clinic, link: str) -> Email:
    name = messages.sender_name(clinic.message_name, clinic.name, patient.language)
    where = clinic_facts.place_of(clinic, patient)
    words = messages.email_text(
        patient.language,
        name=name,
        telephone=clinic.telephone,
        emergency=emergency_words(where.emergency_telephone, patient.language),
        out_of_hours=(where.out_of_hours_name, where.out_of_hours_telephone),
    )
    stop = f"{_base()}{Plain.UNSUBSCRIBE}/{unsubscribe_token(id_of(row))}"
    text = f"{words.opening}\n\n{link}\n\n{words.help}\n\n--\n{words.stop}: {stop}\n"
    language = patient.language if patient.language in languages() else "en"
    return _email(
        row,
        decrypt(patient.email_encrypted or ""),
        name,
        words.subject,
        text,
        language=language,
        html=_html(words, link, stop, language),
        unsubscribe_url=stop,
    )


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


PAUSE = timedelta(minutes=1)
"""Nothing else goes to a server that does not answer, or says that it has too much to do, for so long."""


@dataclass
class Sender:
    """Sends what is due. Kept between runs, it remembers which way out is closed for the moment."""

    draw: Callable[[], float] = random.random
    paused: dict[str, datetime] = field(default_factory=dict)
    _mailer: Mailer = field(default_factory=Mailer)

    def __enter__(self) -> "Sender":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._mailer.__exit__(kind, error, trace)

    def run(self, *, go_on: Callable[[], bool] = lambda: True, most: int = sys.maxsize) -> Counter[str]:
        """Send what is due now, at most so many. Returns how many became what: ``sent``, ``dead``, ``unsure``, …"""
        done: Counter[str] = Counter()
        if not self._has_work():
            return done
        with transaction() as session:
            done["unsure"] += outbox.flag_stuck(session, now() - STUCK_AFTER)
        while go_on() and done.total() < most and (became := self._one()) is not None:
            done[became] += 1
        self._mailer.__exit__(None, None, None)
        self._mailer = Mailer()
        return +done

    def _open(self) -> list[str]:
        return [channel for channel in channels() if self.paused.get(channel, now()) <= now()]

    def _has_work(self) -> bool:
        with reading() as session:
            return outbox.has_work(session, now(), self._open(), now() - STUCK_AFTER)

    def _one(self) -> str | None:
        """The next message; what became of it, or None when nothing is due."""
        with transaction() as session:
            row = outbox.next_waiting(session, now(), self._open())
            if row is None:
                return None
            ready = message(session, row, now())
            if isinstance(ready, Held):
                return _hold(session, row, ready)
            row.status, row.claimed_at, row.attempts = "sending", now(), row.attempts + 1
            session.add(row)
        outcome = self._mailer.send(ready) if isinstance(ready, Email) else sms.send(ready)
        return self._note(row, outcome)

    def _note(self, row: OutboxMessage, outcome: HandedOver) -> str:
        values = _values(row, outcome, self.draw())
        if outcome.channel_down:
            self.paused[row.channel] = now() + max(PAUSE, timedelta(seconds=outcome.retry_after_s))
        with transaction() as session:
            outbox.mark(session, id_of(row), row.claimed_at or now(), **values)
        return "retry" if values["status"] == "waiting" else str(values["status"])


def _hold(session: Session, row: OutboxMessage, held: Held) -> str:
    row.status, row.last_error = held.status, held.reason
    row.next_attempt_at = held.until or row.next_attempt_at
    if held.status == "dead":
        row.payload = _kept(row, "dead")
    session.add(row)
    return "later" if held.status == "waiting" else held.status


def _kept(row: OutboxMessage, status: str) -> dict[str, Any]:
    """A reminder holds no secret. Any other message is forgotten once sent; a code also when it is of no use."""
    kind = kind_of(row.kind)
    over = status == "sent" or (status != "waiting" and kind.is_secret)
    return {} if over and not kind.is_composed_late else row.payload


def _values(row: OutboxMessage, outcome: HandedOver, draw: float) -> dict[str, Any]:
    """Columns of the row after this outcome."""
    status, wait = outcome.result, None
    if outcome.result == "retry":
        wait = retry_after(row.kind, row.attempts, draw, at_least_s=outcome.retry_after_s)
        status = "dead" if wait is None else "retry"
    final = "waiting" if status == "retry" else status
    values: dict[str, Any] = {
        "status": final,
        "last_error": outcome.reason,
        "provider_id": outcome.provider_id,
        "payload": _kept(row, final),
    }
    if wait is not None:
        values["next_attempt_at"] = now() + wait
    if final == "sent":
        values["sent_at"] = now()
    return values


def _of_trouble(session: Session, by: Actor, message_id: int) -> OutboxMessage:
    row = own(session, OutboxMessage, message_id, by, "message.manage", lock=True)
    if row.kind not in PATIENT_CODES and not may(by, "worklist.read"):
        raise NotFound()
    if row.status not in ("dead", "unsure"):
        raise Conflict("Somebody has dealt with this message already.")
    return row


def resend(*, by: Actor, message_id: int) -> None:
    """Let a message that is dead or unsure leave again; one that had arrived after all may arrive twice.

    Its Message-ID stays, so that mail programs show it once. Conditions are asked again before it leaves.
    Raises NotFound, NotAllowed, Conflict.
    """
    with transaction() as session:
        row = _of_trouble(session, by, message_id)
        if not kind_of(row.kind).is_composed_late and not row.payload:
            raise Conflict(
                "The words of this message are gone.", what_to_do="Ask for a new one, then mark it as handled."
            )
        before, row.status, row.attempts, row.next_attempt_at = row.status, "waiting", 0, now()
        session.add(row)
        outbox.wake(session)
        audit.write(session, by, "message.resent", "message", row.id, clinic_id=row.clinic_id, before=before)


def mark_handled(*, by: Actor, message_id: int) -> None:
    """Take a message off the list: somebody dealt with it in another way. Raises NotFound, NotAllowed, Conflict."""
    with transaction() as session:
        row = _of_trouble(session, by, message_id)
        before, row.status, row.last_error = row.status, "cancelled", f"handled {row.status} {row.last_error}"[:200]
        row.payload = row.payload if kind_of(row.kind).is_composed_late else {}
        session.add(row)
        audit.write(session, by, "message.handled", "message", row.id, clinic_id=row.clinic_id, before=before)
