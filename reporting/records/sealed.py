"""What of the database only the key can open: where it is, one value of each kind, and all of it.

A column is sealed by its type (``records.tables.base``), or its name ends with ``_encrypted`` and its reader opens it.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from sqlalchemy import JSON, Column, String, Table, select, type_coerce
from sqlmodel import SQLModel

from reporting.records.engine import Session
from reporting.records.tables.base import AfterCode, Sealed, SealedJson, SealedWithin

SUFFIX = "_encrypted"


class Place(NamedTuple):
    """A column of a table with one numbered key in which something is sealed."""

    table: Table
    column: Column[Any]

    @property
    def raw(self) -> Any:
        """The column as the database has it."""
        is_json = isinstance(self.column.type, SealedJson | SealedWithin)
        return type_coerce(self.column, JSON() if is_json else String())

    def tokens(self, value: Any) -> Iterator[str]:
        """What of a raw value ``decrypt`` opens."""
        if isinstance(value, dict):
            yield from (each for name, each in value.items() if name.endswith(SUFFIX))
        elif isinstance(self.column.type, AfterCode):
            yield from filter(None, [str(value or "").partition(":")[2]])
        elif value:
            yield value


def is_sealed(column: Column[Any]) -> bool:
    """Whether somebody without the key reads nothing of what people wrote there."""
    return column.name.endswith(SUFFIX) or isinstance(column.type, Sealed | AfterCode | SealedJson | SealedWithin)


def places() -> list[Place]:
    """Every sealed column of every table."""
    tables = SQLModel.metadata.sorted_tables
    return [Place(table, column) for table in tables for column in table.columns if is_sealed(column)]


def samples(session: Session) -> tuple[str, ...]:
    """The oldest value of every sealed column that has one, as it is kept: what a key must open to be the right one."""
    found: list[str] = []
    for place in places():
        if not isinstance(place.column.type, AfterCode | SealedWithin):  # most rows of those hold nothing sealed
            oldest = select(place.raw).where(place.column.is_not(None)).order_by(*place.table.primary_key.columns)
            for value in session.execute(oldest.limit(1)).scalars():
                found += place.tokens(value)
    return tuple(found)
