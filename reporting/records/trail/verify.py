"""Walks the whole audit trail and names what was changed, removed, cut off, written anew or put back."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import select as rows_of
from sqlmodel import Session, select

from reporting.records.audit import ABOUT, FOUND, SETTLED
from reporting.records.engine import state_of_now
from reporting.records.tables import AuditEvent, AuditHead
from reporting.records.trail import head_file
from reporting.records.trail.anchor import AnchorCheck
from reporting.records.trail.findings import Finding, Verdict, verdict_of
from reporting.records.trail.head_file import Kept, UnreadableHead
from reporting.records.trail.seal import START, fault

AT_ONCE = 2_000
_EVENTS: Any = AuditEvent.__table__  # type: ignore[attr-defined]


def _rows(session: Session) -> Iterator[Any]:
    statement = rows_of(_EVENTS).order_by(_EVENTS.c.sequence).execution_options(yield_per=AT_ONCE)
    yield from session.connection().execute(statement)


class Walk:
    """What one pass over the rows sees."""

    def __init__(self, remembered: int) -> None:
        self.previous, self.expected, self.rows = START, 1, 0
        self.first: Finding | None = None
        self.later, self.later_wrong = 0, 0
        self.plain, self.is_keyed = 0, False
        self.remembered, self.at_remembered = remembered, None
        self.findings: list[Finding] = []
        self.notes: list[str] = []

    at_remembered: tuple[str, str] | None

    def take(self, event: Any) -> None:
        wrong = self._wrong(event)
        if self.first is not None:
            self.later += 1
            self.later_wrong += bool(wrong)
        elif wrong:
            self.first = Finding(wrong, self.expected if wrong == "missing" else event.sequence)
        else:
            self._tell(event)
            self.rows = event.sequence
        if event.sequence == self.remembered:
            self.at_remembered = event.hash, event.sealed_with
        self.is_keyed = self.is_keyed or bool(event.sealed_with)
        self.plain += not event.sealed_with
        self.previous, self.expected = event.hash, event.sequence + 1

    def _wrong(self, event: Any) -> str:
        if event.sequence != self.expected:
            return "missing"
        if event.previous_hash != self.previous:
            return "not_following"
        if self.is_keyed and not event.sealed_with:
            return "old_rule"
        return fault(event)

    def _tell(self, event: Any) -> None:
        """What the trail says of itself: what was found stands until it is settled."""
        if event.record_kind != ABOUT:
            return
        if event.action == FOUND:
            told = event.details
            self.findings.append(Finding(event.record_id, int(told.get("row", 0)), str(told.get("remembered", ""))))
        elif event.action == SETTLED:
            self.notes += [f"settled at row {event.sequence}: {each.words}" for each in self.findings]
            self.findings.clear()
        elif event.action == "trail.restored":
            self.notes.append(
                f"row {event.sequence}: put back by the command from a backup of {event.details.get('taken_at', '')}, "
                f"whose newest row was {event.details.get('row', 0)}"
            )

    @property
    def named(self) -> Finding | None:
        """The first row that is wrong, and whether every later one is too."""
        found = self.first
        if found is not None and found.code in ("changed", "old_rule") and self.later == self.later_wrong > 0:
            return Finding("rewritten_from", found.sequence)
        return found


def _beside() -> tuple[Kept | None, bool]:
    """What the file beside the data remembers, and whether it could be read."""
    try:
        return head_file.kept(), True
    except (UnreadableHead, OSError):
        return None, False


def verify(lines: Sequence[str] = ()) -> Verdict:
    """Walk the trail, hold it against its head, the file beside the data and ``lines`` of an anchor.

    What was found once and not settled is told again, however whole the trail is by now.
    """
    beside, is_readable = _beside()  # before the rows are read: it is never ahead of what is committed
    anchors = AnchorCheck(lines)
    with state_of_now() as session:
        walk = Walk(beside.sequence if beside else 0)
        for event in _rows(session):
            walk.take(event)
            anchors.take(event)
        head = session.exec(select(AuditHead)).one()
    notes = tuple([_of_before(walk.plain)] if walk.plain else []) + tuple(walk.notes) + anchors.notes
    found = walk.named or _head(walk, head) or _file(walk, beside, is_readable) or anchors.finding
    if found is None:
        standing = [*(beside.findings if beside and beside.seal == "good" else ()), *walk.findings]
        found = standing[0] if standing else None
    return Verdict(True, walk.rows, notes=notes) if found is None else verdict_of(found, walk.rows, notes)


def verdict_of_rows(walk: Walk, head: Any) -> Verdict:
    """Of rows that were walked outside the database, as in a backup; ``head`` None where there is none."""
    found = walk.named or (_head(walk, head) if head is not None else None)
    notes = tuple([_of_before(walk.plain)] if walk.plain else []) + tuple(walk.notes)
    return Verdict(True, walk.rows, notes=notes) if found is None else verdict_of(found, walk.rows, notes)


def _of_before(rows: int) -> str:
    return f"rows 1 to {rows} are of before hashes had a key: they are checked by the old rule"


def _head(walk: Walk, head: Any) -> Finding | None:
    if head.sequence > walk.rows:
        return Finding("cut", walk.expected)
    if head.sequence != walk.rows or head.hash != walk.previous:
        return Finding("another_head", walk.rows)
    return None


def _file(walk: Walk, beside: Kept | None, is_readable: bool) -> Finding | None:
    if not is_readable:
        return Finding("head_unreadable", 0)
    if beside is None:
        return Finding("head_missing", 0) if walk.rows else None
    found = head_file.against(beside, walk.rows, walk.previous, lambda _: walk.at_remembered)
    return Finding("cut_off", walk.expected) if found is not None and found.code == "cut_off" else found
