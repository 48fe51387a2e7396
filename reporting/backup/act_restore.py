"""Put a backup back, into an empty place only: an event of the trail, after which everybody signs in anew."""

import os
from dataclasses import dataclass
from pathlib import Path

from reporting.backup.act_backup import CONFIGURATION, HEAD, Checked, check, entries
from reporting.domain.actors import SYSTEM
from reporting.errors import Conflict
from reporting.records import audit, photo_store
from reporting.records.backup import tables
from reporting.records.engine import transaction
from reporting.records.migrate import migrate, to
from reporting.records.read_ahead import newest_version
from reporting.settings import settings

RESTORED = "trail.restored"
MAY_BE_THERE = {"encryption.key", "migrate.lock", "background.lock"}
ASIDE = "restored"
"""Folder in the data folder for content and settings as they were: nothing reads them there."""


@dataclass(frozen=True)
class Restored:
    """What was put back, and how many sessions and links it ended."""

    backup: Checked
    sessions: int
    links: int


def restore(path: Path, passphrase: str = "", *, end_links: bool = False) -> Restored:
    """Into the data folder and database of the settings, which must be empty. Raises Conflict, BackupUnreadable,
    OSError.

    A backup whose trail or photos have faults is put back all the same: they are told. One that is itself cut or
    changed is not.
    """
    found = check(path, passphrase)
    if found.faults:
        raise Conflict(f"The backup is not whole: {'; '.join(found.faults)}.", what_to_do="Take another one.")
    if found.about["schema"] > newest_version():
        raise Conflict("The backup is of a newer version of the program.", what_to_do="Restore with that version.")
    _refuse_unless_empty()
    to(found.about["schema"])
    _fill(path, passphrase, found)
    migrate()
    sessions, links = _say_so(found, end_links)
    return Restored(found, sessions, links)


def _refuse_unless_empty() -> None:
    folder = settings().data_dir
    there = {each.name for each in folder.iterdir()} - MAY_BE_THERE if folder.exists() else set()
    if there:
        raise Conflict(
            f"{folder} is not empty: {', '.join(sorted(there)[:3])}.", what_to_do="Restore into an empty folder."
        )
    if not tables.is_empty_place():
        raise Conflict("The database has tables already.", what_to_do="Restore into an empty database.")


def _fill(path: Path, passphrase: str, found: Checked) -> None:
    shapes = {shape.name: shape for shape in found.shapes}
    with tables.loading() as loader, entries(path, passphrase) as all_entries:
        for name, data in all_entries:
            kind, _, rest = name.partition("/")
            if kind == "tables":
                loader.add(shapes[rest.partition("/")[0]], data.splitlines(keepends=True))
            elif kind == "photos":
                photo_store.write(rest, data)
            elif kind == "content" or name == CONFIGURATION:
                _put(settings().data_dir / ASIDE, name, data)
            elif name == HEAD:
                _put(settings().data_dir, HEAD, data)
        loader.finish(found.shapes)


def _put(folder: Path, name: str, data: bytes) -> None:
    """Raises Conflict for a name that leads out of the folder."""
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise Conflict("The backup names a file outside the folder.", what_to_do="Do not trust it.")
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as handle:
        handle.write(data)
        handle.flush()
        os.fsync(handle.fileno())


def _say_so(found: Checked, end_links: bool) -> tuple[int, int]:
    with transaction() as session:
        sessions = tables.end_all_sessions(session)
        links = tables.end_all_links(session) if end_links else 0
        audit.write(
            session,
            SYSTEM,
            RESTORED,
            audit.ABOUT,
            "backup",
            row=found.newest_row,
            taken_at=found.taken_at.isoformat(timespec="seconds"),
            sessions=sessions,
            links=links,
        )
    return sessions, links
