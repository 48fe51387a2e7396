"""Counts of triage cases for the dashboards.

Cases of one clinic for the monthly report: no patient, no reference, no free text.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

import pandas as pd
from sqlalchemy import case, func, or_, select, union_all
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from reporting.records.tables import CaseEvent, CheckIn, TriageCase


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
    "contact_due_at",
    "contacted_at",
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
