"""Looks into the audit trail of one clinic, newest first, a page at a time."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select
from sqlalchemy import select as rows_of
from sqlmodel import Session, col

from reporting.records.tables import AuditEvent

NEWEST = 5_000
"""Rows that are looked through for what can be searched for: all of them would be too many at a large clinic."""


def _wanted(
    clinic_id: int, begin: datetime, end: datetime, who: str, action: str, record_kind: str, record_id: str
) -> Select[Any]:
    """``action`` is a whole one, or ends with a dot for all that begin so; ``who`` a part of the name."""
    statement = rows_of(AuditEvent).where(
        col(AuditEvent.clinic_id) == clinic_id, col(AuditEvent.at) >= begin, col(AuditEvent.at) < end
    )
    if who:
        statement = statement.where(col(AuditEvent.actor_label).icontains(who, autoescape=True))
    if action.endswith("."):
        statement = statement.where(col(AuditEvent.action).startswith(action, autoescape=True))
    elif action:
        statement = statement.where(col(AuditEvent.action) == action)
    if record_kind:
        statement = statement.where(col(AuditEvent.record_kind) == record_kind)
    if record_id:
        statement = statement.where(col(AuditEvent.record_id) == record_id)
    return statement


def found(
    session: Session,
    clinic_id: int,
    begin: datetime,
    end: datetime,
    *,
    who: str = "",
    action: str = "",
    record_kind: str = "",
    record_id: str = "",
    skip: int = 0,
    most: int,
) -> Sequence[AuditEvent]:
    """Rows from ``begin`` to before ``end``, newest first, at most ``most`` after the first ``skip``."""
    statement = _wanted(clinic_id, begin, end, who, action, record_kind, record_id)
    return (
        session.execute(
            statement.order_by(col(AuditEvent.at).desc(), col(AuditEvent.sequence).desc()).offset(skip).limit(most)
        )
        .scalars()
        .all()
    )


def kinds(session: Session, clinic_id: int) -> tuple[list[str], list[str]]:
    """Actions and kinds of records among the newest rows of the clinic, by name."""
    rows = session.execute(
        rows_of(col(AuditEvent.action), col(AuditEvent.record_kind))
        .where(col(AuditEvent.clinic_id) == clinic_id)
        .order_by(col(AuditEvent.at).desc(), col(AuditEvent.sequence).desc())
        .limit(NEWEST)
    ).all()
    return sorted({row[0] for row in rows}), sorted({row[1] for row in rows})
