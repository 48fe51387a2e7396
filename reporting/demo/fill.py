"""Writes the demo clinic: its people and devices, the history in bulk, the last days through the real actions."""

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
from numpy.random import Generator

from reporting import clock
from reporting.demo import past_cases, recent
from reporting.demo.history import Person, Visit, visits
from reporting.demo.machines import CREEP_DAYS, MACHINES
from reporting.domain.actors import ROLES, SYSTEM
from reporting.domain.devices import check_setting, device_classes
from reporting.domain.opening_hours import OpenTimes
from reporting.records import audit
from reporting.records.columns import add_one, add_rows, has_any
from reporting.records.engine import Session, transaction
from reporting.records.outcomes import recompute
from reporting.records.tables import (
    CheckIn,
    Clinic,
    Device,
    Operator,
    Patient,
    ServiceEvent,
    StaffAccount,
    TreatedArea,
    Treatment,
)
from reporting.security.passwords import hash_password

ZONE = "Europe/London"
OPEN = {day: ["08:00", "18:00"] for day in ("mon", "tue", "wed", "thu", "fri")}
TIMES = OpenTimes(OPEN, ZONE, "GB", "ENG")
EVENING = 19 * 60
"""Minute of the day by which a day's treatments are written down."""
BATCH = 4_000
"""Treatments per transaction: bounded memory, and other writers get their turn."""


@dataclass(frozen=True)
class House:
    """Ids of the demo clinic's fixed records."""

    clinic_id: int
    operators: list[int]
    devices: dict[str, int]
    patients: list[int]
    staff: dict[str, int]
    """Account id by role."""
    people: Sequence[Person]
    """Whose rows ``patients`` are, in the same order."""

    @property
    def place(self) -> past_cases.Place:
        return past_cases.Place(self.clinic_id, TIMES, (self.staff["clinician"], self.staff["safety_lead"]))


def _clinic(session: Session) -> int:
    return add_one(
        session,
        Clinic,
        code="DEMO",
        name="Demo Clinic (synthetic)",
        timezone=ZONE,
        telephone="+44 20 7946 0018",
        emergency_telephone="999",
        country=TIMES.country,
        region=TIMES.region,
        out_of_hours_name="NHS 111",
        out_of_hours_telephone="111",
        opening_hours=OPEN,
        is_synthetic=True,
        created_at=clock.now(),
    )


def _house(people: Sequence[Person]) -> House:
    now = clock.now()
    with transaction() as session:
        clinic = _clinic(session)
        operators = add_rows(
            session,
            Operator,
            [
                {"clinic_id": clinic, "code": f"O{i}", "name": f"Demo operator {i}", "is_active": True}
                for i in (1, 2, 3)
            ],
        )
        devices = add_rows(
            session,
            Device,
            [
                {
                    "clinic_id": clinic,
                    "code": m.code,
                    "device_class": m.device_class,
                    "model": m.model,
                    "manufacturer": "synthetic",
                    "serial": f"SYN-{m.code}",
                    "handpiece": "",
                    "is_active": True,
                }
                for m in MACHINES
            ],
        )
        by_code = {machine.code: key for machine, key in zip(MACHINES, devices, strict=True)}
        add_rows(
            session,
            ServiceEvent,
            [
                {
                    "clinic_id": clinic,
                    "device_id": by_code["CO2-2"],
                    "kind": "handpiece change",
                    "happened_on": (now - timedelta(days=CREEP_DAYS)).date(),
                    "note": "synthetic",
                }
            ],
        )
        patients = add_rows(
            session,
            Patient,
            [
                {
                    "clinic_id": clinic,
                    "reference": p.reference,
                    "year_of_birth": p.year_of_birth,
                    "fitzpatrick": p.fitzpatrick,
                    "pigmentation_history": p.pigmentation_history,
                    "language": "en",
                    "timezone": "",
                    "created_at": now,
                }
                for p in people
            ],
        )
        staff = _staff(session, clinic, operators)
        audit.write(session, SYSTEM, "demo.created", "clinic", clinic, clinic_id=clinic, patients=len(people))
    return House(clinic, operators, by_code, patients, staff, people)


def _staff(session: Session, clinic: int, operators: list[int]) -> dict[str, int]:
    rows = [
        {
            "clinic_id": clinic,
            "email": f"{role.replace('_', '-')}@demo.example",
            "role": role,
            "display_name": f"Demo {role.replace('_', ' ')}",
            "is_active": True,
            "created_at": clock.now(),
            "operator_id": operators[0] if role == "clinician" else None,
            "password_hash": hash_password(secrets.token_urlsafe(24)),
        }
        for role in ROLES
    ]
    return dict(zip(ROLES, add_rows(session, StaffAccount, rows), strict=True))


