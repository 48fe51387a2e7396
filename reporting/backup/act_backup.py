"""Take a backup while the work goes on, and check one: every row, the whole trail, every photo.

One sealed file: tables as lines of JSON, sealed photos, the head file of the trail, content, settings without secrets.
"""

import hashlib
import json
import os
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, cast

from reporting import __version__
from reporting.clock import now
from reporting.domain.actors import SYSTEM
from reporting.errors import Conflict, Problem
from reporting.records import audit, photo_store
from reporting.records.backup import tables
from reporting.records.backup.state import ABOUT, TAKEN
from reporting.records.backup.tables import AT_ONCE, Shape, Sum
from reporting.records.engine import Session, state_of_now, transaction
from reporting.records.photo_store import PhotoGone
from reporting.records.read_ahead import newest_version
from reporting.records.trail import head_file
from reporting.records.trail.findings import Verdict
from reporting.records.trail.verify import Walk, verdict_of_rows
from reporting.security.encryption import CannotDecrypt, decrypt, remember, unseal
from reporting.security.streams import OpeningReader, SealingWriter
from reporting.settings import settings

FORMAT = 1
KEYS = "encryption_key"
"""Table of keys of before: it stands first, for what follows may need them."""
ABOUT_FILE, HEAD, SUMS, CONFIGURATION = "about.json", "audit_head.json", "sums.json", "configuration.json"
_SECRET = ("key", "password", "secret", "headers", "passphrase", "fields", "_url", "user")
"""Settings whose names hold one of these stay out, but for the address of the application itself."""


class BackupUnreadable(Problem):
    code = "backup_unreadable"
    message = "This backup cannot be opened."
    what_to_do = "It is cut off, was changed, or was sealed with another key or passphrase."


@dataclass
class Checked:
    """What is in a backup. ``faults``: what is wrong with the file itself; ``photo_faults``: names of photos that do
    not open; ``trail``: as its audit trail stands."""

    about: dict[str, Any] = field(default_factory=dict)
    rows: int = 0
    photos: int = 0
    newest_row: int = 0
    faults: list[str] = field(default_factory=list)
    photo_faults: list[str] = field(default_factory=list)
    trail: Verdict = field(default_factory=lambda: Verdict(True, 0))

    @property
    def ok(self) -> bool:
        return not self.faults and not self.photo_faults and self.trail.ok

    @property
    def taken_at(self) -> datetime:
        return datetime.fromisoformat(self.about["taken_at"])

    @property
    def shapes(self) -> list[Shape]:
        return [Shape(name, dict(columns)) for name, columns in self.about["tables"].items()]


def take(path: Path, passphrase: str = "") -> None:
    """Write a backup of everything. The file appears when it is whole. Raises Conflict where there is one, OSError."""
    if path.exists():
        raise Conflict(f"{path} is there already.", what_to_do="Choose another name; no backup is written over.")
    fresh = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as under:
            sealing = SealingWriter(under, passphrase)
            with tarfile.open(fileobj=cast(BinaryIO, sealing), mode="w|") as tar:
                _write_all(tar)
            sealing.close()
            under.flush()
            os.fsync(under.fileno())
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)


