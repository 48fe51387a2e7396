"""Statements about triage cases: to open or extend one, to find them, and their events.

Counts of triage cases for the dashboards.

Cases of one clinic for the monthly report: no patient, no reference, no free text.
"""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sqlalchemy import String, case, cast, func, or_, select, union_all
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from reporting.domain.case_work import deadline
from reporting.domain.vocabulary import SYMPTOMS
from reporting.records import clinic_facts
from reporting.records.tables import (
    CaseEvent,
    CheckIn,
    Clinic,
    Patient,
    StaffAccount,
    TreatedArea,
    Treatment,
    TriageCase,
    id_of,
)
from reporting.records.tables.work import CASE_LEVELS

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
            clinic_id=case.clinic_id,
            case_id=id_of(case),
            at=at,
            staff_id=staff_id,
            kind=kind,
            note=note,
            details=details,
        )
    )
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
    due_at = deadline(level, at, clinic_facts.open_times(clinic), clinic_facts.levels_at(session, clinic, at))
    kind = "new_report"
    if case is None:
        kind = "opened"
        case = TriageCase(
            clinic_id=check_in.clinic_id,
            patient_id=check_in.patient_id,
            treatment_id=check_in.treatment_id,
            check_in_id=id_of(check_in),
            level=level,
            rules=list(rules),
            reasons=list(reasons),
            opened_at=at,
            due_at=due_at,
        )
    else:
        case.level = max(case.level, level, key=CASE_LEVELS.index)
        case.rules = [*case.rules, *(rule for rule in rules if rule not in case.rules)]
        case.reasons = [*case.reasons, *(reason for reason in reasons if reason not in case.reasons)]
        case.due_at = min(case.due_at, due_at) if case.state == "new" else due_at
        case.check_in_id = id_of(check_in)
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


class OpenCase(NamedTuple):
    """What orders the open cases."""

    id: int
    level: str
    state: str
    due_at: datetime


class ListedCase(NamedTuple):
    """A case with whom and what it is about; ``check_in`` is its newest report. Without owner nobody has taken it."""

    case: TriageCase
    patient: Patient
    treatment: Treatment
    clinic: Clinic
    check_in: CheckIn
    owner: StaffAccount | None


def open_ones(session: Session, clinic_id: int | None) -> list[OpenCase]:
    """Open cases of one clinic (None: every clinic)."""
    statement = select(*(getattr(TriageCase, name) for name in OpenCase._fields)).where(
        col(TriageCase.state) != "closed"
    )
    if clinic_id is not None:
        statement = statement.where(col(TriageCase.clinic_id) == clinic_id)
    return [OpenCase(*row) for row in session.connection().execute(statement)]


