"""Statements about triage cases: to open or extend one, to find them, and their events."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from reporting.domain.deadlines import deadline
from reporting.domain.symptoms import SYMPTOMS
from reporting.storage import clinic_content
from reporting.storage.tables import CaseEvent, CheckIn, Clinic, Patient, StaffAccount, Treatment, TriageCase
from reporting.storage.tables.work import CASE_LEVELS

CLOSED_SHOWN = 100
"""The closed list shows the newest ones; older ones are on the patient's timeline."""


def add_event(
    session: Session,
    case: TriageCase,
    kind: str,
    *,
    at: datetime,
    staff_id: int | None = None,
    note: str = "",
    **details: Any,
) -> None:
    """Write down who did what to a case. Events are never changed afterwards."""
    session.flush()
    session.add(
        CaseEvent(
            clinic_id=case.clinic_id, case_id=case.id or 0, at=at, staff_id=staff_id, kind=kind, note=note,
            details=details,
        )
    )  # fmt: skip
    session.flush()


def open_case_of(session: Session, treatment_id: int, patient_id: int) -> TriageCase | None:
    """The case of a treatment that is not closed, or nothing. The treatment stays locked until the end."""
    session.execute(select(col(Treatment.id)).where(col(Treatment.id) == treatment_id).with_for_update())
    return session.execute(
        select(TriageCase)
        .where(
            col(TriageCase.patient_id) == patient_id,
            col(TriageCase.treatment_id) == treatment_id,
            col(TriageCase.state) != "closed",
        )
        .order_by(col(TriageCase.id))
        .limit(1)
    ).scalar_one_or_none()


def open_or_extend(
    session: Session,
    *,
    check_in: CheckIn,
    level: str,
    rules: Sequence[str],
    reasons: Sequence[str],
    at: datetime,
) -> TriageCase:
    """The open case of the check-in's treatment, with this report in it; a new one if there is none.

    An open case never gets milder: the higher level stays, and whatever was done so far, it comes back to attention
    as new. Nor does it get later while nobody has taken it; once somebody had, the deadline of what was heard before
    is met, and that of the new report counts. ``at`` is the moment the deadline counts from, in the
    clinic's opening hours where the level says so (``domain.deadlines``).
    """
    session.flush()
    case = open_case_of(session, check_in.treatment_id, check_in.patient_id)
    clinic = session.get_one(Clinic, check_in.clinic_id)
    due_at = deadline(level, at, clinic.opening_hours, clinic.timezone, clinic_content.levels_at(session, clinic, at))
    kind = "new_report"
    if case is None:
        kind = "opened"
        case = TriageCase(
            clinic_id=check_in.clinic_id, patient_id=check_in.patient_id, treatment_id=check_in.treatment_id,
            check_in_id=check_in.id or 0, level=level, rules=list(rules), reasons=list(reasons), opened_at=at,
            due_at=due_at,
        )  # fmt: skip
    else:
        case.level = max(case.level, level, key=CASE_LEVELS.index)
        case.rules = [*case.rules, *(rule for rule in rules if rule not in case.rules)]
        case.reasons = [*case.reasons, *(reason for reason in reasons if reason not in case.reasons)]
        case.due_at = min(case.due_at, due_at) if case.state == "new" else due_at
        case.check_in_id = check_in.id or 0
        case.state, case.acknowledged_at = "new", None
        case.version += 1
    session.add(case)
    add_event(session, case, kind, at=at, check_in=check_in.id, level=level, rules=list(rules))
    return case


def case_of(session: Session, check_in_id: int) -> int | None:
    """Id of the case that a check-in opened or extended, or nothing."""
    return session.execute(
        select(col(TriageCase.id))
        .join(CheckIn, col(CheckIn.patient_id) == TriageCase.patient_id)
        .join(CaseEvent, col(CaseEvent.case_id) == TriageCase.id)
        .where(
            col(CheckIn.id) == check_in_id,
            col(CaseEvent.kind).in_(("opened", "new_report")),
            col(CaseEvent.details)["check_in"].as_integer() == check_in_id,
        )
        .limit(1)
    ).scalar_one_or_none()


