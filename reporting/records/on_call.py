"""Statements about who is on call, and what they are told: each step once, in the transaction that gives cause for it.

A step is a number of the case (``notices``) and stands in the keys of its messages, so that two processes, or one that
was killed and started again, write it once.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlmodel import Session, col

from reporting.domain.case_work import LOOK_AGAIN_MINUTES, OnCall, on_duty
from reporting.domain.message_kinds import CASE_NOTICE, SIGN_IN_REFUSED, Channel
from reporting.domain.messages import NAME_CHARACTERS, for_gsm, sender_name
from reporting.records import outbox
from reporting.records.tables import CaseEvent, Clinic, OnCallEntry, OutboxMessage, TriageCase, id_of
from reporting.settings import settings

SUBJECTS = {"emergency": "EMERGENCY case: take it by {by}", "same_day": "Same-day case: take it by {by}"}
BODY = (
    "{subject}.\n\nOpen the worklist and take it: {link}\n\n"
    "If nobody takes it within {minutes} minutes the next person is told. "
    "This message says nothing about the patient on purpose."
)


def entries(session: Session, clinic_id: int) -> list[OnCallEntry]:
    """The on-call list of a clinic, in its order."""
    return list(
        session.execute(
            select(OnCallEntry)
            .where(col(OnCallEntry.clinic_id) == clinic_id)
            .order_by(col(OnCallEntry.place), col(OnCallEntry.id))
        ).scalars()
    )


def ways(session: Session, clinic_id: int) -> set[str]:
    """By which channels anybody on the list can be told at all."""
    has = {"sms": "phone_encrypted", "email": "email_encrypted"}
    rows = entries(session, clinic_id)
    return {channel for channel, column in has.items() if any(getattr(row, column) for row in rows)}


def duty(session: Session, clinic: Clinic, at: datetime) -> list[OnCallEntry]:
    """Those of the list who are on duty at that moment, in their order."""
    rows = {id_of(row): row for row in entries(session, id_of(clinic))}
    people = [OnCall(key, row.hours, row.wait_minutes) for key, row in rows.items()]
    return [rows[one.entry_id] for one in on_duty(people, at, clinic.timezone)]


def tell_next(session: Session, case: TriageCase, at: datetime) -> OnCallEntry | None:
    """Write the messages of the next step: to the next person on duty since the newest report, then from the first on.

    Returns whom; None where nobody is on duty, and the list is looked at again soon. A clinic without a list is left
    alone.
    """
    clinic = session.get_one(Clinic, case.clinic_id)
    people = duty(session, clinic, at)
    if not people:
        has_list = bool(entries(session, case.clinic_id))
        case.next_notice_at = at + timedelta(minutes=LOOK_AGAIN_MINUTES) if has_list else None
        session.add(case)
        return None
    person = people[_told_since_report(session, case) % len(people)]
    case.notices += 1
    case.next_notice_at = at + timedelta(minutes=person.wait_minutes)
    session.add(case)
    channels = _write(session, case, clinic, person)
    session.add(
        CaseEvent(
            clinic_id=case.clinic_id,
            case_id=id_of(case),
            at=at,
            kind="on_call",
            details={"step": case.notices, "name": person.name, "channels": channels},
        )
    )
    session.flush()
    return person


def _told_since_report(session: Session, case: TriageCase) -> int:
    of_case = col(CaseEvent.case_id) == case.id
    reports = col(CaseEvent.kind).in_(("opened", "new_report"))
    newest = select(func.coalesce(func.max(col(CaseEvent.id)), 0)).where(of_case, reports).scalar_subquery()
    told = select(func.count()).where(of_case, col(CaseEvent.kind) == "on_call", col(CaseEvent.id) > newest)
    return int(session.execute(told).scalar_one())


def _write(session: Session, case: TriageCase, clinic: Clinic, person: OnCallEntry) -> list[str]:
    due = min(case.due_at, case.contact_due_at).astimezone(ZoneInfo(clinic.timezone))
    by, link = f"{due:%H:%M}", f"{settings().base_url.rstrip('/')}/worklist"
    subject = SUBJECTS[case.level].format(by=by)
    name = sender_name(clinic.message_name, clinic.name)
    words: dict[Channel, dict[str, str]] = {}
    if person.phone_encrypted:
        text = for_gsm(f"{name[:NAME_CHARACTERS]}: {subject}. {link}")
        words["sms"] = {"to_encrypted": person.phone_encrypted, "body": text}
    if person.email_encrypted:
        body = BODY.format(subject=subject, link=link, minutes=person.wait_minutes)
        words["email"] = {"to_encrypted": person.email_encrypted, "subject": subject, "body": body}
    for channel, payload in words.items():
        outbox.add(
            session,
            clinic_id=case.clinic_id,
            kind=CASE_NOTICE,
            channel=channel,
            case_id=id_of(case),
            key=f"{CASE_NOTICE.code}:{case.id}:{case.notices}:{channel}",
            payload=payload,
        )
    return list(words)


class Step(NamedTuple):
    """One message of a step: which step, by which channel, what became of it and why not."""

    case_id: int
    step: int
    channel: str
    status: str
    last_error: str
    sent_at: datetime | None

    @property
    def became(self) -> str:
        """``status``; ``refused`` while the gateway or mail server refuses our sign-in or has no such address, which no
        waiting mends. It is tried again all the same."""
        is_open = self.status in ("waiting", "sending")
        return "refused" if is_open and self.last_error.startswith(SIGN_IN_REFUSED) else self.status


FAILED = ("dead", "unsure", "cancelled", "refused")
"""What a message became that has not reached anybody as far as is known."""


def steps(session: Session, case_ids: Sequence[int]) -> list[Step]:
    """The messages to who is on call about these cases, in the order in which they were written."""
    rows = session.execute(
        select(OutboxMessage)
        .where(col(OutboxMessage.case_id).in_(case_ids), col(OutboxMessage.kind) == CASE_NOTICE.code)
        .order_by(col(OutboxMessage.id))
    ).scalars()
    return [
        Step(row.case_id or 0, _step(row.idempotency_key), row.channel, row.status, row.last_error, row.sent_at)
        for row in rows
    ]


def _step(key: str) -> int:
    return int(key.split(":")[2])


def to_tell(session: Session, at: datetime) -> list[int]:
    """Ids of cases that nobody has taken and whose next person is due, or whose last one could not be reached."""
    waiting = session.execute(
        select(TriageCase)
        .where(col(TriageCase.state) == "new", col(TriageCase.next_notice_at).is_not(None))
        .order_by(col(TriageCase.due_at), col(TriageCase.id))
    ).scalars()
    return [id_of(case) for case in waiting if is_due(session, case, at)]


def is_due(session: Session, case: TriageCase, at: datetime) -> bool:
    """Whether the next person is to be told: the minutes are over, or nothing reached the last one.

    Once everybody on duty was told in vain the minutes count, so that a broken gateway is not asked all the time.
    """
    if case.state != "new" or case.next_notice_at is None:
        return False
    if case.next_notice_at <= at:
        return True
    known = steps(session, [id_of(case)])
    closed = {step.channel for step in known if step.became == "refused"}
    last = [step for step in known if step.step == case.notices]
    has_failed = bool(last) and all(_is_lost(step, closed) for step in last)
    clinic = session.get_one(Clinic, case.clinic_id)
    return has_failed and _told_since_report(session, case) < len(duty(session, clinic, at))


def _is_lost(step: Step, closed: Collection[str]) -> bool:
    """Whether it reached nobody; what only waits for a way out that refuses us will not do so either."""
    return step.became in FAILED or (step.status == "waiting" and step.channel in closed)
