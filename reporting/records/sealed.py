"""What of the database only the key can open: one value of each kind, to hold a key against."""

from sqlalchemy import select
from sqlmodel import SQLModel

from reporting.records.engine import Session


def samples(session: Session) -> tuple[str, ...]:
    """The oldest value of every sealed column that has one, as it is kept: what a key must open to be the right one."""
    found: list[str] = []
    for table in SQLModel.metadata.sorted_tables:
        for column in table.columns:
            if column.name.endswith("_encrypted"):
                oldest = select(column).where(column.is_not(None)).order_by(*table.primary_key.columns).limit(1)
                found += session.execute(oldest).scalars()
    return tuple(found)
