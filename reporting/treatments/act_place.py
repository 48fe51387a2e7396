"""Where a patient is: days, lateness, reminders and the numbers to call follow it. Told by staff or by the patient."""

from dataclasses import dataclass

from reporting.domain.actors import Actor
from reporting.domain.content import content
from reporting.errors import InvalidInput, NotFound
from reporting.records import audit, clinic_facts, privacy
from reporting.records.engine import Session, reading, transaction
from reporting.records.tables import Clinic, Patient
from reporting.security.permissions import require
from reporting.security.scope import mine


@dataclass(frozen=True)
class Place:
    """``country``: code, empty where the clinic is; ``timezone``: the IANA zone that counts; the number shown there."""

    country: str
    timezone: str
    emergency_telephone: str


def _patient(session: Session, by: Actor, patient_id: int | None, *, lock: bool) -> Patient:
    """Oneself, or a patient of the own clinic. Raises NotFound, NotAllowed."""
    permission = "consent.manage" if by.kind == "patient" else "reminder.manage"
    require(by, permission)
    key = (by.id if by.kind == "patient" else patient_id) or 0
    row: Patient | None = privacy.lock_patient(session, key) if lock else session.get(Patient, key)
    if row is None or row.erased_at is not None or (by.kind == "patient" and patient_id not in (None, by.id)):
        raise NotFound()
    return mine(row, by, permission)


def place(by: Actor, patient_id: int | None = None) -> Place:
    """Where the signed-in patient, or a patient of the clinic, is. Raises NotFound, NotAllowed."""
    with reading() as session:
        patient = _patient(session, by, patient_id, lock=False)
        found = clinic_facts.place_of(session.get_one(Clinic, patient.clinic_id), patient)
    return Place(patient.country, found.timezone, found.emergency_telephone)


def _checked(country: str, timezone: str) -> tuple[str, str]:
    if not country:
        return "", ""
    row = content().countries.get(country)
    if row is None:
        raise InvalidInput(field="country", found=country[:20], allowed="one of " + ", ".join(content().countries))
    zone = timezone or (row.time_zones[0] if len(row.time_zones) == 1 else "")
    if zone not in row.time_zones:
        raise InvalidInput(field="time zone", found=zone[:60], allowed=f"of {row.name}: {', '.join(row.time_zones)}")
    return country, zone


def set_place(*, by: Actor, country: str, timezone: str = "", patient_id: int | None = None) -> bool:
    """Keep where the patient is, the trail keeps both; False when nothing was different. An empty ``country``: where
    the clinic is. ``timezone`` may stay empty in a country that has one. Raises InvalidInput, NotFound, NotAllowed."""
    with transaction() as session:
        patient = _patient(session, by, patient_id, lock=True)
        after = _checked(country.strip().upper(), timezone.strip())
        before = patient.country, patient.timezone
        if before == after:
            return False
        patient.country, patient.timezone = after
        session.add(patient)
        names = ("country", "timezone")
        audit.write(
            session,
            by,
            "patient.place_changed",
            "patient",
            patient.id,
            clinic_id=patient.clinic_id,
            before=dict(zip(names, before, strict=True)),
            after=dict(zip(names, after, strict=True)),
        )
    return True
