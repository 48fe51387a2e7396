"""The audit trail: every action's row is sealed with the key and hashed together with the one before it.

The newest hash also goes into a file beside the data after each commit (``trail.head_file``), and at each append the
file is held against the table: rows that were cut off or written anew are a finding, which stays on record and stops
nobody. What a row tells beside who, what and when are codes, ids and numbers: nobody's words.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, update
from sqlalchemy import select as rows_of
from sqlmodel import Session, select

from reporting.clock import now
from reporting.domain.actors import SYSTEM, Actor
from reporting.records.engine import after_commit, before_commit
from reporting.records.tables import AuditEvent, AuditHead
from reporting.records.trail import head_file
from reporting.records.trail.findings import Finding
from reporting.records.trail.seal import seal

_HEAD: Any = AuditHead.__table__  # type: ignore[attr-defined]
_EVENTS: Any = AuditEvent.__table__  # type: ignore[attr-defined]
_COLUMNS = tuple(_EVENTS.columns.keys())
_TAKE_NUMBERS = (
    update(_HEAD).values(sequence=_HEAD.c.sequence + bindparam("more")).returning(_HEAD.c.sequence, _HEAD.c.hash)
)
"""Takes the lock on the head until the transaction ends."""
_LOCK = update(_HEAD).values(sequence=_HEAD.c.sequence)
_WAITING = "audit rows of this transaction"
_APPEND = insert(_EVENTS)
_KEEP_HASH = update(_HEAD).values(hash=bindparam("newest"))
_ROW_AT = rows_of(_EVENTS.c.hash, _EVENTS.c.sealed_with).where(_EVENTS.c.sequence == bindparam("number"))

ABOUT = "audit_trail"
"""Kind of record of the rows that the trail has about itself."""


def write(
    session: Session,
    by: Actor,
    action: str,
    record_kind: str,
    record_id: object,
    *,
    clinic_id: int | None = None,
    at: datetime | None = None,
    **details: Any,
) -> None:
    """Append one row to the chain, in the caller's transaction. ``details`` must be plain JSON values.

    It is appended as the last thing before the commit: the head of the chain is a lock that all writers share, and
    whoever took it in the midst of their work could wait for another lock while its holder waits for this one.
    """
    session.flush()
    event = _event(by, action, record_kind, str(record_id), clinic_id, at, details)
    if _WAITING not in session.info:
        session.info[_WAITING] = []
        before_commit(lambda: _append(session))
    session.info[_WAITING].append(event)


def lock(session: Session) -> None:
    """Nobody else commits a row of the trail until the transaction ends. For what must happen once in a database; the
    counter of outcomes must not be taken after it."""
    session.connection().execute(_LOCK)


def _event(
    by: Actor,
    action: str,
    kind: str,
    record_id: str,
    clinic_id: int | None,
    at: datetime | None,
    details: dict[str, Any],
) -> AuditEvent:
    return AuditEvent(
        sequence=0,
        at=at or now(),
        clinic_id=clinic_id if clinic_id is not None else by.clinic_id,
        actor_kind=by.kind,
        actor_id=by.id,
        actor_label=by.label,
        action=action,
        record_kind=kind,
        record_id=record_id,
        details=details,
        previous_hash="",
        hash="",
    )


def _append(session: Session) -> None:
    """Chain the rows that wait, in the order of writing, once the head file was held against the table."""
    session.flush()
    events: list[AuditEvent] = session.info.pop(_WAITING)
    connection = session.connection()

    def row_at(number: int) -> tuple[str, str] | None:
        found = connection.execute(_ROW_AT, {"number": number}).one_or_none()
        return None if found is None else (found.hash, found.sealed_with)

    newest, digest = connection.execute(_TAKE_NUMBERS, {"more": len(events)}).one()
    doubt = head_file.doubt(newest - len(events), digest, row_at)
    if doubt is not None and not head_file.is_told(doubt):
        newest = connection.execute(_TAKE_NUMBERS, {"more": 1}).one().sequence
        events.insert(0, _found(doubt))
    for sequence, event in enumerate(events, start=newest - len(events) + 1):
        digest = seal(event, sequence, digest)
    connection.execute(_APPEND, [{name: getattr(event, name) for name in _COLUMNS} for event in events])
    connection.execute(_KEEP_HASH, {"newest": digest})
    settles = any(event.action == SETTLED for event in events)
    after_commit(lambda: head_file.keep(newest, digest, doubt, settled=settles))


FOUND, SETTLED = "trail.found", "trail.settled"


def _found(doubt: Finding) -> AuditEvent:
    """The row that says so for ever."""
    told = {"row": doubt.sequence, "remembered": doubt.hash}
    return _event(SYSTEM, FOUND, ABOUT, doubt.code, None, None, told)


def was_written(
    session: Session, by: Actor, action: str, record_kind: str, record_id: object, *, since: datetime
) -> bool:
    """Whether this actor has such a row for this record since then: for looks that repeat by themselves."""
    found = session.exec(
        select(AuditEvent.sequence)
        .where(
            AuditEvent.record_kind == record_kind,
            AuditEvent.record_id == str(record_id),
            AuditEvent.action == action,
            AuditEvent.actor_kind == by.kind,
            AuditEvent.actor_id == by.id,
            AuditEvent.at > since,
        )
        .limit(1)
    )
    return found.first() is not None
