"""What of the database only the key can open: where it is, one value of each kind, and all of it.

A column is sealed by its type (``records.tables.base``), or its name ends with ``_encrypted`` and its reader opens it.
"""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import JSON, Column, String, Table, bindparam, func, select, type_coerce, update
from sqlalchemy import column as named_column
from sqlalchemy import table as named_table
from sqlalchemy.exc import IntegrityError
from sqlmodel import SQLModel, col

from reporting.records.engine import Session
from reporting.records.tables import EncryptionKey
from reporting.records.tables.base import AfterCode, BigKey, Sealed, SealedJson, SealedWithin
from reporting.security.encryption import CannotDecrypt, decrypt, encrypt, given_keys, name_of, renewed

SUFFIX = "_encrypted"


class Place(NamedTuple):
    """A column of a table with one numbered key in which something is sealed."""

    table: Table
    column: Column[Any]

    @property
    def _kept_as(self) -> Any:
        return JSON() if isinstance(self.column.type, SealedJson | SealedWithin) else String()

    @property
    def raw(self) -> Any:
        """The column as the database has it."""
        return type_coerce(self.column, self._kept_as)

    @property
    def name(self) -> str:
        return f"{self.table.name}.{self.column.name}"

    def renewed(self, value: Any) -> Any:
        """A raw value with everything in it sealed with the newest key. Raises CannotDecrypt."""
        if isinstance(value, dict):
            return {name: renewed(each) if name.endswith(SUFFIX) and each else each for name, each in value.items()}
        if isinstance(self.column.type, AfterCode):
            code, _, words = value.partition(":")
            return f"{code}:{renewed(words)}" if words else value
        if isinstance(self.column.type, SealedJson):
            before = json.loads(decrypt(value))  # a message has an address within that was sealed before
            now = self.renewed(before) if isinstance(before, dict) else before
            return renewed(value) if now == before else encrypt(json.dumps(now, ensure_ascii=False))
        return renewed(value) if value else value

    def put(self) -> Any:
        """A statement that writes raw values: ``key`` and ``put``."""
        raw = named_table(self.table.name, named_column("id", BigKey), named_column(self.column.name, self._kept_as))
        to: Any = {self.column.name: bindparam("put", type_=self._kept_as)}
        return update(raw).where(raw.c.id == bindparam("key")).values(to)

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
    """The oldest value of every sealed column that has one: what the keys must open to be the right ones."""
    found: list[str] = []
    for place in places():
        if isinstance(place.column.type, AfterCode | SealedWithin):  # most rows of those hold nothing sealed
            continue
        oldest = select(place.raw).where(place.column.is_not(None)).order_by(place.table.c.id).limit(1)
        for value in session.execute(oldest).scalars():
            found += place.tokens(value)
    return tuple(found)


class Batch(NamedTuple):
    """``last`` is the number of the last row looked at, None at the end; ``unreadable`` were opened by no key."""

    last: int | None
    looked_at: int
    changed: int
    unreadable: int


def count(session: Session, place: Place) -> int:
    """How many rows have something there."""
    return int(session.execute(select(func.count()).where(place.column.is_not(None))).scalar_one())


def renew(session: Session, place: Place, after: int, size: int) -> Batch:
    """Seal the next rows with the newest key, where another one sealed them. Nobody else changes them meanwhile."""
    key = place.table.c.id
    wanted = select(key, place.raw).where(key > after, place.column.is_not(None)).order_by(key).limit(size)
    rows = session.execute(wanted.with_for_update()).all()
    changed, unreadable = [], 0
    for number, value in rows:
        try:
            now = place.renewed(value)
        except CannotDecrypt:
            unreadable += 1
        else:
            changed += [{"key": number, "put": now}] if now != value else []
    if changed:
        session.connection().execute(place.put(), changed)
    return Batch(rows[-1][0] if len(rows) == size else None, len(rows), len(changed), unreadable)


def keys(session: Session, *, lock: bool = False) -> list[EncryptionKey]:
    """The keys that this database was written with, oldest first."""
    statement = select(EncryptionKey).order_by(col(EncryptionKey.id))
    return list(session.execute(statement.with_for_update() if lock else statement).scalars())


def kept_keys(session: Session) -> tuple[bytes, ...]:
    """The same as far as they can be had: given, or kept here under the newest one."""
    given, found = {name_of(key): key for key in given_keys()}, []
    for row in keys(session):
        if row.name in given:
            found.append(given[row.name])
        elif row.key_encrypted:
            try:
                found.append(decrypt(row.key_encrypted).encode())
            except CannotDecrypt:
                continue
    return tuple(found)


def keep_keys(session: Session, moment: datetime) -> None:
    """Write the given keys down, and all but the newest under the newest."""
    rows, given = {row.name: row for row in keys(session, lock=True)}, given_keys()
    for key in reversed(given):
        row = rows.setdefault(name_of(key), EncryptionKey(name=name_of(key), first_used_at=moment))
        is_newest = key == given[0]
        row.needless_at = None if is_newest else row.needless_at
        row.key_encrypted = None if is_newest else renewed(row.key_encrypted or encrypt(key.decode()))
        try:
            with session.begin_nested():
                session.add(row)
        except IntegrityError:  # another process that starts has just written the same
            session.expunge(row)


def mark_needless(session: Session, moment: datetime) -> list[str]:
    """Nothing is left that only the older ones of the given keys open; returns their names."""
    older = [name_of(key) for key in given_keys()[1:]]
    rows = [row for row in keys(session, lock=True) if row.name in older and row.needless_at is None]
    for row in rows:
        row.needless_at = moment
        session.add(row)
    return [row.name for row in rows]
