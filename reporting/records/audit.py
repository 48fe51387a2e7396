"""The audit chain: every action's row is hashed together with the one before it.

The newest hash also goes into a file beside the data after each commit, so that cutting rows off the end
shows even to one who can rewrite the whole database.

Looks into the audit trail of one clinic, newest first, a page at a time.
"""

import hashlib
import json
import logging
import os
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
from reporting.records.engine import TROUBLES, after_commit, before_commit, reading
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
_TAKE_NUMBERS = (
    update(_HEAD).values(sequence=_HEAD.c.sequence + bindparam("more")).returning(_HEAD.c.sequence, _HEAD.c.hash)
)
"""Takes the lock on the head until the transaction ends."""
_LOCK = update(_HEAD).values(sequence=_HEAD.c.sequence)
_WAITING = "audit rows of this transaction"
log = logging.getLogger("reporting.storage")
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
    """Append one row to the chain, in the caller's transaction. ``details`` must be plain JSON values.

    It is appended as the last thing before the commit: the head of the chain is a lock that all writers share, and
    whoever took it in the midst of their work could wait for another lock while its holder waits for this one.
    """
    session.flush()
    event = AuditEvent(
        sequence=0,
        at=at or now(),
        clinic_id=clinic_id if clinic_id is not None else by.clinic_id,
        actor_kind=by.kind,
        actor_id=by.id,
        actor_label=by.label,
        action=action,
        record_kind=record_kind,
        record_id=str(record_id),
        details=details,
        previous_hash="",
        hash="",
    )
    if _WAITING not in session.info:
        session.info[_WAITING] = []
        before_commit(lambda: _append(session))
    session.info[_WAITING].append(event)


def lock(session: Session) -> None:
    """Nobody else commits a row of the trail until the transaction ends. For what must happen once in a database; the
    counter of outcomes must not be taken after it."""
    session.connection().execute(_LOCK)


def _append(session: Session) -> None:
    """Chain the rows that wait, in the order in which they were written."""
    session.flush()
    events: list[AuditEvent] = session.info.pop(_WAITING)
    connection = session.connection()
    newest, digest = connection.execute(_TAKE_NUMBERS, {"more": len(events)}).one()
    for sequence, event in enumerate(events, start=newest - len(events) + 1):
        event.sequence, event.previous_hash = sequence, digest
        event.hash = digest = _digest(event)
    connection.execute(_APPEND, [{name: getattr(event, name) for name in _COLUMNS} for event in events])
    connection.execute(_KEEP_HASH, {"newest": digest})
    after_commit(lambda: _keep_head(newest, digest))


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


HEAD_FILE = "audit_head_file"
"""Its name among what ``/healthz`` tells."""


def _keep_head(sequence: int, digest: str) -> None:
    """Have the newest head written beside the data; an older one never replaces a newer one.

    A file that cannot be written (the folder full, read-only, gone) is told by ``/healthz`` until it can be again.
    """
    _NEWEST.offer(settings().data_dir / "audit_head.json", sequence, digest)
    try:
        _NEWEST.write()
    except OSError as error:
        log.error("the head of the audit trail could not be written beside the data", exc_info=error)
        TROUBLES[HEAD_FILE] = type(error).__name__
    else:
        TROUBLES.pop(HEAD_FILE, None)


def _write_head(path: Path, sequence: int, digest: str) -> None:
    try:
        kept = kept_head(path)
    except UnreadableHead:  # cut by a power failure, say: the row just committed is the newest that is known
        log.error("the head of the audit trail beside the data was unreadable and is written anew")
        kept = None
    if kept is None or kept[0] < sequence:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(f".{sequence}.{os.getpid()}.new")
        try:
            with fresh.open("w") as handle:
                json.dump({"sequence": sequence, "hash": digest}, handle)
                handle.flush()
                os.fsync(handle.fileno())
            fresh.replace(path)
        except OSError:
            fresh.unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Without it a power failure could bring the file of before back."""
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


class UnreadableHead(Exception):
    """The file beside the data is there and says nothing: empty, cut off or something else."""


def kept_head(path: Path | None = None) -> tuple[int, str] | None:
    """The head that the file beside the data remembers: (sequence, hash); None without a file. Raises UnreadableHead,
    OSError."""
    path = path or settings().data_dir / "audit_head.json"
    if not path.exists():
        return None
    try:
        stored = json.loads(path.read_bytes())
        return int(stored["sequence"]), str(stored["hash"])
    except (ValueError, TypeError, KeyError) as error:
        raise UnreadableHead from error


def verify() -> Verdict:
    """Walk the chain and name the first row that was changed, removed, reordered or cut off the end."""
    previous, expected, remembered = START, 1, ""
    kept, is_readable = _head_beside()
    with reading() as session:
        for event in session.exec(select(AuditEvent).order_by(AuditEvent.sequence)).yield_per(1000):  # type: ignore[arg-type]
            wrong = _wrong(event, expected, previous)
            if wrong:
                return Verdict(False, expected - 1, expected, wrong)
            if kept and event.sequence == kept[0]:
                remembered = event.hash
            previous, expected = event.hash, expected + 1
        head = session.exec(select(AuditHead)).one()
    rows = expected - 1
    if head.sequence > rows:
        return Verdict(False, rows, expected, "the row was cut off the end")
    if head.sequence != rows or head.hash != previous:
        return Verdict(False, rows, rows, "the row is not the one that the head remembers")
    if not is_readable:
        return Verdict(False, rows, expected, "whether it was there is not known, for the head file cannot be read")
    if kept and kept[0] > rows:
        return Verdict(False, rows, expected, "the row was cut off the end (the head file remembers it)")
    if kept and remembered != kept[1]:
        return Verdict(False, rows, kept[0], "the row is not the one that the head file remembers")
    return Verdict(True, rows)


def _wrong(event: AuditEvent, expected: int, previous: str) -> str:
    """What is wrong with a row of the chain, in words; empty where nothing is."""
    if event.sequence != expected:
        return "the row is missing"
    if event.previous_hash != previous:
        return "the row does not follow the one before it"
    return "" if _digest(event) == event.hash else "the row was changed"


def _head_beside() -> tuple[tuple[int, str] | None, bool]:
    """What the file beside the data remembers, and whether it could be read."""
    try:
        return kept_head(), True
    except (UnreadableHead, OSError):
        return None, False


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
