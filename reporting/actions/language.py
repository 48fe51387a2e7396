"""The language a patient has chosen, kept for reminders and for the next visit from another phone."""

from reporting.domain.actors import Actor
from reporting.domain.language import languages
from reporting.errors import InvalidInput
from reporting.storage import audit
from reporting.storage.engine import transaction
from reporting.storage.tables import Patient


def set_language(*, by: Actor, code: str) -> None:
    """Keep the patient's language. Nothing is kept for staff. Raises InvalidInput for one without a catalogue."""
    if code not in languages():
        raise InvalidInput(field="language", found=code[:12], allowed="one of " + ", ".join(languages()))
    if by.kind != "patient":
        return
    with transaction() as session:
        patient = session.get(Patient, by.id)
        if patient is None or patient.language == code:
            return
        before, patient.language = patient.language, code
        session.add(patient)
        audit.write(session, by, "language.chosen", "patient", by.id, clinic_id=patient.clinic_id,
                    before=before, after=code)  # fmt: skip
