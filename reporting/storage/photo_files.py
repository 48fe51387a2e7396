"""Sealed photo files in the data folder: whole or not there, never half.

What is sealed comes from above; here are only names and bytes. A file is on the disk before the row that names it
is committed, and goes after the row says so: a crash in between leaves at most a file that nobody names.
"""

import errno
import os
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from reporting import clock
from reporting.domain.patient_words import WORDS
from reporting.errors import Problem, StorageFull
from reporting.settings import settings
from reporting.storage.engine import reading
from reporting.storage.photos import names_in_use

_FINISHED, _UNFINISHED = ".bin", ".new"
SPARED = timedelta(hours=1)
"""A file this young may belong to a transaction that is still under way."""


class PhotoGone(Problem):
    """The file of a photo is missing, or is not the one that was written."""

    code = "photo_gone"
    status = 500
    message = WORDS["photo_gone"]
    what_to_do = "The administrator finds the reason with: python -m reporting photos check."

    def __init__(self, *, was_changed: bool = False) -> None:
        super().__init__()
        self.was_changed = was_changed


def folder() -> Path:
    """Where the photos of this installation are."""
    return settings().data_dir / "photos"


def new_name() -> str:
    """A name that says nothing about whose photo it is."""
    return secrets.token_hex(16)


def _path(name: str) -> Path:
    return folder() / name[:2] / f"{name}{_FINISHED}"


def write(name: str, sealed: bytes) -> None:
    """Keep the bytes under a new name; on return they survive a power cut. Raises StorageFull."""
    path = _path(name)
    fresh = path.with_suffix(_UNFINISHED)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh.touch(mode=0o600, exist_ok=False)
        with fresh.open("wb") as handle:
            handle.write(sealed)
            handle.flush()
            os.fsync(handle.fileno())
        fresh.replace(path)
        for place in (path.parent, folder()):
            _keep_entries(place)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageFull() from error
        raise


def _keep_entries(place: Path) -> None:
    """Have the folder itself written out, so that the new name in it is not lost."""
    if os.name == "nt":  # a folder cannot be opened there
        return
    number = os.open(place, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def read(name: str) -> bytes:
    """The bytes of that name. Raises PhotoGone."""
    try:
        return _path(name).read_bytes()
    except FileNotFoundError as error:
        raise PhotoGone() from error


def remove(name: str) -> None:
    """Take the file away, if it is still there; on return a power cut does not bring it back."""
    path = _path(name)
    path.unlink(missing_ok=True)
    if path.parent.exists():
        _keep_entries(path.parent)


def _old_files() -> Iterator[Path]:
    oldest_spared = clock.now() - SPARED
    for path in folder().glob("??/*"):
        if datetime.fromtimestamp(path.stat().st_mtime, UTC) < oldest_spared:
            yield path


def sweep_orphans() -> int:
    """Remove files that no row names any more, and unfinished ones; returns how many. Young ones are spared."""
    removed, old = 0, list(_old_files())
    for start in range(0, len(old), 500):
        part = old[start : start + 500]
        with reading() as session:
            used = names_in_use(session, [path.stem for path in part])
        for path in part:
            if path.suffix != _FINISHED or path.stem not in used:
                path.unlink(missing_ok=True)
                removed += 1
    return removed
