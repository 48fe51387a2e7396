"""To add a photo and to take one away. The file is safe on the disk before the row that names it is."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from reporting import clock
from reporting.domain.actors import Actor
from reporting.domain.patient_words import plain_words
from reporting.errors import InvalidInput, NotFound, Problem
from reporting.patient.act_check_ins import allowed_to_send
from reporting.records import audit, check_ins, photo_store
from reporting.records.engine import Session, after_commit, reading, transaction
from reporting.records.tables import CheckIn, Photo, id_of
from reporting.security.encryption import seal
from reporting.security.permissions import require
from reporting.security.photos import CleanPhoto, PhotoRefused, clean_photo
from reporting.security.scope import is_theirs
from reporting.settings import settings
from reporting.shell.act_consent import record_first_use

CLOCKS_DIFFER = timedelta(minutes=5)
MEGA = 1_000_000


@dataclass(frozen=True)
class StoredPhoto:
    """A photo that is safely kept. ``already_kept``: the same upload had arrived before."""

    photo_id: int
    treatment_id: int
    check_in_id: int | None
    taken_at: datetime
    width_px: int
    height_px: int
    size_bytes: int
    already_kept: bool = False


def upload_key(draft_key: str, data: bytes) -> str:
    """The same photo in the same check-in is one photo, however often it is sent."""
    return hashlib.sha256(draft_key.encode() + b":" + data).hexdigest()


def refusal_words(problem: Problem, language: str) -> str:
    """What the patient reads when a photo was not kept."""
    if isinstance(problem, PhotoRefused):
        return problem.in_language(language)
    return plain_words(problem, language)


def _stored(row: Photo, *, already_kept: bool) -> StoredPhoto:
    return StoredPhoto(
        id_of(row),
        row.treatment_id,
        row.check_in_id,
        row.taken_at,
        row.width_px,
        row.height_px,
        row.size_bytes,
        already_kept,
    )


def _subject(session: Session, by: Actor, treatment_id: int, *, lock: bool = False) -> check_ins.Subject:
    """The treatment, if ``by`` may add photos to it: its patient, and staff who may also see photos."""
    about = allowed_to_send(by, check_ins.subject(session, treatment_id, lock=lock))
    if by.kind == "staff":
        require(by, "photo.read")
    return about


def _room_for_one(session: Session, treatment_id: int, check_in_id: int | None, *, waiting: bool) -> None:
    here, of_treatment = photo_store.count(session, treatment_id, check_in_id, waiting=waiting)
    if (waiting or check_in_id is not None) and here >= settings().photos_per_check_in:
        raise PhotoRefused("limit", count=here)
    if of_treatment >= settings().photos_per_treatment:
        raise PhotoRefused("limit_treatment", count=of_treatment)


def _its_check_in(session: Session, treatment_id: int, check_in_id: int | None) -> None:
    if check_in_id is not None:
        row = session.get(CheckIn, check_in_id)
        if row is None or row.treatment_id != treatment_id:
            raise NotFound()


def _again(session: Session, submission_key: str, treatment_id: int) -> StoredPhoto | None:
    """What the same upload gave before; only for the treatment it belongs to."""
    earlier = photo_store.by_submission_key(session, submission_key)
    if earlier is None:
        return None
    if earlier.treatment_id != treatment_id:
        raise NotFound()
    return _stored(earlier, already_kept=True)


def _moment(taken_at: datetime | None) -> datetime:
    now = clock.now()
    if taken_at is not None and taken_at > now + CLOCKS_DIFFER:
        raise InvalidInput(field="taken_at", found=taken_at.isoformat(), allowed="a moment that is over")
    return taken_at or now


def _row(about: check_ins.Subject, made: CleanPhoto, name: str, taken_at: datetime) -> Photo:
    return Photo(
        clinic_id=about.clinic_id,
        patient_id=about.patient_id,
        treatment_id=about.treatment_id,
        stored_name=name,
        sha256=made.sha256,
        width_px=made.width_px,
        height_px=made.height_px,
        size_bytes=len(made.jpeg),
        taken_at=taken_at,
    )


def add_photo(
    *,
    by: Actor,
    treatment_id: int,
    data: bytes,
    submission_key: str,
    taken_at: datetime | None = None,
    check_in_id: int | None = None,
    language: str = "en",
) -> StoredPhoto:
    """Clean, seal and keep a photo, with the consent that sending it gives and the audit row.

    Without ``check_in_id`` a patient's photo waits for the check-in that is being filled in and goes with it.
    The same ``submission_key`` again gives the same photo. Raises PhotoRefused with the sentence for the
    patient, ConsentWithdrawn, NotFound, NotAllowed, InvalidInput, StorageBusy or StorageFull.
    """
    if not submission_key:
        raise InvalidInput(field="submission_key", found=submission_key, allowed="the key that came with the form")
    moment, waiting = _moment(taken_at), by.kind == "patient" and check_in_id is None
    with reading() as session:  # refused here costs nothing; asked again below, where nobody can come between
        _subject(session, by, treatment_id)
        if earlier := _again(session, submission_key, treatment_id):
            return earlier
        _room_for_one(session, treatment_id, check_in_id, waiting=waiting)
    limits = settings()
    made = clean_photo(
        data,
        max_bytes=limits.photo_max_mb * MEGA,
        max_pixels=limits.photo_max_megapixels * MEGA,
        max_side_px=limits.photo_side_px,
    )
    name = photo_store.new_name()
    photo_store.write(name, seal(made.jpeg, bound_to=name))
    with transaction() as session:
        about = _subject(session, by, treatment_id, lock=True)
        if earlier := _again(session, submission_key, treatment_id):
            after_commit(lambda: photo_store.remove(name))
            return earlier
        _its_check_in(session, treatment_id, check_in_id)
        _room_for_one(session, treatment_id, check_in_id, waiting=waiting)
        record_first_use(
            session, by, clinic_id=about.clinic_id, patient_id=about.patient_id, kind="photos", language=language
        )
        row = _row(about, made, name, moment)
        row.submission_key, row.check_in_id = submission_key, check_in_id
        if waiting:
            photo_store.mark_waiting(row)
        session.add(row)
        session.flush()
        audit.write(
            session,
            by,
            "photo.added",
            "photo",
            row.id,
            clinic_id=about.clinic_id,
            treatment=treatment_id,
            check_in=check_in_id,
            bytes=len(made.jpeg),
        )
    return _stored(row, already_kept=False)


def _removable(by: Actor, row: Photo | None) -> Photo:
    """A patient takes back what was not sent yet; what was sent needs the second factor. Staff: who may see it."""
    if row is None or not is_theirs(row, by, any_treatment=True):
        raise NotFound()
    if by.kind == "patient":
        require(by, "check_in.submit" if photo_store.waits(row) else "history.read")
    else:
        require(by, "photo.read")
    return row


def remove_photo(*, by: Actor, photo_id: int, reason: str = "") -> None:
    """Take a photo away for good: its file goes, its row stays with the moment and the reason.

    Once is enough. Raises NotFound for somebody else's and an unknown photo alike, NotAllowed, and InvalidInput
    when staff give no reason.
    """
    if by.kind == "staff":
        require(by, "photo.read")
        if not reason.strip():
            raise InvalidInput(field="reason", found="nothing", allowed="why the photo is taken away")
    with transaction() as session:
        row = _removable(by, photo_store.by_id(session, photo_id, lock=True))
        if row.removed_at is None:
            row.removed_at, row.submission_key = clock.now(), None
            row.details = row.details | {"removed_because": reason.strip()[:400]}
            session.add(row)
            audit.write(
                session, by, "photo.removed", "photo", photo_id, clinic_id=row.clinic_id, treatment=row.treatment_id
            )
        name = row.stored_name
        after_commit(lambda: photo_store.remove(name))