def _put(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode, entry.mtime = len(data), 0o600, int(now().timestamp())
    tar.addfile(entry, BytesIO(data))


def _write_all(tar: tarfile.TarFile) -> None:
    path = head_file.head_path()
    head = path.read_bytes() if path.exists() else b""  # before the rows: it is never ahead of what is committed
    shapes, sums = sorted(tables.shapes(), key=lambda shape: shape.name != KEYS), {}
    about = {
        "format": FORMAT,
        "version": __version__,
        "schema": newest_version(),
        "taken_at": now().isoformat(),
        "tables": {shape.name: shape.columns for shape in shapes},
    }
    _put(tar, ABOUT_FILE, _json(about))
    if head:
        _put(tar, HEAD, head)
    with state_of_now() as session:
        for shape in shapes:
            sums[shape.name] = _write_table(tar, session, shape)
        names = [photo.stored_name for photo in photo_store.all_kept(session)]
    missing = [name for name in names if not _write_photo(tar, name)]
    for name, data in _content():
        _put(tar, f"content/{name}", data)
    _put(tar, CONFIGURATION, _json(configuration()))
    _put(tar, SUMS, _json({"tables": sums, "photos": len(names) - len(missing), "gone": _gone(missing)}))


def _json(value: Any) -> bytes:
    return json.dumps(value, indent=1).encode()


def _write_table(tar: tarfile.TarFile, session: Session, shape: Shape) -> dict[str, Any]:
    total = Sum()
    rows = tables.lines(session, shape)
    parts = iter(lambda: list(islice(rows, AT_ONCE)), [])
    for number, part in enumerate(parts):
        for line in part:
            total.take(line)
        _put(tar, f"tables/{shape.name}/{number:06}", b"".join(part))
    return total.told


def _write_photo(tar: tarfile.TarFile, name: str) -> bool:
    try:
        data = photo_store.read(name)
    except PhotoGone:
        return False
    _put(tar, f"photos/{name}", data)
    return True


def _gone(missing: list[str]) -> list[str]:
    """Of the missing ones those that were removed while the backup was written: that is no fault."""
    if not missing:
        return []
    with state_of_now() as session:
        return sorted(set(missing) - photo_store.names_in_use(session, missing))


def _content() -> Iterator[tuple[str, bytes]]:
    """The clinical content in use: its tables, package and languages."""
    folder = settings().content_dir
    for path in sorted([*folder.glob("*.csv"), *folder.glob("*.toml"), *folder.glob("locales/**/*.po")]):
        yield path.relative_to(folder).as_posix(), path.read_bytes()


def configuration() -> dict[str, Any]:
    """The settings, without what opens or signs anything."""
    of = settings().model_dump(mode="json")
    return {
        name: value for name, value in of.items() if name == "base_url" or not any(part in name for part in _SECRET)
    }


@contextmanager
def entries(path: Path, passphrase: str) -> Iterator[Iterator[tuple[str, bytes]]]:
    """Names and bytes of what a backup holds, in their order. Raises BackupUnreadable, OSError."""

    def each(tar: tarfile.TarFile) -> Iterator[tuple[str, bytes]]:
        for entry in tar:
            found = tar.extractfile(entry)
            yield entry.name, found.read() if found is not None else b""

    with path.open("rb") as under:
        try:
            opening = OpeningReader(under, passphrase)
            with tarfile.open(fileobj=cast(BinaryIO, opening), mode="r|") as tar:
                yield each(tar)
            while opening.read(1 << 16):
                pass
        except (CannotDecrypt, tarfile.TarError) as error:
            raise BackupUnreadable() from error


class _Looking:
    """Takes the entries of a backup one after the other."""

    def __init__(self) -> None:
        self.found, self.walk, self.head = Checked(), Walk(0), None
        self.shapes: dict[str, Shape] = {}
        self.sums: dict[str, Sum] = {}
        self.photos: dict[str, str] = {}
        self.told: dict[str, Any] = {}
        self.keys: tuple[bytes, ...] = ()

    head: Any

    def take(self, name: str, data: bytes) -> None:
        kind, _, rest = name.partition("/")
        if name == ABOUT_FILE:
            self.found.about = json.loads(data)
            self.shapes = {shape.name: shape for shape in self.found.shapes}
            self.sums = {shape: Sum() for shape in self.shapes}
        elif kind == "tables":
            shape = self.shapes[rest.partition("/")[0]]
            for line in data.splitlines(keepends=True):
                self.sums[shape.name].take(line)
                self._row(shape, line)
        elif kind == "photos":
            self.found.photos += 1
            if not _opens(rest, data, self.photos.pop(rest, "")):
                self.found.photo_faults.append(rest)
        elif name == SUMS:
            self.told = json.loads(data)

    def _row(self, shape: Shape, line: bytes) -> None:
        if shape.name == KEYS:
            self._key(tables.row_of(shape, line))
        elif shape.name == "audit_event":
            self.walk.take(tables.row_of(shape, line))
        elif shape.name == "audit_head":
            self.head = tables.row_of(shape, line)
        elif shape.name == "photo":
            row = tables.row_of(shape, line)
            if row.removed_at is None:
                self.photos[row.stored_name] = row.sha256

    def _key(self, row: Any) -> None:
        """Rows of the trail may be sealed with a key that opens nothing any more; it is in the backup, sealed."""
        try:
            self.keys += (decrypt(row.key_encrypted).encode(),) if row.key_encrypted else ()
        except CannotDecrypt:
            return
        remember(self.keys)

    def done(self) -> Checked:
        self.found.rows = sum(each.rows for each in self.sums.values())
        self.found.newest_row = self.head.sequence if self.head is not None else 0
        self.found.trail = verdict_of_rows(self.walk, self.head)
        self.found.photo_faults += sorted(set(self.photos) - set(self.told.get("gone", [])))
        if not self.told:
            self.found.faults.append("its end is missing")
        else:
            right = self.told["tables"]
            wrong = [name for name, each in self.sums.items() if right.get(name) != each.told]
            self.found.faults += [f"table {name}: other rows than were written" for name in wrong]
        return self.found


def check(path: Path, passphrase: str = "") -> Checked:
    """Open all of a backup and hold it against its own sums, its trail and its photos. Raises BackupUnreadable,
    OSError."""
    looking = _Looking()
    with entries(path, passphrase) as all_entries:
        for name, data in all_entries:
            looking.take(name, data)
    return looking.done()


def _opens(name: str, sealed: bytes, sha256: str) -> bool:
    try:
        return hashlib.sha256(unseal(sealed, bound_to=name)).hexdigest() == sha256
    except CannotDecrypt:
        return False


def note_good(checked: Checked) -> None:
    """Write into the trail that a backup was taken and opens."""
    with transaction() as session:
        audit.write(
            session,
            SYSTEM,
            TAKEN,
            ABOUT,
            checked.taken_at.isoformat(timespec="seconds"),
            rows=checked.rows,
            photos=checked.photos,
            row=checked.newest_row,
        )


PATTERN = "reporting-*.backup"


def keep(folder: Path, most: int, passphrase: str = "") -> Checked:
    """Take a backup into the folder, open it again, and if it is good remove the oldest beyond ``most``."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / f"reporting-{now():%Y%m%dT%H%M%SZ}.backup"
    take(path, passphrase)
    found = check(path, passphrase)
    if found.ok:
        note_good(found)
        for old in sorted(folder.glob(PATTERN))[: -max(most, 1)]:
            old.unlink(missing_ok=True)
    return found
