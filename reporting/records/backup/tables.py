"""Every row of every table, as it is kept, and back: the same on either database.

What is sealed stays sealed: values are taken as the database holds them, not as the application reads them.
"""

import base64
import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time
from types import SimpleNamespace
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Connection,
    Date,
    DateTime,
    Float,
    Integer,
    LargeBinary,
    Numeric,
    String,
    Table,
    Time,
    column,
    insert,
    inspect,
    select,
    table,
    text,
    type_coerce,
    update,
)
from sqlalchemy.types import TypeDecorator, TypeEngine
from sqlmodel import Session, SQLModel

from reporting.clock import now
from reporting.records import tables as _every_table  # noqa: F401
from reporting.records.engine import engine, is_sqlite
from reporting.records.tables import Invitation, SignInSession
from reporting.records.tables.base import UtcDateTime

AT_ONCE = 2_000
_TYPES: dict[str, TypeEngine[Any]] = {
    "moment": UtcDateTime(),
    "date": Date(),
    "time": Time(),
    "json": JSON(none_as_null=True),
    "bool": Boolean(),
    "int": BigInteger(),
    "float": Float(),
    "bytes": LargeBinary(),
    "text": String(),
}
_KINDS = (
    (DateTime, "moment"),
    (Date, "date"),
    (Time, "time"),
    (JSON, "json"),
    (Boolean, "bool"),
    (Integer, "int"),
    (Float, "float"),
    (Numeric, "float"),
    (LargeBinary, "bytes"),
)


def _kind(of: TypeEngine[Any]) -> str:
    plain = of.impl_instance if isinstance(of, TypeDecorator) else of
    return next((kind for base, kind in _KINDS if isinstance(plain, base)), "text")


@dataclass(frozen=True)
class Shape:
    """A table: its name, and what each column holds, by the columns' names."""

    name: str
    columns: dict[str, str]


def shapes() -> list[Shape]:
    """Every table, those that others refer to first."""
    return [Shape(of.name, {each.name: _kind(each.type) for each in of.columns}) for of in _tables()]


def _tables() -> list[Table]:
    return SQLModel.metadata.sorted_tables


def lines(session: Session, shape: Shape) -> Iterator[bytes]:
    """The rows of a table in the order of their key, one line of JSON each."""
    of = SQLModel.metadata.tables[shape.name]
    wanted = [type_coerce(of.c[name], _TYPES[kind]).label(name) for name, kind in shape.columns.items()]
    statement = select(*wanted).order_by(*of.primary_key.columns).execution_options(yield_per=AT_ONCE)
    for row in session.connection().execute(statement):
        yield json.dumps([_out(value) for value in row], separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def _out(value: Any) -> Any:
    if isinstance(value, date | time):  # a datetime is a date
        return value.isoformat()
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


def _in(value: Any, kind: str) -> Any:
    if value is None:
        return None
    if kind == "moment":
        return datetime.fromisoformat(value)
    if kind == "date":
        return date.fromisoformat(value)
    if kind == "time":
        return time.fromisoformat(value)
    return base64.b64decode(value) if kind == "bytes" else value


def row_of(shape: Shape, line: bytes) -> Any:
    """A line as a row with the names of its columns."""
    values = json.loads(line)
    pairs = zip(shape.columns.items(), values, strict=True)
    return SimpleNamespace(**{name: _in(value, kind) for (name, kind), value in pairs})


@dataclass
class Sum:
    """Number of rows, and the hash over all of them in their order."""

    rows: int = 0
    _hash: Any = field(default_factory=hashlib.sha256)

    def take(self, line: bytes) -> None:
        self.rows += 1
        self._hash.update(line)

    @property
    def told(self) -> dict[str, Any]:
        return {"rows": self.rows, "sha256": self._hash.hexdigest()}


def is_empty_place() -> bool:
    """Whether the database has no table at all."""
    return not inspect(engine()).get_table_names()


def known_problems(connection: Connection) -> list[str]:
    """References to rows that are not there; SQLite only, PostgreSQL refuses them itself."""
    if not is_sqlite():
        return []
    return [f"{row[0]} row {row[1]}" for row in connection.execute(text("PRAGMA foreign_key_check"))]


class Loader:
    """Fills the empty tables of a fresh schema, in one transaction, whatever refers to whatever."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._constraints = [] if is_sqlite() else _foreign_keys(connection)
        for name, constraint, _ in self._constraints:
            connection.execute(text(f'ALTER TABLE "{name}" DROP CONSTRAINT "{constraint}"'))
        for name in inspect(connection).get_table_names():
            if name != "alembic_version":
                connection.execute(text(f'DELETE FROM "{name}"'))

    def add(self, shape: Shape, rows: Sequence[bytes]) -> None:
        kinds = shape.columns.items()
        of = table(shape.name, *(column(name, _TYPES[kind]) for name, kind in kinds))
        self._connection.execute(insert(of), [vars(row_of(shape, line)) for line in rows])

    def finish(self, done: Sequence[Shape]) -> None:
        """Put the references back, which checks them, and let the numbering go on after the newest row."""
        for name, constraint, definition in self._constraints:
            self._connection.execute(text(f'ALTER TABLE "{name}" ADD CONSTRAINT "{constraint}" {definition}'))
        if not is_sqlite():
            for shape in done:
                if shape.columns.get("id") == "int":
                    self._connection.execute(
                        text(
                            "SELECT setval(pg_get_serial_sequence(:name, 'id'), GREATEST((SELECT COALESCE(max(id), 0) "
                            f"FROM \"{shape.name}\"), 1)) WHERE pg_get_serial_sequence(:name, 'id') IS NOT NULL"
                        ),
                        {"name": shape.name},
                    )
        wrong = known_problems(self._connection)
        if wrong:
            raise ValueError(f"references to rows that are not there: {', '.join(wrong[:5])}")


def _foreign_keys(connection: Connection) -> list[Any]:
    return list(
        connection.execute(
            text(
                "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint "
                "WHERE contype = 'f' AND connamespace = current_schema()::regnamespace"
            )
        )
    )


@contextmanager
def loading() -> Iterator[Loader]:
    """One transaction: all of it or nothing. On SQLite references are checked at its end only."""
    with engine().connect() as connection:
        if is_sqlite():
            connection.exec_driver_sql("PRAGMA foreign_keys=OFF")  # has no effect within a transaction
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        try:
            yield Loader(connection)
            connection.commit()
        finally:
            connection.invalidate()


def end_all_sessions(session: Session) -> int:
    """Whoever was signed in must sign in again. Returns how many sessions there were."""
    open_ones = update(SignInSession).where(SignInSession.ended_at.is_(None)).values(ended_at=now())  # type: ignore[union-attr]
    return int(session.connection().execute(open_ones).rowcount)


def end_all_links(session: Session) -> int:
    """No link that was ever given out opens anything any more. Returns how many there were."""
    valid = update(Invitation).where(Invitation.revoked_at.is_(None)).values(revoked_at=now())  # type: ignore[union-attr]
    return int(session.connection().execute(valid).rowcount)
