"""Many rows at once for an import: what is there already by its natural key, and inserts that never double.

A directory holds the clinics, operators and devices that a run has met; patients, treatments and check-ins
are looked up chunk by chunk, so that memory stays bounded.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeVar

from sqlalchemy import Row, Table, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session as Session
from sqlmodel import SQLModel, col

from reporting.clock import now
from reporting.domain.devices import DeviceClass, setting_fields
from reporting.records import clinic_facts, packages
from reporting.records.columns import add_one
from reporting.records.engine import is_sqlite
from reporting.records.tables import (
    CheckIn,
    Clinic,
    CustomDeviceClass,
    CustomParameter,
    Device,
    ImportRun,
    Operator,
    Patient,
    TreatedArea,
    Treatment,
)

KEYS_PER_STATEMENT = 5_000
"""Below every database's limit of bound values."""
T = TypeVar("T")


@dataclass
class DeviceEntry:
    """A machine as the run knows it; ``id`` is empty until it is made."""

    device_class: str
    model: str = ""
    manufacturer: str = ""
    serial: str = ""
    handpiece: str = ""
    id: int | None = None


@dataclass
class ClinicEntry:
    """A clinic as the run knows it; ``id`` is empty until it is made."""

    code: str
    timezone: str
    classes: dict[str, DeviceClass]
    id: int | None = None
    operators: dict[str, int | None] = field(default_factory=dict)
    devices: dict[str, DeviceEntry] = field(default_factory=dict)


def clinic_entry(session: Session, code: str) -> ClinicEntry | None:
    """The clinic of that code with its operators, devices and device classes."""
    found = session.execute(select(col(Clinic.id), col(Clinic.timezone)).where(col(Clinic.code) == code)).one_or_none()
    if found is None:
        return None
    operators = select(col(Operator.code), col(Operator.id)).where(col(Operator.clinic_id) == found.id)
    devices = select(Device).where(col(Device.clinic_id) == found.id)
    return ClinicEntry(
        code=code,
        timezone=found.timezone,
        classes=clinic_facts.known(session, found.id),
        id=found.id,
        operators={row.code: row.id for row in session.execute(operators)},
        devices={
            row.code: DeviceEntry(row.device_class, row.model, row.manufacturer, row.serial, row.handpiece, row.id)
            for row in session.execute(devices).scalars()
        },
    )


def new_clinic_entry(session: Session, code: str) -> ClinicEntry:
    """A clinic that is not there yet."""
    return ClinicEntry(code=code, timezone="UTC", classes=clinic_facts.known(session, None))


def clinic_code(session: Session, clinic_id: int) -> str:
    """Code of a clinic that exists."""
    code: str = session.execute(select(col(Clinic.code)).where(col(Clinic.id) == clinic_id)).scalar_one()
    return code


def clinic_ids(session: Session) -> dict[str, int]:
    """Codes of all clinics that are there, to their ids."""
    return {row.code: row.id for row in session.execute(select(col(Clinic.code), col(Clinic.id)))}


def make_clinic(session: Session, clinic: ClinicEntry) -> int:
    """Id of the clinic, which is made if it was not there."""
    if clinic.id is None:
        gone = packages.withdrawn(session)
        clinic.id = add_one(
            session, Clinic, code=clinic.code, name=clinic.code, timezone=clinic.timezone, content_withdrawn=gone
        )
    return clinic.id


def make_operator(session: Session, clinic: ClinicEntry, code: str) -> int:
    """Id of an operator, who is made if not there."""
    known = clinic.operators.get(code)
    if known is None:
        known = clinic.operators[code] = add_one(session, Operator, clinic_id=clinic.id, code=code)
    return known


def make_device(session: Session, clinic: ClinicEntry, code: str) -> int:
    """Id of a device of the directory, which is made if it was not there."""
    entry = clinic.devices[code]
    if entry.id is None:
        entry.id = add_one(
            session,
            Device,
            clinic_id=clinic.id,
            code=code,
            device_class=entry.device_class,
            model=entry.model,
            manufacturer=entry.manufacturer,
            serial=entry.serial,
            handpiece=entry.handpiece,
        )
    return entry.id


def make_device_class(session: Session, clinic_id: int | None, made: DeviceClass) -> int:
    """Keep a clinic-defined device class with its parameters; without a clinic it is for all of them."""
    class_id = add_one(
        session,
        CustomDeviceClass,
        clinic_id=clinic_id,
        code=made.code,
        name=made.name,
        procedure_class=made.procedure_class,
        wavelength_nm=made.wavelength_nm,
    )
    for parameter in made.parameters.values():
        add_one(
            session,
            CustomParameter,
            custom_device_class_id=class_id,
            field=parameter.field,
            reference=parameter.reference,
            plausible_min=parameter.plausible_min,
            plausible_max=parameter.plausible_max,
            typical_low=parameter.typical_low,
            typical_high=parameter.typical_high,
        )
    return class_id


def in_parts(keys: Iterable[T]) -> Iterator[list[T]]:
    """Distinct keys in parts that fit into one statement."""
    wanted = list(dict.fromkeys(keys))
    for start in range(0, len(wanted), KEYS_PER_STATEMENT):
        yield wanted[start : start + KEYS_PER_STATEMENT]


