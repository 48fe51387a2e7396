"""Lines that remember the newest row of the trail outside the reach of whoever can write the database and the files
beside it: appended to a file elsewhere, or mailed.

A line: ``reporting-trail TIME NUMBER HASH KEY SEAL``, in UTC; the seal is a keyed hash of what stands before it.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlmodel import select

from reporting.clock import now
from reporting.records.engine import Session
from reporting.records.tables import AuditHead
from reporting.records.trail.findings import Finding
from reporting.security.trail import key_name, keyed

WORD = "reporting-trail"
_PURPOSE = b"audit anchor"


@dataclass(frozen=True)
class Line:
    """A line that was read. ``fault``: ``line_forged``, ``line_unreadable`` or empty."""

    number: int = 0
    hash: str = ""
    at: datetime | None = None
    fault: str = ""


def line_of_now(session: Session) -> str:
    """The line that remembers the newest row; empty while there is none."""
    head = session.exec(select(AuditHead)).one()
    if not head.sequence:
        return ""
    begun = f"{WORD} {now().isoformat(timespec='seconds')} {head.sequence} {head.hash} {key_name()}"
    return f"{begun} {keyed(begun.encode(), key_name(), purpose=_PURPOSE)}"


def parsed(text: str) -> Line:
    """What a line says; the seal is checked. Words before and after it, as a mail may have, do no harm."""
    words = text.split()
    try:
        begin = words.index(WORD)
        said = words[begin : begin + 6]
        _, at, number, digest, key, seal = said
        line = Line(int(number), digest, datetime.fromisoformat(at))
    except ValueError:
        return Line(fault="line_unreadable")
    is_good = line.at is not None and line.at.tzinfo and keyed(" ".join(said[:5]).encode(), key, purpose=_PURPOSE)
    return line if is_good == seal else Line(line.number, digest, line.at, "line_forged")


def append_line(path: Path, line: str) -> None:
    """Append it and force it to the disk. Raises OSError."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a") as handle:
        handle.write(line + "\n")
        handle.flush()
        os.fsync(handle.fileno())


def newest_line(path: Path) -> Line | None:
    """The last line of the file; None where there is none. Raises OSError."""
    if not path.exists():
        return None
    with path.open("rb") as handle:
        handle.seek(max(0, path.stat().st_size - 1_000))
        lines = handle.read().decode(errors="replace").splitlines()
    return parsed(lines[-1]) if lines else None


def lines_of(path: Path) -> list[str]:
    """Every line of the file. Raises OSError."""
    return path.read_text(errors="replace").splitlines()


class AnchorCheck:
    """Holds lines of an anchor against the rows of the trail while they are walked."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._lines = [parsed(line) for line in lines if line.strip()]
        self._wanted = {line.number for line in self._lines}
        self._hashes: dict[int, str] = {}
        self._restored: list[tuple[datetime, int]] = []

    def take(self, event: Any) -> None:
        if event.sequence in self._wanted:
            self._hashes[event.sequence] = event.hash
        if event.action == "trail.restored" and event.sealed_with:
            self._restored.append((event.at, int(event.details.get("row", 0))))

    def _fault(self, line: Line) -> str:
        if line.fault:
            return line.fault
        there = self._hashes.get(line.number)
        return "" if there == line.hash else "line_gone" if there is None else "line_other"

    def _is_expected(self, line: Line) -> bool:
        """A restore by the command takes away what was written after the backup; that it did so is in the trail."""
        return any(line.at is not None and line.at <= at and line.number > row for at, row in self._restored)

    @property
    def finding(self) -> Finding | None:
        """The first line that does not agree."""
        for line in self._lines:
            wrong = self._fault(line)
            if wrong and (line.fault or not self._is_expected(line)):
                return Finding(wrong, line.number, line.hash)
        return None

    @property
    def notes(self) -> tuple[str, ...]:
        lost = [line for line in self._lines if not line.fault and self._fault(line) and self._is_expected(line)]
        agree = sum(not self._fault(line) for line in self._lines)
        told = [f"{agree} of {len(self._lines)} lines of the anchor agree"] if self._lines else []
        if lost:
            rows = ", ".join(str(line.number) for line in lost)
            told.append(f"expected: rows {rows} of the anchor went with a restore by the command")
        return tuple(told)
