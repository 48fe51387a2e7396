"""To record a treatment with its settings, to correct it, and to take back one recorded by mistake."""

from dataclasses import asdict, dataclass
from typing import Any

from reporting import clock
from reporting.domain.actors import Actor
from reporting.domain.devices import DeviceClass, setting_fields
from reporting.domain.treatment_record import (
    AreaRecord,
    PatientRecord,
    TreatmentRecord,
    check_areas,
    check_day,
    check_facts,
    check_patient,
)
from reporting.errors import Conflict, InvalidInput
from reporting.records import audit, clinic_facts, patients
from reporting.records.engine import Session, again_when_deadlocked, transaction
from reporting.records.outcomes import recompute
from reporting.records.tables import Device, Operator, Patient, TreatedArea, Treatment, id_of
from reporting.security.encryption import encrypt
from reporting.security.permissions import require
from reporting.security.scope import Scope, own
from reporting.treatments.act_reminders import keep_contact


@dataclass(frozen=True)
class Recorded:
    """What was kept. ``outside_typical`` maps an area to its settings outside the typical range."""

    treatment_id: int
    patient_id: int
    outside_typical: dict[str, list[str]]
    already_recorded: bool = False


def _of_clinic(row: Any, clinic_id: int, field: str) -> Any:
    """The row, if it is of this clinic; devices and people of another one are as unknown as none."""
    if row is None or row.clinic_id != clinic_id:
        raise InvalidInput(field=field, found="unknown", allowed=f"one of this clinic's {field}s")
    return row


def _device_class(session: Session, clinic_id: int, device_id: int) -> DeviceClass:
    device = _of_clinic(session.get(Device, device_id), clinic_id, "device")
    found = clinic_facts.known(session, clinic_id).get(device.device_class)
    if found is None:
        raise InvalidInput(field="device", found=device.device_class, allowed="a device whose class is known")
    return found


def _new_patient(session: Session, by: Actor, clinic_id: int, record: PatientRecord) -> Patient:
    reference = record.reference.strip()
    if patients.by_reference(session, clinic_id, reference) is not None:
        raise Conflict(
            f"There is a patient {reference} at this clinic already.",
            what_to_do="Choose that patient, or give this one another reference.",
        )
    row = Patient(
        clinic_id=clinic_id,
        reference=reference,
        year_of_birth=record.year_of_birth,
        fitzpatrick=record.fitzpatrick,
        pigmentation_history=record.pigmentation_history,
        name_encrypted=encrypt(record.name.strip()) if record.name.strip() else None,
        language=record.language,
    )
    for channel, typed in (("email", record.email), ("sms", record.phone)):
        keep_contact(row, patients.clinic(session, clinic_id), channel, typed)
    session.add(row)
    session.flush()
    audit.write(session, by, "patient.added", "patient", row.id, clinic_id=clinic_id)
    return row


def _patient(session: Session, by: Actor, clinic_id: int, chosen: int | PatientRecord) -> Patient:
    if isinstance(chosen, PatientRecord):
        return _new_patient(session, by, clinic_id, chosen)
    found: Patient = _of_clinic(patients.by_id(session, chosen), clinic_id, "patient")
    if found.erased_at is not None:
        raise Conflict("The data of this patient was erased.", what_to_do="Record the treatment for a new patient.")
    return found


def _fill(row: TreatedArea, record: AreaRecord, outside: list[str]) -> TreatedArea:
    """The row with every setting as recorded; what is not named is empty."""
    for name in setting_fields():
        setattr(row, name, record.settings.get(name))
    row.indication, row.cooling = record.indication, record.cooling
    row.immediate_endpoint, row.test_spot_done = record.immediate_endpoint, record.test_spot_done
    row.outside_typical = outside
    return row


def _marked(found: list[list[str]], record: TreatmentRecord) -> dict[str, list[str]]:
    return {area.area: names for area, names in zip(record.areas, found, strict=True) if names}


