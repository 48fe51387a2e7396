"""To see whom to ring about a case: the patient's name and numbers, and that somebody saw them."""

from dataclasses import dataclass

from reporting.domain.actors import Actor
from reporting.records import audit
from reporting.records.engine import transaction
from reporting.records.tables import Patient, TriageCase
from reporting.security.encryption import CannotDecrypt, decrypt
from reporting.security.scope import own


@dataclass(frozen=True)
class Contact:
    """Name and ways to reach a patient; empty where none is on record. Never to be drawn as Markdown."""

    name: str
    telephone: str
    email: str

    @property
    def is_known(self) -> bool:
        """Whether there is any way to reach them."""
        return bool(self.telephone or self.email)


def _clear(stored: str | None) -> str:
    if not stored:
        return ""
    try:
        return decrypt(stored)
    except CannotDecrypt as problem:
        return f"({problem.message})"


def show_contact(*, by: Actor, case_id: int) -> Contact:
    """The name and numbers of the patient of a case; the audit trail keeps who looked, and nothing of what.

    For whoever may work on cases. Raises NotAllowed, and NotFound for an unknown case and another clinic's alike.
    """
    with transaction() as session:
        case = own(session, TriageCase, case_id, by, "case.work")
        patient = session.get_one(Patient, case.patient_id)
        audit.write(session, by, "patient.contact_shown", "patient", patient.id, clinic_id=case.clinic_id, case=case_id)
        return Contact(_clear(patient.name_encrypted), _clear(patient.phone_encrypted), _clear(patient.email_encrypted))
