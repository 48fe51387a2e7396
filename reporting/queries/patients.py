"""Patients of a clinic: to find one, and what the record form needs to know."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from reporting import clock
from reporting.domain.actors import Actor
from reporting.domain.devices import DeviceClass, setting_fields
from reporting.domain.treatment_record import AreaRecord, TreatmentRecord
from reporting.errors import NotFound
from reporting.security.permissions import may, require
from reporting.storage import device_classes, patients
from reporting.storage.engine import reading
from reporting.storage.tables import TreatedArea

SHOWN = 50
"""As many as a list shows; the search finds the others."""


@dataclass(frozen=True)
class PatientRow:
    """One patient in a list. No name: the list works with the clinic's own reference."""

    patient_id: int
    reference: str
    year_of_birth: int | None
    fitzpatrick: int | None
    treatments: int
    last_treated_on: date | None
    open_cases: int | None
    """None for those who may not see the worklist."""


@dataclass(frozen=True)
class DeviceChoice:
    device_id: int
    label: str
    device_class: DeviceClass | None


@dataclass(frozen=True)
class RecordForm:
    """Everything that can be chosen when a treatment is recorded at this clinic."""

    clinic_id: int
    clinic_name: str
    is_synthetic: bool
    today: date
    devices: tuple[DeviceChoice, ...]
    operators: Mapping[int, str]


def find_patients(by: Actor, words: str = "") -> list[PatientRow]:
    """Patients whose reference contains ``words``; without words those treated last. Raises NotAllowed."""
    require(by, "treatment.record", clinic_id=by.clinic_id)
    sees_cases = may(by, "worklist.read")
    with reading() as session:
        rows = patients.search(session, by.clinic_id, words.strip(), SHOWN)
    return [
        PatientRow(
            patient_id=patient.id, reference=patient.reference, year_of_birth=patient.year_of_birth,
            fitzpatrick=patient.fitzpatrick, treatments=treatments, last_treated_on=last_on,
            open_cases=open_cases if sees_cases else None,
        )
        for patient, treatments, last_on, open_cases in rows
    ]  # fmt: skip


def record_form(by: Actor) -> RecordForm:
    """What can be chosen on the record form. Raises NotAllowed, NotFound for an actor without a clinic."""
    require(by, "treatment.record", clinic_id=by.clinic_id)
    if by.clinic_id is None:
        raise NotFound("Choose a clinic first: treatments are recorded at one clinic.")
    with reading() as session:
        clinic = patients.clinic(session, by.clinic_id)
        classes = device_classes.known(session, by.clinic_id)
        devices = tuple(
            DeviceChoice(
                device.id or 0,
                " · ".join(part for part in (device.code, device.model, device.handpiece) if part),
                classes.get(device.device_class),
            )
            for device in patients.devices(session, by.clinic_id)
        )
        operators = {
            each.id or 0: " · ".join(part for part in (each.code, each.name) if part)
            for each in patients.operators(session, by.clinic_id)
        }
    return RecordForm(
        clinic_id=by.clinic_id, clinic_name=clinic.name, is_synthetic=clinic.is_synthetic,
        today=clock.today(clinic.timezone), devices=devices, operators=operators,
    )  # fmt: skip


def patient_row(by: Actor, patient_id: int) -> PatientRow:
    """One patient as the list shows it. Raises NotAllowed, NotFound (also for another clinic's patient)."""
    require(by, "treatment.record", clinic_id=by.clinic_id)
    with reading() as session:
        found = patients.by_id(session, patient_id)
    if found is None or (by.clinic_id is not None and found.clinic_id != by.clinic_id):
        raise NotFound()
    return PatientRow(
        patient_id=patient_id, reference=found.reference, year_of_birth=found.year_of_birth,
        fitzpatrick=found.fitzpatrick, treatments=0, last_treated_on=None, open_cases=None,
    )  # fmt: skip


def recorded_treatment(by: Actor, treatment_id: int) -> TreatmentRecord:
    """A treatment as it was recorded, to correct it. Raises NotAllowed, NotFound."""
    require(by, "treatment.record", clinic_id=by.clinic_id)
    with reading() as session:
        found = patients.treatment(session, treatment_id)
        if found is None or (by.clinic_id is not None and found.clinic_id != by.clinic_id):
            raise NotFound()
        treated = patients.areas(session, [treatment_id])[treatment_id]
    return TreatmentRecord(
        patient=found.patient_id, performed_on=found.performed_on, device_id=found.device_id or 0,
        operator_id=found.operator_id or 0, session_number=found.session_number,
        areas=tuple(_area_record(area) for area in treated),
    )  # fmt: skip


def _area_record(area: TreatedArea) -> AreaRecord:
    settings = {name: value for name in setting_fields() if (value := getattr(area, name)) is not None}
    return AreaRecord(
        area=area.area, settings=settings, indication=area.indication, cooling=area.cooling,
        immediate_endpoint=area.immediate_endpoint, test_spot_done=area.test_spot_done,
        pass_group=area.pass_group,
    )  # fmt: skip


@dataclass(frozen=True)
class CardSubject:
    """Whose card it is, and what is printed on it beside the link."""

    treatment_id: int
    patient_id: int
    patient_reference: str
    performed_on: date
    timezone: str
    clinic_name: str
    clinic_telephone: str
    emergency_telephone: str
    is_synthetic: bool


def card_subject(by: Actor, treatment_id: int) -> CardSubject:
    """The treatment a card is for. Raises NotAllowed, NotFound (also for another clinic's treatment)."""
    require(by, "invitation.issue", clinic_id=by.clinic_id)
    with reading() as session:
        found = patients.treatment(session, treatment_id)
        if found is None or (by.clinic_id is not None and found.clinic_id != by.clinic_id):
            raise NotFound()
        patient = patients.by_id(session, found.patient_id)
        clinic = patients.clinic(session, found.clinic_id)
    return CardSubject(
        treatment_id=treatment_id, patient_id=found.patient_id,
        patient_reference=patient.reference if patient else "", performed_on=found.performed_on,
        timezone=clinic.timezone, clinic_name=clinic.name, clinic_telephone=clinic.telephone,
        emergency_telephone=clinic.emergency_telephone, is_synthetic=clinic.is_synthetic,
    )  # fmt: skip
