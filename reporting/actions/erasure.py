"""The wish to be forgotten: asked by the patient, worked by the clinic. The person goes, the figures stay nameless."""

from typing import Any

from reporting import clock
from reporting.actions.import_refused import forget_person
from reporting.domain.actors import Actor
from reporting.errors import Conflict, InvalidInput, NotFound
from reporting.security.derived import erased_hash
from reporting.security.permissions import require
from reporting.storage import audit, consents, erasure, patients, photo_files
from reporting.storage.engine import after_commit, transaction
from reporting.storage.tables import ErasureRequest, Patient

REASON_CHARACTERS = 400


def _asked(session: Any, by: Actor, patient_id: int) -> int:
    """The open request of a patient, a new one if there is none."""
    patient = consents.lock_patient(session, patient_id)
    if patient is None or patient.clinic_id != by.clinic_id:
        raise NotFound()
    if patient.erased_at is not None:
        raise Conflict("This patient's data was erased already.", what_to_do="There is nothing left to do.")
    earlier = erasure.open_request(session, patient_id)
    if earlier is not None:
        return earlier.id or 0
    row = ErasureRequest(clinic_id=patient.clinic_id, patient_id=patient_id, requested_at=clock.now())
    session.add(row)
    session.flush()
    audit.write(session, by, "erasure.requested", "patient", patient_id, clinic_id=patient.clinic_id, request=row.id)
    return row.id or 0


def request_erasure(*, by: Actor) -> int:
    """The signed-in patient asks to be forgotten; asking again is the same request. Returns its number.

    Raises NotAllowed without the second factor.
    """
    require(by, "erasure.request")
    if by.kind != "patient":
        raise NotFound()
    with transaction() as session:
        return _asked(session, by, by.id or 0)


def record_request(*, by: Actor, reference: str) -> int:
    """Staff write down a request that came by telephone, letter or at the desk. Raises NotFound, Conflict."""
    require(by, "request.work")
    with transaction() as session:
        patient = patients.by_reference(session, by.clinic_id or 0, reference.strip())
        if patient is None:
            raise NotFound("No patient has this reference.", what_to_do="Look at the spelling on the patient's card.")
        return _asked(session, by, patient.id or 0)


def _open(session: Any, by: Actor, request_id: int) -> ErasureRequest:
    row = erasure.request_by_id(session, request_id)
    if row is None or row.clinic_id != by.clinic_id:
        raise NotFound()
    require(by, "request.work", clinic_id=row.clinic_id)
    if row.state != "open":
        raise Conflict("Somebody has worked on this request already.")
    return row


def _close(session: Any, row: ErasureRequest, by: Actor, state: str, reason: str = "") -> None:
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
        patient = consents.lock_patient(session, row.patient_id)
        assert patient is not None
        if erasure.open_cases(session, row.patient_id):
            raise Conflict(
                "This patient has an open case: somebody may have to reach them.",
                what_to_do="Close the case first, then erase.",
            )
        files = _erase(session, patient)
        _close(session, row, by, "done")
        audit.write(session, by, "erasure.done", "patient", row.patient_id, clinic_id=row.clinic_id, request=row.id,
                    photos=len(files))  # fmt: skip
        after_commit(lambda: remove_files(files))


def erase_person(patient_id: int) -> bool:
    """The same for a patient whose retention period is over. False when a case was opened in the meantime."""
    with transaction() as session:
        patient = consents.lock_patient(session, patient_id)
        if patient is None or patient.erased_at is not None or erasure.open_cases(session, patient_id):
            return False
        files = _erase(session, patient)
        after_commit(lambda: remove_files(files))
    return True


def _erase(session: Any, patient: Patient) -> list[str]:
    moment, patient_id = clock.now(), patient.id or 0
    erasure.end_all_ways_in(session, patient_id, moment)
    erasure.silence_messages(session, patient_id)
    erasure.drop_words(session, patient_id)
    files = erasure.drop_photos(session, patient_id, moment)
    forget_person(session, patient.clinic_id, erasure.references_of(session, patient))
    mark = erased_hash(patient.clinic_id, patient.reference)
    erasure.take_out_the_person(session, patient, mark, moment)
    return files


def remove_files(files: list[str]) -> None:
    """A crash before this leaves files that no kept photo names; the daily sweep takes those."""
    for name in files:
        photo_files.remove(name)
