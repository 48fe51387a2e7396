"""Counts of triage cases for the dashboards."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sqlalchemy import String, case, cast, func, select, union_all
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from reporting.storage.tables import CaseEvent, CheckIn, Patient, TreatedArea, Treatment, TriageCase


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
        col(CaseEvent.at), col(CaseEvent.details)["rules"].as_string(), col(TriageCase.action_taken),
        col(TriageCase.confirmation),
    ]  # fmt: skip
    statement = (
        select(*columns, acknowledged)
        .join(TriageCase, col(TriageCase.id) == CaseEvent.case_id)
        .where(col(CaseEvent.kind).in_(("opened", "new_report")), col(CaseEvent.at) >= since,
               col(CaseEvent.case_id).in_(_at_work_since(clinic_id, since)))
        .order_by(col(CaseEvent.at), col(CaseEvent.id))
    )  # fmt: skip
    if clinic_id is not None:
        statement = statement.where(col(CaseEvent.clinic_id) == clinic_id)
    rules_of = cache(_rules)  # few of thousands differ
    rows: Sequence[Any] = session.connection().execute(statement).fetchall()
    return [
        {"at": at, "rules": rules_of(rules), "action_taken": action, "confirmation": confirmation,
         "acknowledged_at": taken_at}
        for at, rules, action, confirmation, taken_at in rows
    ]  # fmt: skip


def _rules(listed: str | None) -> tuple[str, ...]:
    return tuple(json.loads(listed)) if listed else ()


def _at_work_since(clinic_id: int | None, since: datetime) -> Any:
    """Cases that were not closed yet at a moment, found by their indexes: nothing happens to one that is closed."""
    found = [
        select(col(TriageCase.id)).where(col(TriageCase.closed_at) >= since),
        select(col(TriageCase.id)).where(col(TriageCase.state) != "closed"),
    ]
    return union_all(*(
        each if clinic_id is None else each.where(col(TriageCase.clinic_id) == clinic_id) for each in found
    ))  # fmt: skip


def answered_since(session: Session, clinic_id: int | None, since: datetime) -> tuple[int, int]:
    """Check-ins answered since a moment, and those of them in which the patient said that it cannot wait."""
    statement = select(
        func.count(), func.coalesce(func.sum(case((col(CheckIn.can_wait).is_(False), 1), else_=0)), 0)
    ).where(col(CheckIn.answered_at) >= since, col(CheckIn.replaced_at).is_(None))
    if clinic_id is not None:
        statement = statement.where(col(CheckIn.clinic_id) == clinic_id)
    total, urgent = session.execute(statement).one()
    return int(total), int(urgent)
