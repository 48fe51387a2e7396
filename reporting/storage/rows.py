"""Many rows of one table in one statement, with the keys that the database gave them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import insert, select
from sqlmodel import Session, SQLModel, col

from reporting.storage.tables import Clinic

CHUNK = 2_000


def add_rows(session: Session, table: type[SQLModel], rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """Insert ``rows`` (same keys in each) and return their ids in the same order."""
    ids: list[int] = []
    for start in range(0, len(rows), CHUNK):
        part = list(rows[start : start + CHUNK])
        statement = insert(table).returning(table.id, sort_by_parameter_order=True)  # type: ignore[attr-defined]
        ids.extend(session.execute(statement, part).scalars())
    return ids


def add_one(session: Session, table: type[SQLModel], **values: Any) -> int:
    """Insert one row and return its id."""
    return add_rows(session, table, [values])[0]


def has_any(session: Session, table: type[SQLModel]) -> bool:
    """Whether the table holds a row."""
    return session.execute(select(table).limit(1)).first() is not None


def all_synthetic(session: Session) -> bool:
    """Whether there are clinics, and every one of them is synthetic."""
    flags: Iterable[bool] = session.execute(select(col(Clinic.is_synthetic))).scalars()
    found = list(flags)
    return bool(found) and all(found)