@again_when_deadlocked
def record_treatment(*, by: Actor, record: TreatmentRecord, submission_key: str) -> Recorded:
    """Keep a treatment, its areas and settings, and a new patient if there is one: all or nothing.

    Values that cannot be are refused with field, value and what is allowed; unusual ones are kept and marked.
    The same ``submission_key`` again gives the same treatment. Raises InvalidInput, Conflict, NotAllowed.
    """
    require(by, "treatment.record")
    clinic_id, reference = Scope.of(by).clinic_id, f"F-{submission_key}"
    if clinic_id is None or not submission_key:
        raise InvalidInput(field="clinic", found="none", allowed="a member of staff at one clinic")
    with transaction() as session:
        clinic = patients.clinic(session, clinic_id)
        earlier = patients.treatment_by_reference(session, clinic_id, reference)
        if earlier is not None:
            return _again(session, earlier)
        today = clock.today(clinic.timezone)
        check_day(record.performed_on, today)
        check_facts(record.known)
        if isinstance(record.patient, PatientRecord):
            check_patient(record.patient, today)
        device_class = _device_class(session, clinic_id, record.device_id)
        _of_clinic(session.get(Operator, record.operator_id), clinic_id, "operator")
        outside = check_areas(record.areas, device_class)
        patient = _patient(session, by, clinic_id, record.patient)
        procedure_class = record.class_with(device_class)
        row = Treatment(
            clinic_id=clinic_id,
            patient_id=id_of(patient),
            reference=reference,
            performed_on=record.performed_on,
            operator_id=record.operator_id,
            device_id=record.device_id,
            procedure_class=procedure_class,
            also_classes=record.also_with(procedure_class),
            session_number=record.session_number,
            age_years=record.performed_on.year - patient.year_of_birth if patient.year_of_birth else None,
            **asdict(record.known),
        )
        session.add(row)
        session.flush()
        _add_areas(session, row, record, outside)
        recompute(session, [id_of(row)])
        marked = _marked(outside, record)
        audit.write(
            session,
            by,
            "treatment.recorded",
            "treatment",
            row.id,
            clinic_id=clinic_id,
            patient=patient.id,
            procedure_class=row.course,
            known=_known(row),
            areas=[area.area for area in record.areas],
            outside_typical=marked,
        )
    return Recorded(id_of(row), id_of(patient), marked)


def _again(session: Session, earlier: Treatment) -> Recorded:
    kept = patients.areas(session, [id_of(earlier)])[id_of(earlier)]
    marked = {area.area: area.outside_typical for area in kept if area.outside_typical}
    return Recorded(id_of(earlier), earlier.patient_id, marked, already_recorded=True)


def _add_areas(session: Session, row: Treatment, record: TreatmentRecord, outside: list[list[str]]) -> None:
    for area, marked in zip(record.areas, outside, strict=True):
        fresh = TreatedArea(
            treatment_id=id_of(row), clinic_id=row.clinic_id, area=area.area, pass_group=area.pass_group
        )
        session.add(_fill(fresh, area, marked))
    session.flush()


def _own(session: Session, by: Actor, treatment_id: int) -> Treatment:
    """The treatment, locked, if it is of the actor's clinic."""
    return own(session, Treatment, treatment_id, by, "treatment.record", lock=True)


def _known(row: Treatment) -> dict[str, Any]:
    """What was answered about the patient before the treatment."""
    return {name: value for name, value in asdict(patients.facts_of(row)).items() if value is not None}


def _as_it_was(row: Treatment, kept: list[TreatedArea]) -> dict[str, Any]:
    """The recorded values as plain JSON, for the audit trail."""
    return {
        "performed_on": row.performed_on.isoformat(),
        "procedure_class": row.course,
        "known": _known(row),
        "device": row.device_id,
        "operator": row.operator_id,
        "areas": {
            f"{area.area}/{area.pass_group}": {
                name: value for name in setting_fields() if (value := getattr(area, name)) is not None
            }
            for area in kept
        },
    }


