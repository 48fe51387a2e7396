"""How the trail stands: when it was checked last, with what result, and what was found and not settled. A few rows are
read, by an index."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from reporting.domain.actors import SYSTEM
from reporting.records import audit
from reporting.records.engine import reading, transaction
from reporting.records.tables import AuditEvent
from reporting.records.trail import head_file
from reporting.records.trail.findings import Finding, Verdict
from reporting.records.trail.verify import verify

VERIFIED = "trail.verified"
MOST_ROWS = 400
"""Rows of the trail about itself that are looked at: more than a year of nightly checks."""


@dataclass(frozen=True)
class Standing:
    """``checked_at`` None: never checked. ``findings``: as the table and the head file keep them, oldest first."""

    checked_at: datetime | None = None
    rows: int = 0
    fault: Finding | None = None
    findings: tuple[Finding, ...] = ()

    @property
    def words(self) -> str:
        """What is wrong; empty where nothing is known to be."""
        faults = [*self.findings, *([self.fault] if self.fault else [])]
        return "; ".join(dict.fromkeys(each.words for each in faults))


def _in_file() -> tuple[Finding, ...]:
    try:
        kept = head_file.kept()
    except (head_file.UnreadableHead, OSError):
        return (Finding("head_unreadable"),)
    return kept.findings if kept is not None and kept.seal == "good" else ()


def standing(session: Session) -> Standing:
    """As the trail says of itself since it was settled last."""
    newest = session.exec(
        select(AuditEvent)
        .where(AuditEvent.record_kind == audit.ABOUT)
        .order_by(col(AuditEvent.sequence).desc())
        .limit(MOST_ROWS)
    ).all()
    findings: list[Finding] = []
    for event in newest:
        if event.action == audit.SETTLED:
            break
        if event.action == audit.FOUND:
            told = event.details
            findings.append(Finding(event.record_id, int(told.get("row", 0)), str(told.get("remembered", ""))))
    checked = next((event for event in newest if event.action == VERIFIED), None)
    found = tuple(dict.fromkeys((*reversed(findings), *_in_file())))
    if checked is None:
        return Standing(findings=found)
    fault = None
    if not checked.details["whole"] and checked.details["code"] not in {each.code for each in found}:
        fault = Finding(checked.details["code"], int(checked.details["row"] or 0))
    return Standing(checked.at, int(checked.details["rows"]), fault, found)


ANCHORED = "trail.anchored"


def anchored_at(session: Session, way: str) -> datetime | None:
    """When an anchor was last handed over in that way."""
    found = session.exec(
        select(AuditEvent.at)
        .where(AuditEvent.record_kind == audit.ABOUT, AuditEvent.record_id == way, AuditEvent.action == ANCHORED)
        .order_by(col(AuditEvent.sequence).desc())
        .limit(1)
    )
    return found.first()


def check(lines: Sequence[str] = ()) -> Verdict:
    """Walk the whole trail and write into it how that went: as is done each night."""
    found = verify(lines)
    with transaction() as session:
        told: dict[str, Any] = {"whole": found.ok, "rows": found.rows, "code": found.code, "row": found.sequence}
        audit.write(session, SYSTEM, VERIFIED, audit.ABOUT, "whole" if found.ok else found.code, **told)
    return found


def settle() -> int:
    """Take what was found off the list, once somebody knows how it came about. Returns how many there were; what is
    wrong with a row of the table stays wrong."""
    with reading() as session:
        found = standing(session).findings
    if found:
        with transaction() as session:
            audit.write(session, SYSTEM, audit.SETTLED, audit.ABOUT, "settled", codes=[each.code for each in found])
    return len(found)
