"""Statements about photos: the rows; the pictures themselves are sealed files.

Sealed photo files in the data folder: whole or not there, never half.

What is sealed comes from above; here are only names and bytes. A file is on the disk before the row that names it
is committed, and goes after the row says so: a crash in between leaves at most a file that nobody names.
"""

import errno
import os
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from sqlalchemy import bindparam, select
from sqlmodel import Session, col

from reporting import clock
from reporting.domain.patient_words import WORDS
from reporting.errors import Problem, StorageFull
from reporting.records import clinic_facts
from reporting.records.engine import reading
from reporting.records.tables import Clinic, Patient, Photo, Treatment
from reporting.settings import settings

_WAITS = "waits"
"""Detail of a photo that was taken while a check-in is being filled in, and goes with it when it is sent."""


@dataclass(frozen=True)
class PhotoOf:
    """A photo with what dates it: the day of its treatment and the time zone of where the patient is."""

    photo: Photo
    performed_on: date
    timezone: str


_MAY_WAIT = (
    select(col(Photo.id))
    .where(
        col(Photo.treatment_id) == bindparam("treatment"),
        col(Photo.check_in_id).is_(None),
        col(Photo.removed_at).is_(None),
    )
    .limit(1)
)
"""Built once: it is asked with every check-in, and most have no photo."""


def by_id(session: Session, photo_id: int, *, lock: bool = False) -> Photo | None:
    """The photo with that id, removed ones included."""
    statement = select(Photo).where(col(Photo.id) == photo_id)
    return session.execute(statement.with_for_update() if lock else statement).scalar_one_or_none()


def by_submission_key(session: Session, submission_key: str) -> Photo | None:
    """The photo that this upload gave before."""
    return session.execute(select(Photo).where(col(Photo.submission_key) == submission_key)).scalar_one_or_none()


def kept(session: Session, *, treatment_id: int | None = None, patient_id: int | None = None) -> list[PhotoOf]:
    """Photos of a treatment or of a patient that were not removed, oldest first."""
    statement = (
        select(Photo, col(Treatment.performed_on), clinic_facts.zone_column())
        .join(Treatment, col(Treatment.id) == Photo.treatment_id)
        .join(Clinic, col(Clinic.id) == Photo.clinic_id)
        .join(Patient, col(Patient.id) == Photo.patient_id)
        .where(col(Photo.removed_at).is_(None))
    )
    if treatment_id is not None:
        statement = statement.where(col(Photo.treatment_id) == treatment_id)
    if patient_id is not None:
        statement = statement.where(col(Photo.patient_id) == patient_id)
    rows = session.execute(statement.order_by(col(Photo.taken_at), col(Photo.id))).all()
    return [PhotoOf(row[0], row[1], row[2]) for row in rows]


def waits(photo: Photo) -> bool:
    """Whether it belongs to a check-in that was not sent yet."""
    return photo.check_in_id is None and bool(photo.details.get(_WAITS))


def count(session: Session, treatment_id: int, check_in_id: int | None, *, waiting: bool) -> tuple[int, int]:
    """(photos of that check-in, or of the one being filled in; photos of the treatment)."""
    found = [each.photo for each in kept(session, treatment_id=treatment_id)]
    if waiting:
        return sum(waits(photo) for photo in found), len(found)
    return sum(check_in_id is not None and photo.check_in_id == check_in_id for photo in found), len(found)


def mark_waiting(photo: Photo) -> None:
    """Note that it goes with the check-in that is being filled in."""
    photo.details = photo.details | {_WAITS: True}


def attach_waiting(session: Session, treatment_id: int, check_in_id: int) -> int:
    """Hand the waiting photos of a treatment to the check-in that is being sent; returns how many."""
    if session.execute(_MAY_WAIT, {"treatment": treatment_id}).first() is None:
        return 0
    waiting = [each.photo for each in kept(session, treatment_id=treatment_id) if waits(each.photo)]
    for photo in waiting:
        photo.check_in_id = check_in_id
        photo.details = {name: value for name, value in photo.details.items() if name != _WAITS}
        session.add(photo)
    return len(waiting)


def names_in_use(session: Session, names: Sequence[str]) -> set[str]:
    """Which of these files are named by a photo that was not removed."""
    statement = select(col(Photo.stored_name)).where(col(Photo.stored_name).in_(names), col(Photo.removed_at).is_(None))
    return set(session.execute(statement).scalars())


def all_kept(session: Session) -> list[Photo]:
    """Every photo that was not removed, of everybody."""
    return list(session.execute(select(Photo).where(col(Photo.removed_at).is_(None)).order_by(col(Photo.id))).scalars())


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


def replace(name: str, sealed: bytes) -> None:
    """Other bytes under a name that is there: on return either the old or the new ones survive a power cut."""
    path = _path(name)
    fresh = path.with_suffix(f".{secrets.token_hex(4)}{_UNFINISHED}")
    try:
        fresh.touch(mode=0o600, exist_ok=False)
        with fresh.open("wb") as handle:
            handle.write(sealed)
            handle.flush()
            os.fsync(handle.fileno())
        if path.exists():  # nobody removed it meanwhile
            fresh.replace(path)
            _keep_entries(path.parent)
    finally:
        fresh.unlink(missing_ok=True)


def beginning(name: str, size: int) -> bytes:
    """The first bytes of that name. Raises PhotoGone."""
    try:
        with _path(name).open("rb") as handle:
            return handle.read(size)
    except FileNotFoundError as error:
        raise PhotoGone() from error


def kept_after(session: Session, photo_id: int, size: int) -> list[Photo]:
    """The next photos of everybody that were not removed."""
    wanted = select(Photo).where(col(Photo.id) > photo_id, col(Photo.removed_at).is_(None)).order_by(col(Photo.id))
    return list(session.execute(wanted.limit(size)).scalars())


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
