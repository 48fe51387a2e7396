"""Photos for those who may see them. Every look at a picture leaves a row in the audit trail."""

import hashlib
import logging
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from reporting import clock
from reporting.domain.actors import Actor
from reporting.errors import NotFound
from reporting.records import audit, check_ins, photo_store
from reporting.records.check_ins import draft_of
from reporting.records.engine import Session, reading, transaction
from reporting.records.photo_store import PhotoGone
from reporting.records.tables import Photo, id_of
from reporting.security.encryption import CannotDecrypt, unseal
from reporting.security.permissions import require
from reporting.security.photos import smaller
from reporting.security.scope import is_theirs, mine
from reporting.settings import settings

log = logging.getLogger("reporting.photos")

ONE_LOOK = timedelta(minutes=1)
"""A page draws its pictures anew with every rerun: within this time it is one look."""
SMALLEST_PX, LARGEST_PX = 64, 2048


@dataclass(frozen=True)
class PhotoLine:
    """A photo without its picture. ``on`` and ``recovery_day`` are in the clinic's time zone."""

    photo_id: int
    treatment_id: int
    check_in_id: int | None
    taken_at: datetime
    on: date
    recovery_day: int
    width_px: int
    height_px: int
    size_bytes: int
    waits: bool
    """It goes with the check-in that is being filled in."""
    number_of_day: int = 1
    count_of_day: int = 1

    @property
    def which(self) -> str:
        """`` · 2/3`` where there are several of that day, so that no two are called the same."""
        return f" · {self.number_of_day}/{self.count_of_day}" if self.count_of_day > 1 else ""


def _numbered(lines: Iterable[PhotoLine]) -> tuple[PhotoLine, ...]:
    """The same photos, each knowing which of its day it is."""
    by_day: dict[tuple[int, date], list[PhotoLine]] = {}
    for line in lines:
        by_day.setdefault((line.treatment_id, line.on), []).append(line)
    numbered = [
        replace(line, number_of_day=number, count_of_day=len(of_day))
        for of_day in by_day.values()
        for number, line in enumerate(of_day, start=1)
    ]
    return tuple(sorted(numbered, key=lambda line: (line.taken_at, line.photo_id)))


def _line(found: photo_store.PhotoOf) -> PhotoLine:
    photo = found.photo
    on = photo.taken_at.astimezone(ZoneInfo(found.timezone)).date()
    return PhotoLine(
        photo_id=id_of(photo),
        treatment_id=photo.treatment_id,
        check_in_id=photo.check_in_id,
        taken_at=photo.taken_at,
        on=on,
        recovery_day=max(0, (on - found.performed_on).days),
        width_px=photo.width_px,
        height_px=photo.height_px,
        size_bytes=photo.size_bytes,
        waits=photo_store.waits(photo),
    )


def _may_see(by: Actor) -> None:
    """A patient with the second factor, and staff who may see photos: never the front desk."""
    require(by, "history.read" if by.kind == "patient" else "photo.read")


def _shown_to(by: Actor, photo: Photo) -> bool:
    """The patient's own; for staff those of their clinic that the patient has sent."""
    return is_theirs(photo, by, any_treatment=True) and not (by.kind == "staff" and photo_store.waits(photo))


def photos_of(by: Actor, *, treatment_id: int | None = None, patient_id: int | None = None) -> tuple[PhotoLine, ...]:
    """Photos of a treatment or of a patient that were sent, oldest first; without either the patient's own.

    Somebody else's and unknown ones alike are simply not there. Raises NotAllowed and SignInNeeded.
    """
    _may_see(by)
    if treatment_id is None and patient_id is None:
        if by.kind != "patient":
            raise NotFound()
        patient_id = by.id
    with reading() as session:
        found = photo_store.kept(session, treatment_id=treatment_id, patient_id=patient_id)
    return _numbered(_line(each) for each in found if _shown_to(by, each.photo) and not photo_store.waits(each.photo))


@dataclass(frozen=True)
class WaitingPhotos:
    """What the form says of photos that go with the check-in: which there are, and how many more fit."""

    photos: tuple[PhotoLine, ...]
    most: int
    most_mb: int
    """How large the file of one may be."""
    draft_key: str
    """Names the check-in that is being filled in."""

    @property
    def is_full(self) -> bool:
        return len(self.photos) >= self.most


def waiting_photos(by: Actor, treatment_id: int) -> WaitingPhotos:
    """Photos that were added and not sent yet; the link alone is enough to know of them, not to see them."""
    permission = "check_in.submit" if by.kind == "patient" else "check_in.proxy"
    with reading() as session:
        mine(check_ins.subject(session, treatment_id), by, permission)
        found, draft = photo_store.kept(session, treatment_id=treatment_id), draft_of(session, treatment_id)
    lines = tuple(_line(each) for each in found if photo_store.waits(each.photo))
    draft_key = draft.submission_key if draft else f"{treatment_id} {clock.now():%Y-%m-%d}"
    return WaitingPhotos(lines, settings().photos_per_check_in, settings().photo_max_mb, draft_key)


def _was_seen(session: Session, by: Actor, photo_id: int) -> bool:
    return audit.was_written(session, by, "photo.viewed", "photo", photo_id, since=clock.now() - ONE_LOOK)


def _note_look(by: Actor, photo_id: int) -> None:
    """One row per viewer and photo; a further look within the same minute is the same look."""
    with transaction() as session:
        photo = photo_store.by_id(session, photo_id, lock=True)
        if photo is None or photo.removed_at is not None:
            raise NotFound()
        if not _was_seen(session, by, photo_id):
            audit.write(
                session, by, "photo.viewed", "photo", photo_id, clinic_id=photo.clinic_id, treatment=photo.treatment_id
            )


def photo_bytes(by: Actor, photo_id: int, *, longest_side_px: int | None = None) -> bytes:
    """The JPEG of a photo, or a smaller one. The look is in the audit trail before the picture is given out.

    Raises NotFound for a removed, an unknown and somebody else's photo alike, NotAllowed, SignInNeeded, and
    PhotoGone when the file is missing or was changed.
    """
    _may_see(by)
    with reading() as session:
        photo, was_seen = photo_store.by_id(session, photo_id), _was_seen(session, by, photo_id)
    if photo is None or photo.removed_at is not None or not _shown_to(by, photo):
        raise NotFound()
    jpeg = _opened(photo)
    if not was_seen:
        _note_look(by, photo_id)
    if longest_side_px is None or longest_side_px >= max(photo.width_px, photo.height_px):
        return jpeg
    return smaller(jpeg, max(SMALLEST_PX, min(LARGEST_PX, longest_side_px)))


def _opened(photo: Photo) -> bytes:
    try:
        jpeg = unseal(photo_store.read(photo.stored_name), bound_to=photo.stored_name)
    except PhotoGone:
        log.error("the file of photo %s is missing", photo.id)
        raise
    except CannotDecrypt as problem:
        log.error("the file of photo %s was changed", photo.id)
        raise PhotoGone(was_changed=True) from problem
    if hashlib.sha256(jpeg).hexdigest() != photo.sha256:
        raise PhotoGone(was_changed=True)
    return jpeg


def faulty_photos() -> tuple[int, list[tuple[int, str]]]:
    """(photos looked at, (id, what is wrong) of those whose file is missing or was changed)."""
    with reading() as session:
        rows = photo_store.all_kept(session)
    wrong = []
    for row in rows:
        try:
            _opened(row)
        except PhotoGone as problem:
            wrong.append((id_of(row), "the file was changed" if problem.was_changed else "the file is missing"))
    return len(rows), wrong
