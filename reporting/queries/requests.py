"""Requests to be forgotten, as the administrator works on them."""

from dataclasses import dataclass
from datetime import datetime

from reporting.domain.actors import Actor
from reporting.errors import NotFound
from reporting.security.permissions import may, require
from reporting.storage import erasure, own_data, patients
from reporting.storage.engine import reading


@dataclass(frozen=True)
class RequestRow:
    """One request. ``open_cases``: cases of the patient that must be closed before erasing."""

    request_id: int
    patient_id: int
    reference: str
    state: str
    requested_at: datetime
    worked_at: datetime | None
    reason: str
    open_cases: int
    photos: int
    """Photos that erasing would delete."""


@dataclass(frozen=True)
class Requests:
    """Open requests, oldest first, then those that were worked on, newest first."""

    timezone: str
    rows: tuple[RequestRow, ...]

    @property
    def is_open(self) -> tuple[RequestRow, ...]:
        return tuple(row for row in self.rows if row.state == "open")

    @property
    def done(self) -> tuple[RequestRow, ...]:
        return tuple(row for row in self.rows if row.state != "open")


def erasure_requests(by: Actor) -> Requests:
    """Every request of the actor's clinic. Raises NotAllowed."""
    require(by, "request.work")
    with reading() as session:
        clinic = patients.clinic(session, by.clinic_id or 0)
        rows = tuple(
            RequestRow(
                request_id=row.id or 0, patient_id=row.patient_id, reference=reference, state=row.state,
                requested_at=row.requested_at, worked_at=row.worked_at, reason=row.reason,
                open_cases=len(erasure.open_cases(session, row.patient_id)) if row.state == "open" else 0,
                photos=len(own_data.photos(session, row.patient_id)) if row.state == "open" else 0,
            )
            for row, reference in erasure.requests_of_clinic(session, clinic.id or 0)
        )  # fmt: skip
    return Requests(clinic.timezone, rows)


@dataclass(frozen=True)
class MyData:
    """What the patient's page about their data says. ``request`` is their newest one, after a second factor."""

    timezone: str
    may_read: bool
    request: RequestRow | None


def my_data_page(by: Actor) -> MyData:
    """Raises NotAllowed for staff, NotFound for one who is not there any more."""
    require(by, "consent.manage")
    with reading() as session:
        patient = patients.by_id(session, by.id or 0)
        if by.kind != "patient" or patient is None:
            raise NotFound()
        zone = patient.timezone or patients.clinic(session, patient.clinic_id).timezone
        may_read = may(by, "own_data.read")
        rows = own_data.requests(session, by.id or 0) if may_read else ()
    newest = rows[-1] if rows else None
    request = RequestRow(
        request_id=newest.id or 0, patient_id=newest.patient_id, reference="", state=newest.state,
        requested_at=newest.requested_at, worked_at=newest.worked_at, reason=newest.reason, open_cases=0, photos=0,
    ) if newest else None  # fmt: skip
    return MyData(zone, may_read, request)
