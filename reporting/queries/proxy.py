"""For whom staff may fill in a check-in: what the front desk needs to know to find the right treatment."""

from dataclasses import dataclass
from datetime import date

from reporting import clock
from reporting.domain.actors import Actor
from reporting.domain.vocabulary import area_label, procedure_classes
from reporting.errors import NotFound
from reporting.security.permissions import require
from reporting.storage import patients
from reporting.storage.engine import reading

YEAR_DAYS = 400
"""Older treatments have no check-in due any more."""


@dataclass(frozen=True)
class AskedTreatment:
    """A treatment that can be asked about. No answers, no notes: the front desk sees this."""

    treatment_id: int
    performed_on: date
    procedure: str
    areas: tuple[str, ...]


@dataclass(frozen=True)
class AskedPatient:
    """A patient and their treatments of the last year, newest first."""

    patient_id: int
    reference: str
    is_erased: bool
    treatments: tuple[AskedTreatment, ...]


def asked_patient(by: Actor, patient_id: int) -> AskedPatient:
    """Raises NotAllowed, NotFound for another clinic's patient."""
    require(by, "check_in.proxy")
    with reading() as session:
        patient = patients.by_id(session, patient_id)
        if patient is None or patient.clinic_id != by.clinic_id:
            raise NotFound()
        today = clock.today(patients.clinic(session, patient.clinic_id).timezone)
        rows = [row[0] for row in patients.treatments(session, patient_id)]
        recent = [row for row in rows if (today - row.performed_on).days <= YEAR_DAYS]
        areas = patients.areas(session, [row.id or 0 for row in recent])
    return AskedPatient(patient_id, patient.reference, patient.erased_at is not None, tuple(
        AskedTreatment(
            row.id or 0, row.performed_on, procedure_classes()[row.procedure_class].label,
            tuple(dict.fromkeys(area_label(area.area) for area in areas[row.id or 0] if area.area != "not_recorded")),
        )
        for row in recent
    ))  # fmt: skip


def patient_of(by: Actor, treatment_id: int) -> int:
    """The patient of a treatment of the actor's clinic. Raises NotAllowed, NotFound."""
    require(by, "check_in.proxy")
    with reading() as session:
        row = patients.treatment(session, treatment_id)
    if row is None or row.clinic_id != by.clinic_id:
        raise NotFound()
    return row.patient_id
