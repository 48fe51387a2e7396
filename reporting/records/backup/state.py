"""When the last backup was taken that opens: as the trail has it."""

from datetime import datetime

from sqlmodel import Session, col, select

from reporting.records.tables import AuditEvent

ABOUT, TAKEN = "backup", "backup.taken"


def last_good(session: Session) -> datetime | None:
    """When it was written down; None where there was never one. By the index of the records."""
    found = session.exec(
        select(AuditEvent.at)
        .where(AuditEvent.record_kind == ABOUT, AuditEvent.action == TAKEN)
        .order_by(col(AuditEvent.sequence).desc())
        .limit(1)
    )
    return found.first()
