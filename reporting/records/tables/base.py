"""Pieces that every table shares.

Column types that behave the same on SQLite and PostgreSQL.
"""

import json
from datetime import UTC, datetime
from typing import Any, Protocol

from sqlalchemy import JSON, BigInteger, CheckConstraint, DateTime, Dialect, Integer, String
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field

from reporting.clock import now
from reporting.security.encryption import decrypt, encrypt


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


class Sealed(TypeDecorator[str]):
    """Somebody's own words: unreadable in the database without the key. Nothing and the empty text stay as they are,
    so that a statement can still ask whether there are any; what they say, no statement can ask."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return encrypt(value) if value else value

    def process_result_value(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002
        return decrypt(value) if value else value


class AfterCode(TypeDecorator[str]):
    """A code, which statements may read, and after a colon somebody's own words as ``encrypt`` gave them."""

    impl = String
    cache_ok = True


class SealedJson(TypeDecorator[Any]):
    """JSON that holds somebody's own words: all of it unreadable without the key. Nothing in it stays as it is."""

    impl = JSON
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:  # noqa: ARG002
        return encrypt(json.dumps(value, ensure_ascii=False)) if value else value

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:  # noqa: ARG002
        return json.loads(decrypt(value)) if isinstance(value, str) else value


class SealedWithin(TypeDecorator[dict[str, Any]]):
    """JSON of codes and numbers, which statements may read, in which some names hold somebody's own words: those are
    kept as ``NAME_encrypted``."""

    impl = JSON
    cache_ok = True

    def __init__(self, *names: str) -> None:
        super().__init__()
        self.names = names

    def coerce_compared_value(self, op: Any, value: Any) -> Any:
        return self.impl_instance.coerce_compared_value(op, value)

    def process_bind_param(self, value: dict[str, Any] | None, dialect: Dialect) -> Any:  # noqa: ARG002
        if not value:
            return value
        hidden = {f"{name}_encrypted": encrypt(str(value[name])) for name in self.names if value.get(name)}
        return {name: each for name, each in value.items() if name not in self.names} | hidden

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:  # noqa: ARG002
        if not value:
            return value
        hidden = {name: f"{name}_encrypted" for name in self.names if f"{name}_encrypted" in value}
        kept = {name: each for name, each in value.items() if name not in hidden.values()}
        return kept | {name: decrypt(value[there]) for name, there in hidden.items()}


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


def sealed(default: Any = "", **named: Any) -> Any:
    """A column for somebody's own words."""
    return Field(default=default, sa_type=Sealed, nullable=default is None, **named)


def sealed_json() -> Any:
    """A JSON column that holds somebody's own words and is never null."""
    return Field(default_factory=dict, sa_type=SealedJson, nullable=False)


def json_with_words(*names: str) -> Any:
    """A JSON column that is never null, and keeps somebody's own words under these names sealed."""
    return Field(default_factory=dict, sa_type=SealedWithin(*names), nullable=False)


def one_of(column: str, *allowed: str, name: str) -> CheckConstraint:
    """Only these words, or null where the column allows it."""
    words = ", ".join(f"'{word}'" for word in allowed)
    return CheckConstraint(f"{column} IN ({words})", name=name)


def between(column: str, low: float, high: float, *, name: str) -> CheckConstraint:
    """Only values from ``low`` to ``high``, or null where the column allows it."""
    return CheckConstraint(f"{column} BETWEEN {low} AND {high}", name=name)


Moment = datetime