def listed(session: Session, clinic_id: int | None, case_ids: Sequence[int] | None = None) -> list[ListedCase]:
    """Cases of one clinic with what they are about; None is every clinic.

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
    return [ListedCase(*row) for row in session.execute(statement)]


def answers(session: Session, treatment_ids: Sequence[int]) -> dict[int, list[Any]]:
    """Answered check-ins that count, by treatment: rows of id, treatment_id, answered_at and the severities.

    As plain rows: a worklist of hundreds looks at thousands of them.
    """
    wanted = [col(CheckIn.id), col(CheckIn.treatment_id), col(CheckIn.answered_at)]
    statement = select(*wanted, *(getattr(CheckIn, symptom) for symptom in SYMPTOMS)).where(
        col(CheckIn.treatment_id).in_(treatment_ids),
        col(CheckIn.answered_at).is_not(None),
        col(CheckIn.replaced_at).is_(None),
    )
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


@dataclass(frozen=True)
class CaseGroup:
    """Cases of one level, state and confirmation (empty: not decided yet): the treatments they are of."""

    level: str
    state: str
    confirmation: str
    treatment_ids: NDArray[np.int64]
    """One for each case."""


def case_groups(session: Session, clinic_id: int | None, treated_since: date | None = None) -> list[CaseGroup]:
    """The triage cases of a clinic (None: every clinic), put together by the database: there are thousands of cases
    and some ten groups.

    ``treated_since``: only of treatments since that day, though some earlier ones may be among them.
    """
    kinds = (col(TriageCase.level), col(TriageCase.state), col(TriageCase.confirmation))
    ids = func.aggregate_strings(cast(col(TriageCase.treatment_id), String), " ")
    statement = select(*kinds, ids).group_by(*kinds)
    if treated_since is not None:  # nobody reports before the treatment, whatever the time zone
        first = datetime.combine(treated_since - timedelta(days=2), time(), UTC)
        statement = statement.where(col(TriageCase.opened_at) >= first)
    if clinic_id is not None:
        statement = statement.where(col(TriageCase.clinic_id) == clinic_id)
    rows: Sequence[Any] = session.connection().execute(statement).fetchall()
    return [
        CaseGroup(level, state, confirmation or "", np.fromstring(listed, dtype=np.int64, sep=" "))
        for level, state, confirmation, listed in rows
    ]


def named_treatments(session: Session, area_ids: Sequence[int]) -> pd.DataFrame:
    """Patient and treatment references of treated areas: treated_area_id, patient, treatment, pass_group."""
    statement = (
        select(col(TreatedArea.id), col(Patient.reference), col(Treatment.reference), col(TreatedArea.pass_group))
        .join(Treatment, col(Treatment.id) == TreatedArea.treatment_id)
        .join(Patient, col(Patient.id) == Treatment.patient_id)
        .where(col(TreatedArea.id).in_(area_ids))
    )
    rows = session.execute(statement).all()
    return pd.DataFrame(rows, columns=["treated_area_id", "patient", "treatment", "pass_group"])


def alert_rows(session: Session, clinic_id: int | None, since: datetime) -> list[dict[str, Any]]:
    """Every alert since a moment: a case opened, or a new report on one. With what became of its case.

    Keys: at, rules, action_taken, confirmation, acknowledged_at (the first time somebody took the case after this
    alert and did not give it back; None yet).
    """
    taken, given_back = aliased(CaseEvent), aliased(CaseEvent)
    undone = (
        select(col(given_back.id))
        .where(
            col(given_back.case_id) == col(taken.case_id),
            col(given_back.kind) == "given_back",
            col(given_back.at) >= col(taken.at),
        )
        .exists()
    )
    acknowledged = (
        select(func.min(col(taken.at)))
        .where(
            col(taken.case_id) == CaseEvent.case_id,
            col(taken.kind) == "acknowledged",
            col(taken.at) >= col(CaseEvent.at),
            ~undone,
        )
        .correlate(CaseEvent)
        .scalar_subquery()
    )
    columns = [
        col(CaseEvent.at),
        col(CaseEvent.details)["rules"].as_string(),
        col(TriageCase.action_taken),
        col(TriageCase.confirmation),
    ]
    statement = (
        select(*columns, acknowledged)
        .join(TriageCase, col(TriageCase.id) == CaseEvent.case_id)
        .where(
            col(CaseEvent.kind).in_(("opened", "new_report")),
            col(CaseEvent.at) >= since,
            col(CaseEvent.case_id).in_(_at_work_since(clinic_id, since)),
        )
        .order_by(col(CaseEvent.at), col(CaseEvent.id))
    )
    if clinic_id is not None:
        statement = statement.where(col(CaseEvent.clinic_id) == clinic_id)
    rules_of = cache(_rules)  # few of thousands differ
    rows: Sequence[Any] = session.connection().execute(statement).fetchall()
    return [
        {
            "at": at,
            "rules": rules_of(rules),
            "action_taken": action,
            "confirmation": confirmation,
            "acknowledged_at": taken_at,
        }
        for at, rules, action, confirmation, taken_at in rows
    ]


def _rules(listed: str | None) -> tuple[str, ...]:
    return tuple(json.loads(listed)) if listed else ()


def _at_work_since(clinic_id: int | None, since: datetime) -> Any:
    """Cases that were not closed yet at a moment, found by their indexes: nothing happens to one that is closed."""
    found = [
        select(col(TriageCase.id)).where(col(TriageCase.closed_at) >= since),
        select(col(TriageCase.id)).where(col(TriageCase.state) != "closed"),
    ]
    return union_all(
        *(each if clinic_id is None else each.where(col(TriageCase.clinic_id) == clinic_id) for each in found)
    )


def answered_since(session: Session, clinic_id: int | None, since: datetime) -> tuple[int, int]:
    """Check-ins answered since a moment, and those of them in which the patient said that it cannot wait."""
    statement = select(
        func.count(), func.coalesce(func.sum(case((col(CheckIn.can_wait).is_(False), 1), else_=0)), 0)
    ).where(col(CheckIn.answered_at) >= since, col(CheckIn.replaced_at).is_(None))
    if clinic_id is not None:
        statement = statement.where(col(CheckIn.clinic_id) == clinic_id)
    total, urgent = session.execute(statement).one()
    return int(total), int(urgent)


COLUMNS = (
    "level",
    "state",
    "opened_at",
    "due_at",
    "acknowledged_at",
    "action_taken",
    "confirmation",
    "complication_grade",
    "rules",
)


def cases_of_month(session: Session, clinic_id: int, start: datetime, end: datetime) -> pd.DataFrame:
    """One row per case that was opened in [start, end) or is open now: COLUMNS."""
    statement = select(*(getattr(TriageCase, name) for name in COLUMNS)).where(
        col(TriageCase.clinic_id) == clinic_id,
        or_(
            col(TriageCase.state) != "closed", (col(TriageCase.opened_at) >= start) & (col(TriageCase.opened_at) < end)
        ),
    )
    return pd.DataFrame(session.execute(statement).all(), columns=list(COLUMNS))
