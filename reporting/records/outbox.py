"""Statements about messages on their way out. What is written here leaves once, or a person is told.

A sender first marks a row ``sending`` and commits, then hands the message over, then marks what became of
it. Killed in between, the row stays ``sending`` and later becomes ``unsure``: it is never sent again silently.

Statements about text messages that came in.
"""

import threading
from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import event, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col

from reporting.clock import now
from reporting.domain.message_kinds import REMINDER, URGENT_CODES, Channel, MessageKind
from reporting.records.engine import after_commit
from reporting.records.tables import InboundMessage, OutboxMessage, Patient

written = threading.Event()
"""Set once a transaction of this process that wrote a message is committed: the sender need not wait."""
SHOWN = 200


@event.listens_for(OutboxMessage, "after_insert")
def _wake(_mapper: Any, _connection: Any, _row: OutboxMessage) -> None:
    after_commit(written.set)


def wake(_session: Session) -> None:
    """Have the sender look as soon as this transaction is committed."""
    after_commit(written.set)


def add(
    session: Session,
    *,
    clinic_id: int,
    kind: MessageKind,
    key: str,
    channel: Channel | None = None,
    patient_id: int | None = None,
    staff_id: int | None = None,
    case_id: int | None = None,
    due_on: date | None = None,
    payload: dict[str, Any] | None = None,
    not_before: datetime | None = None,
) -> bool:
    """Write a message in the caller's transaction. False when one with that key was written before.

    ``channel``: the first of its kind's unless it is given.
    """
    moment = now()
    row = OutboxMessage(
        clinic_id=clinic_id,
        patient_id=patient_id,
        staff_id=staff_id,
        case_id=case_id,
        channel=channel or kind.channels[0],
        kind=kind.code,
        due_on=due_on,
        payload=payload or {},
        idempotency_key=key,
        next_attempt_at=not_before or moment,
        created_at=moment,
    )
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        return False
    return True


def keys_there(session: Session, keys: Collection[str]) -> set[str]:
    """Which of these messages were written before."""
    found = select(col(OutboxMessage.idempotency_key)).where(col(OutboxMessage.idempotency_key).in_(keys))
    return set(session.execute(found).scalars())


def has_work(session: Session, at: datetime, channels: Collection[str], stuck_before: datetime) -> bool:
    """Whether anything is due or stuck, without locking anything."""
    due = (
        (col(OutboxMessage.status) == "waiting")
        & (col(OutboxMessage.next_attempt_at) <= at)
        & col(OutboxMessage.channel).in_(channels)
    )
    stuck = (col(OutboxMessage.status) == "sending") & (col(OutboxMessage.claimed_at) < stuck_before)
    return any(
        session.execute(select(col(OutboxMessage.id)).where(found).limit(1)).first() is not None
        for found in (due, stuck)
    )


def next_waiting(session: Session, at: datetime, channels: Collection[str]) -> OutboxMessage | None:
    """The message that has been due longest, urgent ones first, locked until the transaction ends.

    Others pass a locked one by.
    """
    due = (
        select(OutboxMessage)
        .where(
            col(OutboxMessage.status) == "waiting",
            col(OutboxMessage.next_attempt_at) <= at,
            col(OutboxMessage.channel).in_(channels),
        )
        .order_by(col(OutboxMessage.next_attempt_at), col(OutboxMessage.id))
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    urgent = session.execute(due.where(col(OutboxMessage.kind).in_(URGENT_CODES))).scalar_one_or_none()
    return urgent or session.execute(due).scalar_one_or_none()


def mark(session: Session, message_id: int, claimed_at: datetime, **values: Any) -> bool:
    """Note what became of a claimed message. False when somebody else decided about it in the meantime.

    A hand-over that took longer than it should was called ``unsure`` meanwhile; the sender knows better.
    """
    done = session.execute(
        update(OutboxMessage)
        .where(
            col(OutboxMessage.id) == message_id,
            col(OutboxMessage.claimed_at) == claimed_at,
            col(OutboxMessage.status).in_(("sending", "unsure")),
        )
        .values(**values)
    )
    return int(done.rowcount) == 1  # type: ignore[attr-defined]


def flag_stuck(session: Session, before: datetime) -> int:
    """Messages whose sender stopped in the middle: nobody knows whether they arrived. Returns how many."""
    done = session.execute(
        update(OutboxMessage)
        .where(col(OutboxMessage.status) == "sending", col(OutboxMessage.claimed_at) < before)
        .values(status="unsure", last_error="interrupted")
    )
    return int(done.rowcount)  # type: ignore[attr-defined]


def cancel(session: Session, patient_ids: Collection[int], channels: Collection[str], reason: str) -> None:
    """Reminders that have not left yet stay here."""
    session.execute(
        update(OutboxMessage)
        .where(
            col(OutboxMessage.patient_id).in_(patient_ids),
            col(OutboxMessage.channel).in_(channels),
            col(OutboxMessage.kind) == REMINDER.code,
            col(OutboxMessage.status) == "waiting",
        )
        .values(status="cancelled", last_error=reason)
    )


def by_id(session: Session, message_id: int, *, lock: bool = False) -> OutboxMessage | None:
    statement = select(OutboxMessage).where(col(OutboxMessage.id) == message_id)
    return session.execute(statement.with_for_update() if lock else statement).scalar_one_or_none()


def in_trouble(session: Session, clinic_id: int | None, kinds: Sequence[str] | None) -> list[tuple[Any, str]]:
    """(message, patient's reference or empty) of what is dead or unsure, newest first; None is every clinic."""
    statement = (
        select(OutboxMessage, func.coalesce(col(Patient.reference), ""))
        .outerjoin(Patient, col(Patient.id) == OutboxMessage.patient_id)
        .where(col(OutboxMessage.status).in_(("dead", "unsure")))
        .order_by(col(OutboxMessage.id).desc())
        .limit(SHOWN)
    )
    if clinic_id is not None:
        statement = statement.where(col(OutboxMessage.clinic_id) == clinic_id)
    if kinds is not None:
        statement = statement.where(col(OutboxMessage.kind).in_(kinds))
    return [(row[0], row[1]) for row in session.execute(statement).all()]


def counts(session: Session, clinic_id: int | None = None) -> dict[str, int]:
    """Number of messages by status."""
    statement = select(col(OutboxMessage.status), func.count()).group_by(col(OutboxMessage.status))
    if clinic_id is not None:
        statement = statement.where(col(OutboxMessage.clinic_id) == clinic_id)
    return {row[0]: int(row[1]) for row in session.execute(statement).all()}


def is_new(session: Session, provider_id: str, phone_hash: str, word: str, at: datetime) -> bool:
    """Keep a message by the gateway's number of it. False when it was delivered before, or is just being."""
    row = InboundMessage(provider_id=provider_id, phone_hash=phone_hash, word=word, received_at=at)
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        return False
    return True
