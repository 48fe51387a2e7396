"""Statements about patients and their treatments.

Statements about what the clinic wrote down about a patient.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import delete, func, select
from sqlmodel import Session, col

from reporting.domain.treatment_record import VISIT_FACTS, VisitFacts, modifiers
from reporting.records.tables import (
    CheckIn,
    Clinic,
    Device,
    Draft,
    Invitation,
    Operator,
    Outcome,
    Patient,
    PatientNote,
    Photo,
    SignInSession,
    StaffAccount,
    TreatedArea,
    Treatment,
    TriageCase,
    id_of,
)


def by_id(session: Session, patient_id: int) -> Patient | None:
    return session.get(Patient, patient_id)


def by_reference(session: Session, clinic_id: int, reference: str) -> Patient | None:
    """The patient with the clinic's own number, or nothing. Capitals make no difference, unless an imported log
    has two that differ in them alone: then the one that is written so."""
    found = (
        session.execute(
            select(Patient).where(
                col(Patient.clinic_id) == clinic_id, func.lower(col(Patient.reference)) == reference.lower()
            )
        )
        .scalars()
        .all()
    )
    return next((one for one in found if one.reference == reference), found[0] if found else None)


def clinic(session: Session, clinic_id: int) -> Clinic:
    """The clinic with that id, which must exist."""
    found: Clinic = session.execute(select(Clinic).where(col(Clinic.id) == clinic_id)).scalar_one()
    return found


def _candidates(session: Session, clinic_id: int | None, words: str, limit: int) -> list[int]:
    """Ids of patients whose reference contains ``words``; without words, of those treated last."""
    if words:
        found = select(col(Patient.id)).where(
            func.lower(col(Patient.reference)).contains(words.lower(), autoescape=True)
        )
        if clinic_id is not None:
            found = found.where(col(Patient.clinic_id) == clinic_id)
        return [int(key or 0) for key in session.execute(found.order_by(col(Patient.reference)).limit(limit)).scalars()]
    # From the index on clinic and day: grouping a million treatments first would take seconds.
    latest = select(col(Treatment.patient_id))
    if clinic_id is not None:
        latest = latest.where(col(Treatment.clinic_id) == clinic_id)
    recent = session.execute(latest.order_by(col(Treatment.performed_on).desc()).limit(4 * limit)).scalars()
    return list(dict.fromkeys(recent))[:limit]


class FoundPatient(NamedTuple):
    """A patient in a list; ``last_on`` is the day of the last treatment, None without one."""

    patient: Patient
    treatments: int
    last_on: date | None
    open_cases: int


def search(session: Session, clinic_id: int | None, words: str, limit: int) -> list[FoundPatient]:
    """Patients whose reference has these words; those treated last come first.

    ``words`` is looked for in the reference; without words these are the patients treated last. None as
    the clinic is every clinic.
    """
    ids = _candidates(session, clinic_id, words, limit)
    waiting = (
        select(func.count())
        .select_from(TriageCase)
        .where(col(TriageCase.patient_id) == Patient.id, col(TriageCase.state) != "closed")
        .scalar_subquery()
    )
    last_on = func.max(Treatment.performed_on)
    statement = (
        select(Patient, func.count(col(Treatment.id)), last_on, waiting)
        .outerjoin(Treatment, col(Treatment.patient_id) == Patient.id)
        .where(col(Patient.id).in_(ids))
        .group_by(col(Patient.id))
        .order_by(last_on.is_(None), last_on.desc(), col(Patient.id).desc())
    )
    return [FoundPatient(*row) for row in session.execute(statement).all()]


class Visit(NamedTuple):
    """A treatment with what it was done with and by whom, where that is known."""

    treatment: Treatment
    device: Device | None
    operator: Operator | None

    @property
    def id(self) -> int:
        return id_of(self.treatment)


def treatments(session: Session, patient_id: int) -> list[Visit]:
    """The treatments of a patient, newest first."""
    statement = (
        select(Treatment, Device, Operator)
        .outerjoin(Device, col(Device.id) == Treatment.device_id)
        .outerjoin(Operator, col(Operator.id) == Treatment.operator_id)
        .where(col(Treatment.patient_id) == patient_id)
        .order_by(col(Treatment.performed_on).desc(), col(Treatment.id).desc())
    )
    return [Visit(*row) for row in session.execute(statement).all()]


def facts_of(treatment: Any) -> VisitFacts:
    """What was known before a treatment."""
    return VisitFacts(**{name: getattr(treatment, name) for name in VISIT_FACTS})


def last_facts(session: Session, patient_id: int) -> VisitFacts:
    """What was known before the patient's newest treatment; nothing where there is none."""
    newest = session.execute(
        select(Treatment)
        .where(col(Treatment.patient_id) == patient_id)
        .order_by(col(Treatment.performed_on).desc(), col(Treatment.id).desc())
        .limit(1)
    ).scalar()
    return facts_of(newest) if newest else VisitFacts()


def age_at(treatment: Any, patient: Any) -> int | None:
    """Age at a treatment in years: as recorded, else by the year of birth."""
    if treatment.age_years is not None or patient is None or patient.year_of_birth is None:
        return treatment.age_years  # type: ignore[no-any-return]
    return int(treatment.performed_on.year - patient.year_of_birth)


