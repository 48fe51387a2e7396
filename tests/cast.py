"""A fixed cast for stories: two clinics, staff of each role, and patients with one treatment each."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlmodel import Session

from reporting.domain.actors import ROLES, Actor, Role
from reporting.records.engine import transaction
from reporting.records.outcomes import recompute
from reporting.records.tables import Clinic, Device, Operator, Patient, StaffAccount, TreatedArea, Treatment

PERFORMED = date(2026, 3, 7)
"""Three days before the stopped clock of the tests."""


FACTS: dict[str, Any] = {
    "timezone": "Europe/Madrid",
    "country": "ES",
    "region": "MD",
    "telephone": "+34 555 0100",
    "emergency_telephone": "112",
    "out_of_hours_name": "Demo doctor on call",
    "out_of_hours_telephone": "+34 555 0199",
    "opening_hours": {day: ["09:00", "17:00"] for day in ("mon", "tue", "wed", "thu", "fri")},
}
"""Columns of a clinic that may invite patients."""
TYPED_FACTS = {
    "country": "ES",
    "region": "MD",
    "timezone": "Europe/Madrid",
    "telephone": " +34 555 0100 ",
    "emergency_telephone": "112",
    "out_of_hours_name": "Demo doctor on call",
    "out_of_hours_telephone": "+34 555 0199",
    **{f"hours_{day}": "09:00-17:00" for day in ("mon", "tue", "wed", "thu", "fri")},
}
"""The same facts as a person types them on the first-run page."""


@dataclass(frozen=True)
class House:
    """One clinic of the cast: ids of its records and an actor per role."""

    clinic_id: int
    operator_id: int
    device_id: int
    patient_id: int
    treatment_id: int
    area_ids: tuple[int, ...]
    staff: dict[Role, Actor]

    @property
    def patient(self) -> Actor:
        """The patient, signed in with a second factor."""
        return Actor(
            kind="patient",
            id=self.patient_id,
            clinic_id=self.clinic_id,
            label="patient",
            strength="full",
            treatment_id=self.treatment_id,
        )


def _add(session: Session, row: Any) -> Any:
    session.add(row)
    session.flush()
    return row


def _staff(session: Session, clinic_id: int, code: str) -> dict[Role, Actor]:
    accounts = [
        StaffAccount(
            clinic_id=clinic_id,
            email=f"{role}@{code.lower()}.example",
            display_name=f"Demo {role} {code}",
            password_hash="not a hash",
            role=role,
        )
        for role in ROLES
    ]
    session.add_all(accounts)
    session.flush()
    return {
        role: Actor(kind="staff", id=account.id, clinic_id=clinic_id, role=role, label=account.display_name)
        for role, account in zip(ROLES, accounts, strict=True)
    }


def house(code: str, areas: tuple[str, ...] = ("cheeks",), procedure: str = "ablative") -> House:
    """A clinic with one of everything. ``code`` must be new."""
    with transaction() as session:
        clinic = _add(
            session,
            Clinic(
                code=code,
                name=f"Demo clinic {code}",
                is_synthetic=True,
                **FACTS,
            ),
        )
        operator = _add(session, Operator(clinic_id=clinic.id, code="O1", name="Demo operator 1"))
        device = _add(
            session,
            Device(clinic_id=clinic.id, code="D1", device_class="frac_ablative_co2", model="Demo CO2", serial="SYN-1"),
        )
        patient = _add(
            session,
            Patient(
                clinic_id=clinic.id, reference="P-0001", year_of_birth=1980, fitzpatrick=4, pigmentation_history=True
            ),
        )
        treatment = _add(
            session,
            Treatment(
                clinic_id=clinic.id,
                patient_id=patient.id,
                reference="T-0001",
                performed_on=PERFORMED,
                operator_id=operator.id,
                device_id=device.id,
                procedure_class=procedure,
            ),
        )
        made = [
            _add(
                session,
                TreatedArea(
                    treatment_id=treatment.id,
                    clinic_id=clinic.id,
                    area=area,
                    indication="acne_scars",
                    pulse_energy_mj=30,
                    density_pct=15,
                    passes=1,
                ),
            )
            for area in areas
        ]
        recompute(session, [treatment.id])
        return House(
            clinic_id=clinic.id,
            operator_id=operator.id,
            device_id=device.id,
            patient_id=patient.id,
            treatment_id=treatment.id,
            area_ids=tuple(area.id for area in made),
            staff=_staff(session, clinic.id, code),
        )
