"""A dated note of the clinic about a patient, outside of any case. It is never changed afterwards."""

from datetime import date

from reporting import clock
from reporting.domain.actors import Actor
from reporting.domain.case_work import NOTE_CHARACTERS
from reporting.errors import InvalidInput, NotFound
from reporting.security.encryption import encrypt
from reporting.security.permissions import require
from reporting.storage import audit, notes, patients
from reporting.storage.engine import transaction
from reporting.storage.tables import PatientNote


def add_note(*, by: Actor, patient_id: int, happened_on: date, words: str) -> int:
    """Write a note about a day up to today. Returns its id.

    The words are kept encrypted and stay out of the audit trail. Raises NotAllowed, NotFound, InvalidInput.
    """
    words = words.strip()
    with transaction() as session:
        patient = patients.by_id(session, patient_id)
        if patient is None or (by.clinic_id is not None and patient.clinic_id != by.clinic_id):
            raise NotFound()
        require(by, "case.work", clinic_id=patient.clinic_id)
        if not 1 <= len(words) <= NOTE_CHARACTERS:
            raise InvalidInput(
                field="note", found=f"{len(words)} characters", allowed=f"1 to {NOTE_CHARACTERS} characters"
            )
        today = clock.today(patients.clinic(session, patient.clinic_id).timezone)
        if happened_on > today:
            raise InvalidInput(field="happened_on", found=str(happened_on), allowed="a day up to today")
        note = PatientNote(
            clinic_id=patient.clinic_id, patient_id=patient_id, staff_id=by.id, written_at=clock.now(),
            happened_on=happened_on, note_encrypted=encrypt(words),
        )  # fmt: skip
        key = notes.add(session, note)
        audit.write(
            session, by, "patient.note_added", "patient", patient_id, clinic_id=patient.clinic_id, note=key,
            happened_on=happened_on.isoformat(),
        )  # fmt: skip
        return key
