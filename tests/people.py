"""Many synthetic patients at once: written in bulk, for benchmarks and for stories in a browser."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from sqlmodel import Session

from reporting.records.columns import add_rows
from reporting.records.tables import Patient, TreatedArea, Treatment


def treated(
    session: Session,
    clinic_id: int,
    count: int,
    *,
    performed_on: date,
    at: datetime,
    code: str,
    areas: Iterable[str] = (),
    **known: Any,
) -> tuple[list[int], list[int]]:
    """``count`` patients with one ablative treatment each, on each of ``areas``; keys of the patients and treatments.

    ``code`` begins their references, ``known`` are further columns of every patient.
    """
    place = {"clinic_id": clinic_id}
    everybody = {"language": "en", "timezone": "", "created_at": at} | known
    people = add_rows(
        session, Patient, [place | everybody | {"reference": f"{code}-{number}"} for number in range(count)]
    )
    visit = {"performed_on": performed_on, "procedure_class": "ablative", "source": "form", "created_at": at}
    treatments = add_rows(
        session,
        Treatment,
        [place | visit | {"patient_id": person, "reference": f"{code}T-{person}"} for person in people],
    )
    part = place | {"pass_group": 1, "indication": "acne_scars", "outside_typical": []}
    rows = [part | {"treatment_id": treatment, "area": area} for treatment in treatments for area in areas]
    if rows:
        add_rows(session, TreatedArea, rows)
    return people, treatments