def locked(session: Session, case_id: int) -> TriageCase | None:
    """A case that nobody else can change until the transaction ends, or nothing."""
    return session.execute(
        select(TriageCase).where(col(TriageCase.id) == case_id).with_for_update()
    ).scalar_one_or_none()


def overdue(session: Session, at: datetime) -> list[int]:
    """Ids of the cases that nobody has acknowledged by their deadline, the longest overdue first."""
    return [
        int(key or 0)
        for key in session.execute(
            select(col(TriageCase.id))
            .where(col(TriageCase.state) == "new", col(TriageCase.due_at) <= at)
            .order_by(col(TriageCase.due_at), col(TriageCase.id))
        ).scalars()
    ]


def open_ones(session: Session, clinic_id: int | None) -> list[Any]:
    """Open cases of one clinic (None: every clinic) as rows of id, level, state, due_at: what orders them."""
    statement = select(*(getattr(TriageCase, name) for name in ("id", "level", "state", "due_at"))).where(
        col(TriageCase.state) != "closed"
    )
    if clinic_id is not None:
        statement = statement.where(col(TriageCase.clinic_id) == clinic_id)
    return list(session.connection().execute(statement).fetchall())


def listed(session: Session, clinic_id: int | None, case_ids: Sequence[int] | None = None) -> list[Any]:
    """(case, patient, treatment, clinic, check-in, owner or None) of one clinic; None is every clinic.

    These cases, whatever their state; without any named the closed ones, newest first, at most CLOSED_SHOWN.
    """
    statement = (
        select(TriageCase, Patient, Treatment, Clinic, CheckIn, StaffAccount)
        .join(Patient, col(Patient.id) == TriageCase.patient_id)
        .join(Treatment, col(Treatment.id) == TriageCase.treatment_id)
        .join(Clinic, col(Clinic.id) == TriageCase.clinic_id)
        .join(CheckIn, col(CheckIn.id) == TriageCase.check_in_id)
        .outerjoin(StaffAccount, col(StaffAccount.id) == TriageCase.owner_id)
    )
    if clinic_id is not None:
        statement = statement.where(col(TriageCase.clinic_id) == clinic_id)
    if case_ids is not None:
        statement = statement.where(col(TriageCase.id).in_(case_ids))
    else:
        statement = statement.where(col(TriageCase.state) == "closed")
        statement = statement.order_by(col(TriageCase.closed_at).desc()).limit(CLOSED_SHOWN)
    return list(session.execute(statement).all())


def answers(session: Session, treatment_ids: Sequence[int]) -> dict[int, list[Any]]:
    """Answered check-ins that count, by treatment: rows of id, treatment_id, answered_at and the severities.

    As plain rows: a worklist of hundreds looks at thousands of them.
    """
    wanted = [col(CheckIn.id), col(CheckIn.treatment_id), col(CheckIn.answered_at)]
    statement = select(*wanted, *(getattr(CheckIn, symptom) for symptom in SYMPTOMS)).where(
        col(CheckIn.treatment_id).in_(treatment_ids), col(CheckIn.answered_at).is_not(None),
        col(CheckIn.replaced_at).is_(None),
    )  # fmt: skip
    found: dict[int, list[Any]] = defaultdict(list)
    for row in session.connection().execute(statement).fetchall():
        found[row.treatment_id].append(row)
    return found


def of_patient(session: Session, patient_id: int) -> list[TriageCase]:
    """Every case of a patient, newest first."""
    return list(
        session.execute(
            select(TriageCase).where(col(TriageCase.patient_id) == patient_id).order_by(col(TriageCase.id).desc())
        ).scalars()
    )


def events(session: Session, case_ids: Sequence[int]) -> list[tuple[CaseEvent, str]]:
    """Events of these cases, oldest first, each with the name of who did it (empty: the system)."""
    rows = session.execute(
        select(CaseEvent, col(StaffAccount.display_name))
        .outerjoin(StaffAccount, col(StaffAccount.id) == CaseEvent.staff_id)
        .where(col(CaseEvent.case_id).in_(case_ids))
        .order_by(col(CaseEvent.at), col(CaseEvent.id))
    ).all()
    return [(event, name or "") for event, name in rows]
