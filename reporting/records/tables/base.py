"""Pieces that every table shares.

Column types that behave the same on SQLite and PostgreSQL.
"""

from datetime import UTC, datetime
from typing import Any, Protocol

from sqlalchemy import JSON, BigInteger, CheckConstraint, DateTime, Dialect, Integer
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field

from reporting.clock import now


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment, kept and returned in UTC. A naive one is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs a time zone")
        aware = value.astimezone(UTC)
        return aware.replace(tzinfo=None) if dialect.name == "sqlite" else aware

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        kept: datetime = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
        return kept


BigKey = BigInteger().with_variant(Integer(), "sqlite")
"""A 64-bit key; SQLite only numbers rows by itself when the column is called INTEGER."""


def key() -> Any:
    """A 64-bit primary key numbered by the database."""
    return Field(default=None, primary_key=True, sa_type=BigKey)


class Numbered(Protocol):
    """A row with a key of its own; the database gives it when the row is written."""

    @property
    def id(self) -> int | None: ...


def id_of(row: Numbered) -> int:
    """The key of a row that is written. Raises ValueError for one that is not: no other row is ever meant by it."""
    if row.id is None:
        raise ValueError(f"a {type(row).__name__} that is not written yet has no id")
    return row.id


def ref(table: str, *, nullable: bool = False, index: bool = False) -> Any:
    """A foreign key to ``table.id``."""
    return Field(
        default=None if nullable else ...,
        foreign_key=f"{table}.id",
        sa_type=BigKey,
        nullable=nullable,
        index=index,
    )


def moment(*, nullable: bool = True) -> Any:
    """An aware UTC moment; without ``nullable`` it defaults to now."""
    if nullable:
        return Field(default=None, sa_type=UtcDateTime, nullable=True)
    return Field(default_factory=now, sa_type=UtcDateTime, nullable=False)


def json_object(default: Any = dict, *, server_default: str | None = None) -> Any:
    """A JSON column that is never null."""
    return Field(
        default_factory=default, sa_type=JSON, nullable=False, sa_column_kwargs={"server_default": server_default}
    )


def one_of(column: str, *allowed: str, name: str) -> CheckConstraint:
    """Only these words, or null where the column allows it."""
    words = ", ".join(f"'{word}'" for word in allowed)
    return CheckConstraint(f"{column} IN ({words})", name=name)


def between(column: str, low: float, high: float, *, name: str) -> CheckConstraint:
    """Only values from ``low`` to ``high``, or null where the column allows it."""
    return CheckConstraint(f"{column} BETWEEN {low} AND {high}", name=name)


Moment = datetime
