"""The audit trail, searched: who did what to which record, with what was there before and after."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from reporting.domain.actors import Actor
from reporting.errors import InvalidInput
from reporting.records import access
from reporting.records.backup.state import last_good
from reporting.records.engine import Session, reading
from reporting.records.tables import AuditEvent
from reporting.records.trail import look
from reporting.records.trail.findings import Verdict
from reporting.records.trail.standing import Standing, standing
from reporting.records.trail.verify import verify
from reporting.security.permissions import require

PAGE = 50
MOST_IN_FILE = 50_000
"""Rows of one download; a longer trail is taken in parts by day."""


@dataclass(frozen=True)
class Search:
    """Days of the clinic, both included. ``action`` whole, or a group ending with a dot; ``who`` part of a name."""

    from_day: date
    to_day: date
    who: str = ""
    action: str = ""
    record_kind: str = ""
    record_id: str = ""


@dataclass(frozen=True)
class TrailLine:
    """One row. ``changes``: field, before and after, where the action kept both; ``more``: everything else."""

    sequence: int
    at: datetime
    who: str
    action: str
    record_kind: str
    record_id: str
    changes: tuple[tuple[str, str, str], ...]
    more: str


@dataclass(frozen=True)
class TrailPage:
    """Page ``number`` (from 1) of a search, whether there is another, and what can be searched for."""

    lines: tuple[TrailLine, ...]
    number: int
    has_next: bool
    actions: tuple[str, ...]
    record_kinds: tuple[str, ...]
    timezone: str


def _text(value: Any) -> str:
    if value is None or value == "":
        return "-"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)


def _changes(details: dict[str, Any]) -> tuple[tuple[str, str, str], ...]:
    before, after = details.get("before"), details.get("after")
    if not isinstance(before, dict) or not isinstance(after, dict):
        return () if before is None and after is None else (("", _text(before), _text(after)),)
    names = [*before, *(name for name in after if name not in before)]
    return tuple(
        (name, _text(before.get(name)), _text(after.get(name))) for name in names if before.get(name) != after.get(name)
    )


def _line(event: AuditEvent) -> TrailLine:
    details = dict(event.details)
    rest = {name: value for name, value in details.items() if name not in ("before", "after")}
    more = ", ".join(
        f"{name.replace('_', ' ')} {_text(value)}" for name, value in rest.items() if value not in (None, "")
    )
    return TrailLine(
        event.sequence,
        event.at,
        event.actor_label,
        event.action,
        event.record_kind,
        event.record_id,
        _changes(details),
        more,
    )


def _bounds(search: Search, timezone: str) -> tuple[datetime, datetime]:
    if search.from_day > search.to_day:
        found = f"{search.from_day} to {search.to_day}"
        raise InvalidInput(field="days", found=found, allowed="a first day that is not after the last")
    zone = ZoneInfo(timezone)
    days = (search.from_day, search.to_day + timedelta(days=1))
    begin, end = (datetime.combine(day, time(), zone).astimezone(UTC) for day in days)
    return begin, end


def _rows(session: Session, by: Actor, search: Search, timezone: str, skip: int, most: int) -> Sequence[AuditEvent]:
    begin, end = _bounds(search, timezone)
    return look.found(
        session,
        by.clinic_key,
        begin,
        end,
        who=search.who.strip(),
        action=search.action,
        record_kind=search.record_kind,
        record_id=search.record_id.strip(),
        skip=skip,
        most=most,
    )


def _timezone(session: Session, by: Actor) -> str:
    clinic = access.clinic(session, by.clinic_key)
    return clinic.timezone if clinic else "UTC"


def search_trail(by: Actor, search: Search, number: int = 1) -> TrailPage:
    """A page of the actor's clinic's own trail, newest first. Raises InvalidInput, NotAllowed."""
    require(by, "audit.read")
    with reading() as session:
        timezone = _timezone(session, by)
        rows = _rows(session, by, search, timezone, PAGE * (max(number, 1) - 1), PAGE + 1)
        actions, kinds = look.kinds(session, by.clinic_key)
    return TrailPage(
        tuple(_line(row) for row in rows[:PAGE]),
        max(number, 1),
        len(rows) > PAGE,
        tuple(actions),
        tuple(kinds),
        timezone,
    )


def trail_table(by: Actor, search: Search) -> pd.DataFrame:
    """The newest rows of a search, at most ``MOST_IN_FILE``, one line per changed field. Raises as ``search_trail``."""
    require(by, "audit.read")
    with reading() as session:
        timezone = _timezone(session, by)
        rows = [_line(row) for row in _rows(session, by, search, timezone, 0, MOST_IN_FILE)]
    columns = ["number", "at", "who", "action", "record_kind", "record", "field", "before", "after", "more"]
    return pd.DataFrame([cells for row in rows for cells in _cells(row)], columns=columns)


def _cells(row: TrailLine) -> Iterator[tuple[Any, ...]]:
    at = row.at.astimezone(UTC).isoformat(timespec="seconds")
    for field, before, after in row.changes or (("", "", ""),):
        yield (row.sequence, at, row.who, row.action, row.record_kind, row.record_id, field, before, after, row.more)


def check_chain(by: Actor) -> Verdict:
    """Walk the whole chain, every clinic's rows included. Raises NotAllowed."""
    require(by, "audit.read")
    return verify()


def trail_standing(by: Actor) -> Standing:
    """When the trail was checked last, and what was found and not settled. Raises NotAllowed."""
    require(by, "audit.read")
    with reading() as session:
        return standing(session)


def last_backup(by: Actor) -> datetime | None:
    """When the last backup was taken that opens; None where there is none. Raises NotAllowed."""
    require(by, "audit.read")
    with reading() as session:
        return last_good(session)