def known_modifiers(treatment: Any, patient: Any) -> frozenset[str]:
    """What the clinic knows for a treatment that changes what an answer means: codes of kind ``modifier`` of the
    table of facts. Both may be one row with the columns of both."""
    return modifiers(facts_of(treatment), age_at(treatment, patient))


def treatment_by_reference(session: Session, clinic_id: int, reference: str) -> Treatment | None:
    return session.execute(
        select(Treatment).where(col(Treatment.clinic_id) == clinic_id, col(Treatment.reference) == reference)
    ).scalar_one_or_none()


def areas(session: Session, treatment_ids: Sequence[int]) -> dict[int, list[TreatedArea]]:
    """Treated areas by treatment, in the order they were recorded."""
    found: dict[int, list[TreatedArea]] = defaultdict(list)
    statement = select(TreatedArea).where(col(TreatedArea.treatment_id).in_(treatment_ids))
    for area in session.execute(statement.order_by(col(TreatedArea.pass_group), col(TreatedArea.id))).scalars():
        found[area.treatment_id].append(area)
    return found


def check_ins(session: Session, treatment_ids: Sequence[int]) -> dict[int, list[CheckIn]]:
    """Check-ins by treatment, by due day; those not answered and those replaced are among them."""
    found: dict[int, list[CheckIn]] = defaultdict(list)
    statement = select(CheckIn).where(col(CheckIn.treatment_id).in_(treatment_ids))
    for each in session.execute(statement.order_by(col(CheckIn.scheduled_day), col(CheckIn.id))).scalars():
        found[each.treatment_id].append(each)
    return found


def devices(session: Session, clinic_id: int) -> list[Device]:
    """Devices in use at a clinic, by name."""
    statement = select(Device).where(col(Device.clinic_id) == clinic_id, col(Device.is_active))
    return list(session.execute(statement.order_by(col(Device.code))).scalars())


def operators(session: Session, clinic_id: int) -> list[Operator]:
    """Operators who work at a clinic, by name."""
    statement = select(Operator).where(col(Operator.clinic_id) == clinic_id, col(Operator.is_active))
    return list(session.execute(statement.order_by(col(Operator.code))).scalars())


def what_hangs_on(session: Session, treatment_id: int) -> str:
    """Why a treatment cannot simply be taken back, in words; empty when nothing hangs on it."""
    for table, words in ((CheckIn, "the patient has answered a check-in"), (Photo, "there is a photo")):
        found = select(col(table.id)).where(col(table.treatment_id) == treatment_id).limit(1)
        if session.execute(found).first():
            return words
    opened = (
        select(col(SignInSession.id))
        .join(Invitation, col(Invitation.id) == SignInSession.invitation_id)
        .where(col(Invitation.treatment_id) == treatment_id)
        .limit(1)
    )
    return "the patient has opened the link" if session.execute(opened).first() else ""


def remove_treatment(session: Session, treatment_id: int) -> None:
    """Delete a treatment on which nothing hangs, with its areas, outcome rows and invitations."""
    for table in (Draft, Invitation, Outcome, TreatedArea):
        session.execute(delete(table).where(col(table.treatment_id) == treatment_id))
    session.execute(delete(Treatment).where(col(Treatment.id) == treatment_id))


def areas_named_by_patient(session: Session, treatment_id: int) -> set[int]:
    """Ids of the treated areas that a check-in of this treatment points at."""
    rows = session.execute(select(col(CheckIn.areas)).where(col(CheckIn.treatment_id) == treatment_id)).scalars()
    return {area_id for row in rows for ids in row.values() for area_id in ids}


def device_class_of(session: Session, treatment_ids: Sequence[int]) -> dict[int, str]:
    """Device class by treatment, where a device is recorded."""
    rows = session.execute(
        select(col(Treatment.id), col(Device.device_class))
        .join(Device, col(Device.id) == Treatment.device_id)
        .where(col(Treatment.id).in_(treatment_ids))
    ).all()
    return {int(row[0] or 0): row[1] for row in rows}


def remove_areas(session: Session, area_ids: Sequence[int]) -> None:
    """Delete treated areas that no check-in points at, with their outcome rows."""
    session.execute(delete(Outcome).where(col(Outcome.treated_area_id).in_(area_ids)))
    session.execute(delete(TreatedArea).where(col(TreatedArea.id).in_(area_ids)))


def add(session: Session, note: PatientNote) -> int:
    """Keep a note; returns its id."""
    session.add(note)
    session.flush()
    return id_of(note)


def of_patient(session: Session, patient_id: int) -> Sequence[tuple[PatientNote, str]]:
    """(note, who wrote it), oldest first."""
    statement: Any = (
        select(PatientNote, col(StaffAccount.display_name))
        .outerjoin(StaffAccount, col(StaffAccount.id) == col(PatientNote.staff_id))
        .where(col(PatientNote.patient_id) == patient_id)
        .order_by(col(PatientNote.happened_on), col(PatientNote.id))
    )
    return [(row[0], row[1] or "") for row in session.execute(statement)]
