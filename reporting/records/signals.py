"""Statements about signals, what was done about them, and the runs that looked."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlmodel import Session, col

from reporting.domain.signal_work import Finding, Look
from reporting.records.tables import (
    Clinic,
    Device,
    Operator,
    Patient,
    Signal,
    SignalEvent,
    SignalRun,
    StaffAccount,
    Treatment,
    id_of,
)

SAME_WITHIN = timedelta(days=120)
"""A unit that is flagged again within this time is the same signal."""


def clinic_ids(session: Session) -> dict[str, int]:
    return {code: key for key, code in session.execute(select(col(Clinic.id), col(Clinic.code)))}


def same_as(session: Session, clinic_id: int, found: Finding) -> Signal | None:
    """The stored signal that a finding is: the same unit and kind, flagged at nearly the same time."""
    statement = select(Signal).where(
        col(Signal.clinic_id) == clinic_id,
        col(Signal.kind) == found.kind,
        col(Signal.unit_type) == found.unit_type,
        col(Signal.unit_id) == found.unit_id,
        col(Signal.first_flagged_on) <= found.last_flagged + SAME_WITHIN,
        col(Signal.last_seen_on) >= found.first_flagged - SAME_WITHIN,
    )
    if found.kind == "scan":
        statement = statement.where(col(Signal.symptom) == found.symptom, col(Signal.skin_group) == found.skin_group)
    return session.execute(statement.order_by(col(Signal.id).desc()).limit(1).with_for_update()).scalar_one_or_none()


def listed(session: Session, clinic_id: int | None) -> list[tuple[Signal, str]]:
    """(signal, clinic's code), those of the newest run by rank first; None is every clinic."""
    statement = select(Signal, col(Clinic.code)).join(Clinic, col(Clinic.id) == col(Signal.clinic_id))
    if clinic_id is not None:
        statement = statement.where(col(Signal.clinic_id) == clinic_id)
    rows = [(row[0], str(row[1])) for row in session.execute(statement)]
    return sorted(rows, key=lambda r: (r[0].rank == 0, r[0].rank, -r[0].first_flagged_on.toordinal(), r[0].id))


def unrank(session: Session) -> None:
    """The next run gives ranks anew; what it does not find has none."""
    session.execute(update(Signal).values(rank=0))


def add_event(
    session: Session,
    signal: Signal,
    kind: str,
    *,
    at: datetime,
    staff_id: int | None = None,
    note: str = "",
    happened_on: date | None = None,
    **details: Any,
) -> None:
    """Write down a step. Events are never changed afterwards."""
    session.flush()
    session.add(
        SignalEvent(
            clinic_id=signal.clinic_id,
            signal_id=id_of(signal),
            at=at,
            staff_id=staff_id,
            kind=kind,
            note=note,
            happened_on=happened_on,
            details=details,
        )
    )
    session.flush()


def events(session: Session, signal_ids: Sequence[int]) -> list[tuple[SignalEvent, str]]:
    """(event, name of the person or empty), oldest first."""
    statement = (
        select(SignalEvent, col(StaffAccount.display_name))
        .outerjoin(StaffAccount, col(StaffAccount.id) == col(SignalEvent.staff_id))
        .where(col(SignalEvent.signal_id).in_(signal_ids))
        .order_by(col(SignalEvent.at), col(SignalEvent.id))
    )
    return [(row[0], row[1] or "") for row in session.execute(statement)]


def keep_run(session: Session, look: Look, at: datetime) -> None:
    """One row for each day that was looked at; a repeated look takes the place of the earlier one."""
    run = session.execute(select(SignalRun).where(col(SignalRun.as_of) == look.as_of)).scalar_one_or_none()
    run = run or SignalRun(as_of=look.as_of)
    run.ran_at, run.cells_tested, run.seconds = at, look.cells_tested, look.seconds
    run.expected_false_per_clinic_year = look.expected_false_per_clinic_year
    run.details = look.details | {"findings": len(look.findings)}
    session.add(run)


def newest_run(session: Session) -> SignalRun | None:
    return session.execute(select(SignalRun).order_by(col(SignalRun.as_of).desc()).limit(1)).scalar_one_or_none()


def treatments(session: Session, treatment_ids: Sequence[int]) -> list[tuple[int, str, date, int, str, str, str]]:
    """id, reference, performed_on, the patient's id and reference, codes of device and operator of treatments,
    newest first."""
    statement: Any = (
        select(
            col(Treatment.id),
            col(Treatment.reference),
            col(Treatment.performed_on),
            col(Treatment.patient_id),
            col(Patient.reference).label("patient"),
            col(Device.code),
            col(Operator.code),
        )
        .join(Patient, col(Patient.id) == col(Treatment.patient_id))
        .outerjoin(Device, col(Device.id) == col(Treatment.device_id))
        .outerjoin(Operator, col(Operator.id) == col(Treatment.operator_id))
        .where(col(Treatment.id).in_(treatment_ids))
        .order_by(col(Treatment.performed_on).desc(), col(Treatment.id))
    )
    return [
        (row[0], row[1], row[2], row[3], row[4], row[5] or "not recorded", row[6] or "not recorded")
        for row in session.execute(statement)
    ]
