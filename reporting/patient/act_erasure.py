"""The wish to be forgotten: asked by the patient, worked by the clinic. The person goes, the figures stay nameless.

What has been kept as long as the clinic wants goes: daily in the background, or by the command line.
"""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from reporting import clock
from reporting.domain.actors import SYSTEM, Actor
from reporting.domain.clinic_settings import DRAFT_DAYS, months_before
from reporting.errors import Conflict, InvalidInput, NotFound
from reporting.imports.act_refused import forget_person
from reporting.records import access, audit, import_runs, patients, photo_store, privacy
from reporting.records.engine import Session, after_commit, reading, transaction
from reporting.records.tables import Clinic, ErasureRequest, Patient, id_of
from reporting.security.permissions import require
from reporting.security.scope import mine, own
from reporting.security.tokens import erased_hash

REASON_CHARACTERS = 400


def _asked(session: Session, by: Actor, patient_id: int) -> int:
    """The open request of a patient, a new one if there is none."""
    permission = "erasure.request" if by.kind == "patient" else "request.work"
    patient = mine(privacy.lock_patient(session, patient_id), by, permission)
    if patient.erased_at is not None:
        raise Conflict("This patient's data was erased already.", what_to_do="There is nothing left to do.")
    earlier = privacy.open_request(session, patient_id)
    if earlier is not None:
        return id_of(earlier)
    row = ErasureRequest(clinic_id=patient.clinic_id, patient_id=patient_id, requested_at=clock.now())
    session.add(row)
    session.flush()
    audit.write(session, by, "erasure.requested", "patient", patient_id, clinic_id=patient.clinic_id, request=row.id)
    return id_of(row)


def request_erasure(*, by: Actor) -> int:
    """The signed-in patient asks to be forgotten; asking again is the same request. Returns its number.

    Raises NotAllowed without the second factor.
    """
    require(by, "erasure.request")
    if by.kind != "patient":
        raise NotFound()
    with transaction() as session:
        return _asked(session, by, by.key)


def record_request(*, by: Actor, reference: str) -> int:
    """Staff write down a request that came by telephone, letter or at the desk. Raises NotFound, Conflict."""
    require(by, "request.work")
    with transaction() as session:
        patient = patients.by_reference(session, by.clinic_key, reference.strip())
        if patient is None:
            raise NotFound("No patient has this reference.", what_to_do="Look at the spelling on the patient's card.")
        return _asked(session, by, id_of(patient))


def _open(session: Session, by: Actor, request_id: int) -> ErasureRequest:
    row = own(session, ErasureRequest, request_id, by, "request.work", lock=True)
    if row.state != "open":
        raise Conflict("Somebody has worked on this request already.")
    return row


def _close(session: Session, row: ErasureRequest, by: Actor, state: str, reason: str = "") -> None:
    row.state, row.reason, row.worked_by, row.worked_at = state, reason, by.id, clock.now()
    session.add(row)


def refuse_request(*, by: Actor, request_id: int, reason: str) -> None:
    """Keep the data and tell the patient why. Raises InvalidInput without a reason, NotFound, Conflict."""
    require(by, "request.work")
    words = reason.strip()
    if not 1 <= len(words) <= REASON_CHARACTERS:
        allowed = f"1 to {REASON_CHARACTERS} characters that the patient can read"
        raise InvalidInput(field="reason", found=f"{len(words)} characters", allowed=allowed)
    with transaction() as session:
        row = _open(session, by, request_id)
        _close(session, row, by, "refused", words)
        audit.write(session, by, "erasure.refused", "patient", row.patient_id, clinic_id=row.clinic_id, request=row.id)


def erase_patient(*, by: Actor, request_id: int) -> None:
    """Take the person out for good: all or nothing, and the files of the photos once that is safely kept.

    Treatments, settings, severities and outcomes stay under a random pseudonym (docs/decisions/0008). Raises
    Conflict while the patient has an open case, or when somebody was faster; NotFound, NotAllowed.
    """
    require(by, "request.work")
    with transaction() as session:
        row = _open(session, by, request_id)
        patient = privacy.lock_patient(session, row.patient_id)
        assert patient is not None
        if privacy.open_cases(session, row.patient_id):
            raise Conflict(
                "This patient has an open case: somebody may have to reach them.",
                what_to_do="Close the case first, then erase.",
            )
        files = _erase(session, patient)
        _close(session, row, by, "done")
        audit.write(
            session,
            by,
            "erasure.done",
            "patient",
            row.patient_id,
            clinic_id=row.clinic_id,
            request=row.id,
            photos=len(files),
        )
        after_commit(lambda: remove_files(files))