def _treatment(house: House, visit: Visit) -> dict[str, Any]:
    return {
        "clinic_id": house.clinic_id,
        "patient_id": house.patients[visit.person],
        "reference": visit.reference,
        "performed_on": visit.performed_on,
        "operator_id": house.operators[visit.operator],
        "device_id": house.devices[visit.machine.code],
        "procedure_class": visit.procedure_class,
        "session_number": visit.session_number,
        **vars(visit.known),
        "source": "demo",
        "created_at": past_cases.local(ZONE, visit.performed_on, EVENING),
    }


_SETTINGS = sorted({name for machine in MACHINES for name in machine.settings})


def _area(house: House, visit: Visit, treatment_id: int) -> dict[str, Any]:
    device_class = device_classes()[visit.machine.device_class]
    outside = [
        name for name, value in visit.settings.items() if check_setting(device_class, name, value) == "outside_typical"
    ]
    return {
        "treatment_id": treatment_id,
        "clinic_id": house.clinic_id,
        "area": visit.area,
        "pass_group": 1,
        "indication": visit.indication,
        "outside_typical": outside,
        "immediate_endpoint": visit.machine.endpoint,
        "cooling": visit.machine.cooling,
        **{name: visit.settings.get(name) for name in _SETTINGS},
    }


def _check_ins(house: House, visit: Visit, treatment_id: int, alerts: past_cases.Alerts) -> Iterator[dict[str, Any]]:
    for day, told in visit.answers.items():
        at = past_cases.sent_at(ZONE, visit, day)
        yield {
            "clinic_id": house.clinic_id,
            "patient_id": house.patients[visit.person],
            "treatment_id": treatment_id,
            "scheduled_day": day,
            "recovery_day": day,
            "due_on": visit.performed_on + timedelta(days=day),
            "answered_at": at,
            **told.worst,
            **{f"now_{symptom}": grade for symptom, grade in told.now.items()},
            "areas": {},
            "follow_up": told.follow_up,
            "worried": told.worried,
            "can_wait": told.can_wait,
            "advice": past_cases.advice(alerts.get(day, ())),
            "judged_by_source": False,
            "source": "demo",
            "replaced_reason": "",
            "created_at": at,
        }


def _write(house: House, part: Sequence[Visit], rng: Generator) -> None:
    with transaction() as session:
        ids = add_rows(session, Treatment, [_treatment(house, visit) for visit in part])
        pairs = list(zip(part, ids, strict=True))
        add_rows(session, TreatedArea, [_area(house, visit, key) for visit, key in pairs])
        alerts = {key: past_cases.alerts(visit, house.people[visit.person]) for visit, key in pairs}
        rows = [row for visit, key in pairs for row in _check_ins(house, visit, key, alerts[key])]
        sent = {(row["treatment_id"], row["scheduled_day"]): row["answered_at"] for row in rows}
        check_ins = dict(zip(sent, add_rows(session, CheckIn, rows), strict=True))
        past = [
            past_cases.Past(
                visit,
                key,
                house.patients[visit.person],
                {day: (check_ins[key, day], sent[key, day]) for day in visit.answers},
                alerts[key],
            )
            for visit, key in pairs
        ]
        past_cases.add_cases(session, house.place, past, rng, clock.now())
        recompute(session, ids)
        audit.write(
            session,
            SYSTEM,
            "demo.filled",
            "clinic",
            house.clinic_id,
            clinic_id=house.clinic_id,
            treatments=len(part),
        )


def fill(treatments: int = 2_400, seed: int = 2, progress: Any = None) -> House:
    """Write a synthetic clinic with ``treatments`` treatments over two years. ``progress(done)`` is called
    after each batch. Meant for an empty database: raises the database's own error if the clinic exists."""
    today = clock.today(ZONE)
    everyone, chosen = visits(seed, treatments, today)
    house, rng = _house(everyone), np.random.default_rng((seed, treatments))
    for start in range(0, len(chosen), BATCH):
        part = chosen[start : start + BATCH]
        _write(house, part, rng)
        if progress:
            progress(len(part))
    recent.play(house.clinic_id, house.patients, house.devices, house.operators)
    return house


def fill_if_empty() -> bool:
    """Write the demo clinic into a database that has no clinic yet; says whether it did."""
    with transaction() as session:
        if has_any(session, Clinic):
            return False
    fill()
    return True
