"""The file beside the data that remembers the newest row, sealed with the key; held against the table at each append.

What was found is kept in it until an administrator settles it: going on with the work mends nothing.
"""

import json
import logging
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Lock
from typing import Any

from reporting.records.engine import TROUBLES
from reporting.records.trail.findings import Finding
from reporting.records.trail.seal import START
from reporting.security.trail import key_name, keyed
from reporting.settings import settings

log = logging.getLogger("reporting.storage")

HEAD_FILE = "audit_head_file"
"""Its name among what ``/healthz`` tells."""
MOST_FINDINGS = 20
_PURPOSE = b"audit head file"


class UnreadableHead(Exception):
    """The file beside the data is there and says nothing: empty, cut off or something else."""


@dataclass(frozen=True)
class Kept:
    """What the file says. ``seal``: ``good``, ``bad``, or ``none`` in a file of before seals."""

    sequence: int
    hash: str
    findings: tuple[Finding, ...] = ()
    seal: str = "none"


def head_path() -> Path:
    return settings().data_dir / "audit_head.json"


def _spelled(stored: dict[str, Any]) -> bytes:
    return json.dumps({name: stored[name] for name in ("sequence", "hash", "findings", "key")}, sort_keys=True).encode()


def kept(path: Path | None = None) -> Kept | None:
    """What the file remembers; None without a file. Raises UnreadableHead, OSError."""
    try:
        stored = json.loads((path or head_path()).read_bytes())
        if "seal" not in stored:
            return Kept(int(stored["sequence"]), str(stored["hash"]))
        findings = tuple(Finding(**each) for each in stored["findings"])
        good = keyed(_spelled(stored), str(stored["key"]), purpose=_PURPOSE) == stored["seal"]
        return Kept(int(stored["sequence"]), str(stored["hash"]), findings, "good" if good else "bad")
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise UnreadableHead from error


def kept_head(path: Path | None = None) -> tuple[int, str] | None:
    """The head that the file remembers: (sequence, hash); None without a file. Raises UnreadableHead, OSError."""
    found = kept(path)
    return None if found is None else (found.sequence, found.hash)


RowAt = Callable[[int], tuple[str, str] | None]
"""Hash and name of the key of the row of a number, None where there is none."""


def doubt(before: int, digest: str, row_at: RowAt) -> Finding | None:
    """What the file says against the table, whose head is locked; None where they agree.

    ``before``, ``digest``: the newest row of the table. The file may be behind, for it is written after the commit,
    and never ahead.
    """
    if not before and not head_path().exists():
        _begin()
        return None
    is_known = HEAD_FILE in TROUBLES  # what this process could not write is told already
    try:
        found = kept()
    except (UnreadableHead, OSError):
        return None if is_known else Finding("head_unreadable")
    if found is None:
        return None if is_known else Finding("head_missing")
    return against(found, before, digest, row_at)


def _begin() -> None:
    """The file of an empty trail, written before the first row: from then on one that is missing was taken away."""
    try:
        _replace(head_path(), {"sequence": 0, "hash": START, "findings": []})
    except OSError:  # whoever keeps the first row says so
        log.error("the head file of the audit trail could not be begun")


def against(found: Kept, before: int, digest: str, row_at: RowAt) -> Finding | None:
    """``doubt`` of a file that could be read."""
    remembered = found.sequence, found.hash
    if found.seal == "bad":
        return Finding("head_forged", *remembered)
    if found.sequence > before:
        return Finding("cut_off", *remembered)
    if found.seal == "good" and found.sequence == before:
        return None if found.hash == digest else Finding("rewritten", *remembered)
    if found.seal == "good" and remembered == (0, START):
        return None
    row = row_at(found.sequence)
    if row is None or row[0] != found.hash:
        return Finding("rewritten", *remembered)
    return Finding("head_forged", *remembered) if found.seal == "none" and row[1] else None


@dataclass(frozen=True)
class _Newest:
    path: Path
    sequence: int
    digest: str
    findings: tuple[Finding, ...]
    settled: bool = False


class _NewestHead:
    """The newest head that this process knows. Of many who commit at once one writes the file, for all of them."""

    def __init__(self) -> None:
        self.known: _Newest | None = None
        self.changing, self.writing = Lock(), Lock()

    def offer(self, fresh: _Newest) -> None:
        with self.changing:
            old = self.known
            if old is None or old.path != fresh.path:
                self.known = fresh
                return
            newer = fresh if fresh.sequence > old.sequence else old
            findings = fresh.findings if fresh.settled else _joined(old.findings, fresh.findings)
            self.known = _Newest(newer.path, newer.sequence, newer.digest, findings, old.settled or fresh.settled)

    def write(self) -> None:
        """Until the file says the newest; where somebody is at it already, they will not stop before that."""
        while self.known is not None and self.writing.acquire(blocking=False):
            try:
                with self.changing:
                    newest, self.known = self.known, None
                if newest is not None:
                    _write(newest)
            finally:
                self.writing.release()


_NEWEST = _NewestHead()
_TOLD: set[tuple[Path, Finding]] = set()
"""Found by this process since it last wrote the file: while it cannot, one row of the trail says it, not each."""


def is_told(found: Finding) -> bool:
    return (head_path(), found) in _TOLD


def keep(sequence: int, digest: str, found: Finding | None = None, *, settled: bool = False) -> None:
    """Have the newest head written beside the data; an older one never replaces a newer one.

    ``found`` is kept with it; ``settled``: what was kept is taken off. A file that cannot be written (the folder full,
    read-only, gone) is told by ``/healthz`` until it can be again.
    """
    path = head_path()
    if found is not None:
        _TOLD.add((path, found))
        log.error("the audit trail: %s", found.words)
    _NEWEST.offer(_Newest(path, sequence, digest, (found,) if found else (), settled))
    try:
        _NEWEST.write()
    except OSError as error:
        log.error("the head of the audit trail could not be written beside the data", exc_info=error)
        TROUBLES[HEAD_FILE] = type(error).__name__
    else:
        TROUBLES.pop(HEAD_FILE, None)


def _joined(first: Sequence[Finding], then: Sequence[Finding]) -> tuple[Finding, ...]:
    return tuple(dict.fromkeys((*first, *then)))[:MOST_FINDINGS]


def _write(newest: _Newest) -> None:
    try:
        old = kept(newest.path)
    except UnreadableHead:  # is a finding of whoever appended; the row just committed is the newest that is known
        old = None
    sequence, digest, findings = newest.sequence, newest.digest, newest.findings
    if old is not None:
        is_doubted = any((old.sequence, old.hash) == (each.sequence, each.hash) for each in findings)
        if old.seal == "good" and not newest.settled:
            findings = _joined(old.findings, findings)
        if old.sequence >= sequence and not is_doubted:
            sequence, digest = old.sequence, old.hash
        if (sequence, findings, old.seal) == (old.sequence, old.findings, "good") and not is_doubted:
            return
    _replace(newest.path, {"sequence": sequence, "hash": digest, "findings": [asdict(each) for each in findings]})
    _TOLD.difference_update([each for each in _TOLD if each[0] == newest.path])


def _replace(path: Path, said: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    said = {**said, "key": key_name()}
    said["seal"] = keyed(_spelled(said), said["key"], purpose=_PURPOSE)
    fresh = path.with_suffix(f".{said['sequence']}.{os.getpid()}.new")
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as handle:
            json.dump(said, handle)
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
