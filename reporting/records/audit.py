"""The audit chain: every action's row is hashed together with the one before it.

The newest hash also goes into a file beside the data after each commit, so that cutting rows off the end
shows even to one who can rewrite the whole database.

Looks into the audit trail of one clinic, newest first, a page at a time.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Any

from sqlalchemy import Select, bindparam, insert, update
from sqlalchemy import select as rows_of
from sqlmodel import Session, col, select

from reporting.clock import now
from reporting.domain.actors import Actor
from reporting.records.engine import after_commit, reading
from reporting.records.tables import AuditEvent, AuditHead
from reporting.settings import settings

START = "0" * 64


@dataclass(frozen=True)
class Verdict:
    """What the check of the chain found. ``sequence`` names the first row that is wrong."""

    ok: bool
    rows: int
    sequence: int | None = None
    reason: str = ""


_HEAD: Any = AuditHead.__table__  # type: ignore[attr-defined]
_EVENTS: Any = AuditEvent.__table__  # type: ignore[attr-defined]
_COLUMNS = tuple(_EVENTS.columns.keys())
_TAKE_NUMBER = update(_HEAD).values(sequence=_HEAD.c.sequence + 1).returning(_HEAD.c.sequence, _HEAD.c.hash)
"""Takes the lock on the head until the transaction ends."""
_APPEND = insert(_EVENTS)
_KEEP_HASH = update(_HEAD).values(hash=bindparam("newest"))


def _digest(event: AuditEvent) -> str:
    """SHA-256 over the previous hash and every field, in a fixed spelling."""
    fields = [
        event.previous_hash,
        event.sequence,
        event.at.isoformat(timespec="microseconds"),
        event.clinic_id,
        event.actor_kind,
        event.actor_id,
        event.actor_label,
        event.action,
        event.record_kind,
        event.record_id,
        event.details,
    ]
    spelled = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(spelled.encode()).hexdigest()


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
    """Append one row to the chain, in the caller's transaction. ``details`` must be plain JSON values."""
    session.flush()
    connection = session.connection()
    sequence, previous_hash = connection.execute(_TAKE_NUMBER).one()
    event = AuditEvent(
        sequence=sequence,
        at=at or now(),
        clinic_id=clinic_id if clinic_id is not None else by.clinic_id,
        actor_kind=by.kind,
        actor_id=by.id,
        actor_label=by.label,
        action=action,
        record_kind=record_kind,
        record_id=str(record_id),
        details=details,
        previous_hash=previous_hash,
        hash="",
    )
    digest = _digest(event)
    connection.execute(_APPEND, {name: getattr(event, name) for name in _COLUMNS} | {"hash": digest})
    connection.execute(_KEEP_HASH, {"newest": digest})
    after_commit(lambda: _keep_head(sequence, digest))


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


class _NewestHead:
    """The newest head that this process knows. Of many who commit at once one writes the file, for all of them."""

    def __init__(self) -> None:
        self.known: tuple[Path, int, str] | None = None
        self.changing, self.writing = Lock(), Lock()

    def offer(self, path: Path, sequence: int, digest: str) -> None:
        with self.changing:
            if self.known is None or self.known[0] != path or self.known[1] < sequence:
                self.known = (path, sequence, digest)

    def write(self) -> None:
        """Until the file says the newest; where somebody is at it already, they will not stop before that."""
        while self.known is not None and self.writing.acquire(blocking=False):
            try:
                with self.changing:
                    newest, self.known = self.known, None
                if newest is not None:
                    _write_head(*newest)
            finally:
                self.writing.release()


_NEWEST = _NewestHead()


def _keep_head(sequence: int, digest: str) -> None:
    """Have the newest head written beside the data; an older one never replaces a newer one."""
    _NEWEST.offer(settings().data_dir / "audit_head.json", sequence, digest)
    _NEWEST.write()


def _write_head(path: Path, sequence: int, digest: str) -> None:
    kept = kept_head(path)
    if kept is None or kept[0] < sequence:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(f".{sequence}.new")
        fresh.write_text(json.dumps({"sequence": sequence, "hash": digest}))
        fresh.replace(path)


def kept_head(path: Path | None = None) -> tuple[int, str] | None:
    """The head that the file beside the data remembers: (sequence, hash)."""
    path = path or settings().data_dir / "audit_head.json"
    if not path.exists():
        return None
    stored = json.loads(path.read_text())
    return int(stored["sequence"]), str(stored["hash"])


def verify() -> Verdict:
    """Walk the chain and name the first row that was changed, removed, reordered or cut off the end."""
    previous, expected = START, 1
    hashes: dict[int, str] = {}
    kept = kept_head()
    with reading() as session:
        for event in session.exec(select(AuditEvent).order_by(AuditEvent.sequence)).yield_per(1000):  # type: ignore[arg-type]
            if event.sequence != expected:
                return Verdict(False, expected - 1, expected, "the row is missing")
            if event.previous_hash != previous:
                return Verdict(False, expected - 1, expected, "the row does not follow the one before it")
            if _digest(event) != event.hash:
                return Verdict(False, expected - 1, expected, "the row was changed")
            if kept and event.sequence == kept[0]:
                hashes[kept[0]] = event.hash
            previous, expected = event.hash, expected + 1
        head = session.exec(select(AuditHead)).one()
    rows = expected - 1
    if head.sequence > rows:
        return Verdict(False, rows, expected, "the row was cut off the end")
    if head.sequence != rows or head.hash != previous:
        return Verdict(False, rows, rows, "the row is not the one that the head remembers")
    if kept and kept[0] > rows:
        return Verdict(False, rows, expected, "the row was cut off the end (the head file remembers it)")
    if kept and hashes.get(kept[0]) != kept[1]:
        return Verdict(False, rows, kept[0], "the row is not the one that the head file remembers")
    return Verdict(True, rows)


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