def _correct_areas(
    session: Session, row: Treatment, kept: list[TreatedArea], record: TreatmentRecord, outside: list[list[str]]
) -> None:
    """Areas keep their identity by area and pass group, because check-ins point at them."""
    by_key = {(area.area, area.pass_group): area for area in kept}
    wanted = {(area.area, area.pass_group) for area in record.areas}
    gone = [area for key, area in by_key.items() if key not in wanted]
    named = patients.areas_named_by_patient(session, id_of(row))
    if any(area.id in named for area in gone):
        raise Conflict(
            "The patient has reported something for an area that this correction removes.",
            what_to_do="Keep that area; correct its settings only.",
        )
    patients.remove_areas(session, [id_of(area) for area in gone])
    for area, marked in zip(record.areas, outside, strict=True):
        found = by_key.get((area.area, area.pass_group)) or TreatedArea(
            treatment_id=id_of(row), clinic_id=row.clinic_id, area=area.area, pass_group=area.pass_group
        )
        session.add(_fill(found, area, marked))
    session.flush()


@again_when_deadlocked
def correct_treatment(*, by: Actor, treatment_id: int, record: TreatmentRecord) -> Recorded:
    """Put other values in place of the recorded ones; the audit trail keeps both.

    The patient stays. Once the patient has answered, day and kind of procedure stay too: the answers were
    judged by them. Raises NotFound, NotAllowed, InvalidInput, Conflict.
    """
    with transaction() as session:
        row = _own(session, by, treatment_id)
        check_facts(record.known)
        check_day(record.performed_on, clock.today(patients.clinic(session, row.clinic_id).timezone))
        device_class = _device_class(session, row.clinic_id, record.device_id)
        _of_clinic(session.get(Operator, record.operator_id), row.clinic_id, "operator")
        outside = check_areas(record.areas, device_class)
        procedure_class = record.class_with(device_class)
        judged_by = (record.performed_on, procedure_class, record.also_with(procedure_class))
        answered = bool(patients.check_ins(session, [treatment_id])[treatment_id])
        if answered and judged_by != (row.performed_on, row.procedure_class, row.also_classes):
            raise Conflict(
                "The patient has answered already: day and kind of procedure cannot be changed any more.",
                what_to_do="Correct the settings only, or record the treatment anew and give out a new card.",
            )
        kept = patients.areas(session, [treatment_id])[treatment_id]
        before = _as_it_was(row, kept)
        row.performed_on, row.procedure_class, row.also_classes = judged_by
        row.device_id, row.operator_id = record.device_id, record.operator_id
        row.session_number = record.session_number
        for name, value in asdict(record.known).items():
            setattr(row, name, value)
        session.add(row)
        _correct_areas(session, row, kept, record, outside)
        recompute(session, [treatment_id])
        after = _as_it_was(row, patients.areas(session, [treatment_id])[treatment_id])
        audit.write(
            session,
            by,
            "treatment.corrected",
            "treatment",
            treatment_id,
            clinic_id=row.clinic_id,
            before=before,
            after=after,
        )
    return Recorded(treatment_id, row.patient_id, _marked(outside, record))


@again_when_deadlocked
def undo_treatment(*, by: Actor, treatment_id: int) -> None:
    """Take back a treatment recorded by mistake, as long as nothing hangs on it; the audit trail keeps it.

    A patient who was added with it stays. Raises NotFound, NotAllowed, Conflict (it names what hangs on it).
    """
    with transaction() as session:
        row = _own(session, by, treatment_id)
        if row.source != "form" or (reason := patients.what_hangs_on(session, treatment_id)):
            why = "it came from an import" if row.source != "form" else reason
            raise Conflict(f"This treatment cannot be taken back: {why}.", what_to_do="Correct its values instead.")
        before = _as_it_was(row, patients.areas(session, [treatment_id])[treatment_id])
        patients.remove_treatment(session, treatment_id)
        audit.write(
            session,
            by,
            "treatment.taken_back",
            "treatment",
            treatment_id,
            clinic_id=row.clinic_id,
            before=before,
        )