def erase_person(patient_id: int) -> bool:
    """The same for a patient whose retention period is over. False when a case was opened in the meantime."""
    with transaction() as session:
        patient = privacy.lock_patient(session, patient_id)
        if patient is None or patient.erased_at is not None or privacy.open_cases(session, patient_id):
            return False
        files = _erase(session, patient)
        after_commit(lambda: remove_files(files))
    return True


def _erase(session: Session, patient: Patient) -> list[str]:
    moment, patient_id = clock.now(), id_of(patient)
    privacy.end_all_ways_in(session, patient_id, moment)
    privacy.silence_messages(session, patient_id)
    privacy.drop_words(session, patient_id)
    files = privacy.drop_photos(session, patient_id, moment)
    forget_person(session, patient.clinic_id, privacy.references_of(session, patient))
    mark = erased_hash(patient.clinic_id, patient.reference)
    privacy.take_out_the_person(session, patient, mark, moment)
    return files


def remove_files(files: list[str]) -> None:
    """A crash before this leaves files that no kept photo names; the daily sweep takes those."""
    for name in files:
        photo_store.remove(name)


_DAY = timedelta(days=1)


def what_is_over(at: datetime) -> Counter[str]:
    """What would go at that moment, by kind, without touching anything."""
    found: Counter[str] = Counter()
    with reading() as session:
        for clinic in privacy.clinics(session):
            for kind, months in clinic.retention.items():
                before = months_before(at, months)
                found[kind] += _COUNT[kind](session, id_of(clinic), before)
        found["drafts"] += privacy.count_old_drafts(session, at - timedelta(days=DRAFT_DAYS))
    return +found


_COUNT: dict[str, Any] = {
    "photos": lambda session, clinic_id, before: len(privacy.old_photos(session, clinic_id, before)),
    "notes": privacy.old_notes,
    "refused_rows": import_runs.count_old,
    "check_ins": lambda session, clinic_id, before: len(privacy.people_long_gone(session, clinic_id, before)),
}


def apply_retention(at: datetime | None = None) -> Counter[str]:
    """Take away everything that is over, clinic by clinic, each in transactions of its own; returns how many.

    ``check_ins`` counts people who were taken out of their answers. Files that no photo names go as well.
    """
    moment = at or clock.now()
    done: Counter[str] = Counter()
    with reading() as session:
        clinics = privacy.clinics(session)
    for clinic in clinics:
        done.update(_of_clinic(clinic, moment))
    with transaction() as session:
        done["drafts"] += privacy.drop_old_drafts(session, moment - timedelta(days=DRAFT_DAYS))
        privacy.drop_old_codes(session, moment - _DAY)
        access.forget_before(session, moment - _DAY)
    done["files"] += photo_store.sweep_orphans()
    return +done


def _of_clinic(clinic: Clinic, moment: datetime) -> Counter[str]:
    done: Counter[str] = Counter()
    before = {kind: months_before(moment, months) for kind, months in clinic.retention.items()}
    with transaction() as session:
        if "photos" in before:
            done["photos"] = _drop_photos(session, clinic, before["photos"], moment)
        if "notes" in before:
            done["notes"] = privacy.drop_notes(session, id_of(clinic), before["notes"])
        if "refused_rows" in before:
            done["refused_rows"] = import_runs.drop_old(session, id_of(clinic), before["refused_rows"], moment)
        _note(session, clinic, done)
    if "check_ins" in before:
        done.update(_people(clinic, before["check_ins"]))
    return +done


def _note(session: Session, clinic: Clinic, done: Counter[str]) -> None:
    if +done:
        audit.write(
            session, SYSTEM, "retention.applied", "clinic", clinic.id, clinic_id=clinic.id, taken_away=dict(+done)
        )


def _drop_photos(session: Session, clinic: Clinic, before: datetime, moment: datetime) -> int:
    rows = privacy.old_photos(session, id_of(clinic), before)
    for row in rows:
        row.removed_at, row.submission_key, row.sha256 = moment, None, ""
        row.details = row.details | {"removed_because": "retention"}
        session.add(row)
    names = [row.stored_name for row in rows]
    after_commit(lambda: remove_files(names))
    return len(rows)


def _people(clinic: Clinic, before: datetime) -> Counter[str]:
    """One transaction per person: a long list must not hold up the clinic's work."""
    with reading() as session:
        found = privacy.people_long_gone(session, id_of(clinic), before)
    done: Counter[str] = Counter(check_ins=sum(erase_person(patient_id) for patient_id in found))
    with transaction() as session:
        _note(session, clinic, done)
    return done
