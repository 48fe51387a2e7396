"""Statements about photos: the rows; the pictures themselves are sealed files."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import bindparam, select
from sqlmodel import Session, col

from reporting.storage.tables import Clinic, Photo, Treatment

_WAITS = "waits"
"""Detail of a photo that was taken while a check-in is being filled in, and goes with it when it is sent."""


@dataclass(frozen=True)
class PhotoOf:
    """A photo with what dates it: the day of its treatment and the clinic's time zone."""

    photo: Photo
    performed_on: date
    timezone: str


_MAY_WAIT = (
    select(col(Photo.id))
    .where(
        col(Photo.treatment_id) == bindparam("treatment"), col(Photo.check_in_id).is_(None),
        col(Photo.removed_at).is_(None),
    )
    .limit(1)
)  # fmt: skip
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
        select(Photo, col(Treatment.performed_on), col(Clinic.timezone))
        .join(Treatment, col(Treatment.id) == Photo.treatment_id)
        .join(Clinic, col(Clinic.id) == Photo.clinic_id)
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
