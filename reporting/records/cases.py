"""Statements about triage cases: to open or extend one, to find them, and their events."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sqlalchemy import String, and_, cast, func, or_, select
from sqlmodel import Session, col

from reporting.domain.case_work import URGENT_LEVELS, Clocks, clocks, promised
from reporting.domain.vocabulary import SYMPTOMS
from reporting.records import clinic_facts, on_call
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


def still_open(session: Session, treatment_id: int) -> TriageCase | None:
    """The case of a treatment that is not closed, or nothing; read only."""
    return session.execute(
        select(TriageCase)
        .where(col(TriageCase.treatment_id) == treatment_id, col(TriageCase.state) != "closed")
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
    is_told: bool = True,
) -> TriageCase:
    """The open case of the check-in's treatment, with this report in it; a new one if there is none.

    An open case never gets milder: the higher level stays, and whatever was done so far, it comes back to attention
    as new. Until somebody has spoken to the patient neither of its clocks gets longer either: a milder report is due
    when the harder one was. Once somebody had, what was heard before is answered and the clocks are those of the new
    report. ``at`` is the moment that they count from (``domain.case_work.clocks``). ``is_told``: somebody on call is
    told, if it is urgent.
    """
    session.flush()
    case = open_case_of(session, check_in.treatment_id, check_in.patient_id)
    clinic = session.get_one(Clinic, check_in.clinic_id)
    when, said = clocks_of(session, clinic, level, at), promise_of(session, clinic, level, at)
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
            due_at=when.taken_by,
            contact_due_at=when.contacted_by,
            promised_at=said,
        )
        case.package_version, case.package_hash = clinic_facts.pinned(clinic)
    else:
        case.level = max(case.level, level, key=CASE_LEVELS.index)
        case.rules = [*case.rules, *(rule for rule in rules if rule not in case.rules)]
        case.reasons = [*case.reasons, *(reason for reason in reasons if reason not in case.reasons)]
        _heard_again(case, when, said)
        case.check_in_id = id_of(check_in)
        case.version += 1
    session.add(case)
    add_event(session, case, kind, at=at, check_in=check_in.id, level=level, rules=list(rules))
    if is_told and level in URGENT_LEVELS:
        on_call.tell_next(session, case, at)
    return case


def clocks_of(session: Session, clinic: Clinic, level: str, at: datetime) -> Clocks:
    """Both clocks of a case of that level, raised at that moment in that clinic."""
    levels = clinic_facts.levels_at(session, clinic, at)
    return clocks(level, at, clinic_facts.open_times(clinic), levels)


def promise_of(session: Session, clinic: Clinic, level: str, at: datetime) -> datetime | None:
    """By when a patient whose report of that level comes in at that moment is told that a person reads it."""
    levels = clinic_facts.levels_at(session, clinic, at)
    is_on_call = level in URGENT_LEVELS and bool(on_call.duty(session, clinic, at))
    return promised(level, at, clinic_facts.open_times(clinic), levels, is_on_call=is_on_call)


def _heard_again(case: TriageCase, when: Clocks, said: datetime | None) -> None:
    """The clocks of an open case with one more report in it."""
    if case.contacted_at is not None:
        case.due_at, case.contact_due_at, case.promised_at = when.taken_by, when.contacted_by, said
    else:
        waits_until = case.due_at if case.state == "new" else case.contact_due_at
        case.due_at = min(waits_until, when.taken_by)
        case.contact_due_at = min(case.contact_due_at, when.contacted_by)
        case.promised_at = min((each for each in (case.promised_at, said) if each), default=None)
    case.state, case.contacted_at = "new", None


def give_back_all(session: Session, staff_id: int, at: datetime) -> list[str]:
    """Nobody has the open cases of that person any more. Returns the references of their patients.

    A case whose patient was not spoken to is due as before; of one that was, taking it is due anew.
    """
    rows = session.execute(
        select(TriageCase, Patient, Clinic)
        .join(Patient, col(Patient.id) == TriageCase.patient_id)
        .join(Clinic, col(Clinic.id) == TriageCase.clinic_id)
        .where(col(TriageCase.owner_id) == staff_id, col(TriageCase.state) != "closed")
        .order_by(col(TriageCase.id))
        .with_for_update(of=TriageCase)
    ).all()
    for case, _, clinic in rows:
        if case.contacted_at is not None:
            case.due_at = clocks_of(session, clinic, case.level, at).taken_by
        case.owner_id, case.state, case.version = None, "new", case.version + 1
        session.add(case)
        add_event(session, case, "owner_gone", at=at, from_owner=staff_id)
    return [patient.reference for _, patient, _ in rows]


def is_first_take(session: Session, case: TriageCase) -> bool:
    """Whether ``acknowledged_at`` is of the present taking: no report came after it."""
    later = select(col(CaseEvent.id)).where(
        col(CaseEvent.case_id) == case.id,
        col(CaseEvent.kind).in_(("new_report", "reopened", "owner_gone")),
        col(CaseEvent.at) > case.acknowledged_at,
    )
    return session.execute(later.limit(1)).first() is None


def levels_heard(session: Session, case_id: int, check_in_id: int) -> list[str]:
    """The levels at which a case was opened or extended by that check-in."""
    found = select(col(CaseEvent.details)).where(
        col(CaseEvent.case_id) == case_id, col(CaseEvent.kind).in_(("opened", "new_report"))
    )
    details = session.execute(found).scalars()
    return [each["level"] for each in details if each.get("check_in") == check_in_id and "level" in each]


def case_of(session: Session, check_in_id: int) -> int | None:
    """Id of the newest case that a check-in opened or extended, or in which it took a report's place; or nothing."""
    return session.execute(
        select(col(TriageCase.id))
        .join(CheckIn, col(CheckIn.patient_id) == TriageCase.patient_id)
        .join(CaseEvent, col(CaseEvent.case_id) == TriageCase.id)
        .where(
            col(CheckIn.id) == check_in_id,
            col(CaseEvent.kind).in_(("opened", "new_report", "corrected")),
            col(CaseEvent.details)["check_in"].as_integer() == check_in_id,
        )
        .order_by(col(CaseEvent.id).desc())
        .limit(1)
    ).scalar_one_or_none()


def locked(session: Session, case_id: int) -> TriageCase | None:
    """A case that nobody else can change until the transaction ends, or nothing."""
    return session.execute(
        select(TriageCase).where(col(TriageCase.id) == case_id).with_for_update()
    ).scalar_one_or_none()


def overdue(session: Session, at: datetime) -> list[int]:
    """Ids of the cases that nobody has taken in time, or whose patient nobody has spoken to in time."""
    late = or_(
        and_(col(TriageCase.state) == "new", col(TriageCase.due_at) <= at),
        and_(col(TriageCase.contacted_at).is_(None), col(TriageCase.contact_due_at) <= at),
    )
    return [
        int(key or 0)
        for key in session.execute(
            select(col(TriageCase.id))
            .where(col(TriageCase.state) != "closed", late)
            .order_by(col(TriageCase.due_at), col(TriageCase.id))
        ).scalars()
    ]


class OpenCase(NamedTuple):
    """What orders the open cases."""

    id: int
    level: str
    state: str
    due_at: datetime
    contact_due_at: datetime
    contacted_at: datetime | None


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