def insert_new(session: Session, table: type[SQLModel], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert ``rows`` (same keys in each); one whose unique key is there already changes nothing."""
    if not rows:
        return
    target: Table = table.__table__  # type: ignore[attr-defined]
    make = sqlite.insert if is_sqlite() else postgresql.insert
    session.connection().execute(make(target).on_conflict_do_nothing(), list(rows))


@dataclass(frozen=True)
class PatientEntry:
    """What an import compares of a patient."""

    id: int | None
    year_of_birth: int | None
    fitzpatrick: int | None


def patients(session: Session, clinic_id: int, references: Iterable[str]) -> dict[str, PatientEntry]:
    """Patients of a clinic by the clinic's own number."""
    columns = (col(Patient.reference), col(Patient.id), col(Patient.year_of_birth), col(Patient.fitzpatrick))
    return {
        row.reference: PatientEntry(row.id, row.year_of_birth, row.fitzpatrick)
        for part in in_parts(references)
        for row in session.execute(
            select(*columns).where(col(Patient.clinic_id) == clinic_id, col(Patient.reference).in_(part))
        )
    }


def complete_patient(session: Session, patient_id: int, **values: Any) -> None:
    """Fill in what was not known of a patient."""
    session.execute(update(Patient).where(col(Patient.id) == patient_id).values(**values))


TREATMENT_VALUES = ("performed_on", "procedure_class", "also_classes", "session_number", "age_years")


def area_values() -> tuple[str, ...]:
    """Columns of a treated area that an import compares."""
    return (*setting_fields(), "indication", "cooling", "immediate_endpoint", "test_spot_done")


def treated_areas(session: Session, clinic_id: int, references: Iterable[str]) -> Iterator[Row[Any]]:
    """One row per treated area of the treatments with these references, with natural keys beside it."""
    statement = (
        select(
            col(Treatment.id),
            col(Treatment.reference),
            col(Patient.reference).label("patient"),
            col(Operator.code).label("operator"),
            col(Device.code).label("device"),
            *(getattr(Treatment, name) for name in TREATMENT_VALUES),
            col(TreatedArea.area),
            col(TreatedArea.pass_group),
            *(getattr(TreatedArea, name) for name in area_values()),
        )
        .join(TreatedArea, col(TreatedArea.treatment_id) == Treatment.id)
        .join(Patient, col(Patient.id) == Treatment.patient_id)
        .outerjoin(Operator, col(Operator.id) == Treatment.operator_id)
        .outerjoin(Device, col(Device.id) == Treatment.device_id)
        .where(col(Treatment.clinic_id) == clinic_id)
    )
    for part in in_parts(references):
        yield from session.execute(statement.where(col(Treatment.reference).in_(part)))


def treatment_ids(session: Session, clinic_id: int, references: Iterable[str]) -> dict[str, int]:
    """Ids of treatments of a clinic by reference."""
    statement = select(col(Treatment.reference), col(Treatment.id)).where(col(Treatment.clinic_id) == clinic_id)
    return {
        row.reference: row.id
        for part in in_parts(references)
        for row in session.execute(statement.where(col(Treatment.reference).in_(part)))
    }


@dataclass(frozen=True)
class TreatmentEntry:
    """What a check-in needs to know of its treatment."""

    id: int
    clinic_id: int
    patient_id: int
    performed_on: date
    timezone: str
    procedure_class: str
    also_classes: str
    content_version: int
    """How often its clinic has changed the clinical content for itself."""


def treatments(session: Session, references: Iterable[str], clinic_id: int | None) -> dict[str, list[TreatmentEntry]]:
    """Treatments by reference: of one clinic, or of all of them, where a reference may be there twice."""
    statement = select(
        col(Treatment.reference),
        col(Treatment.id),
        col(Treatment.clinic_id),
        col(Treatment.patient_id),
        col(Treatment.performed_on),
        col(Clinic.timezone),
        col(Treatment.procedure_class),
        col(Treatment.also_classes),
        col(Clinic.content_version),
    ).join(Clinic, col(Clinic.id) == Treatment.clinic_id)
    if clinic_id is not None:
        statement = statement.where(col(Treatment.clinic_id) == clinic_id)
    found: dict[str, list[TreatmentEntry]] = {}
    for part in in_parts(references):
        for reference, *values in session.execute(statement.where(col(Treatment.reference).in_(part))):
            found.setdefault(reference, []).append(TreatmentEntry(*values))
    return found


def check_ins(session: Session, submission_keys: Iterable[str], compared: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The ``compared`` columns of check-ins by submission key."""
    columns = [getattr(CheckIn, name) for name in compared]
    return {
        row.submission_key: {name: getattr(row, name) for name in compared}
        for part in in_parts(submission_keys)
        for row in session.execute(
            select(col(CheckIn.submission_key), *columns).where(col(CheckIn.submission_key).in_(part))
        )
    }


def replace_check_ins(session: Session, submission_keys: Iterable[str], reason: str) -> None:
    """Mark check-ins as replaced; their values stay."""
    for part in in_parts(submission_keys):
        session.execute(
            update(CheckIn)
            .where(col(CheckIn.submission_key).in_(part), col(CheckIn.replaced_at).is_(None))
            .values(replaced_at=now(), replaced_reason=reason)
        )


def keep_run(session: Session, **values: Any) -> int:
    """Keep what an import run read and did."""
    return add_one(session, ImportRun, **values)
