"""Cases that nobody took in time are passed on, by e-mail, to the next people of the clinic."""

from collections import defaultdict
from datetime import datetime

from reporting.clock import now
from reporting.domain.actors import SYSTEM
from reporting.domain.case_work import CHAIN, deadline, told_next
from reporting.domain.message_kinds import CASE_ESCALATION
from reporting.records import access, audit, cases, clinic_facts, outbox
from reporting.records.engine import Session, reading, transaction
from reporting.records.tables import Clinic, TriageCase
from reporting.settings import settings

SUBJECT = "A patient's report is waiting"
BODY = (
    "A report of a patient should have been looked at by {due} and nobody has taken it yet.\n\n"
    "Open the worklist: {link}\n\n"
    "This is message {step} about it. It says nothing about the patient on purpose."
)


def escalate(at: datetime | None = None) -> int:
    """Write a message to the next people for every case that is overdue and not acknowledged.

    Each step of a case is told once; the next one is due when the level's deadline has passed again without
    anybody taking it. The message is written in the same transaction as the step. Returns the number of cases.
    """
    moment = at or now()
    with reading() as session:
        waiting = cases.overdue(session, moment)
    return sum(_pass_on(case_id, moment) for case_id in waiting)


def _pass_on(case_id: int, moment: datetime) -> int:
    with transaction() as session:
        case = cases.locked(session, case_id)
        if case is None or case.state != "new" or _due(session, case) > moment:
            return 0
        told = told_next(case.escalations, _staff(session, case.clinic_id))
        case.escalations, case.escalated_at = case.escalations + 1, moment
        session.add(case)
        for staff_id in told:
            _write(session, case, staff_id)
        cases.add_event(session, case, "escalated", at=moment, step=case.escalations, to=list(told))
        audit.write(
            session,
            SYSTEM,
            "case.escalated",
            "case",
            case.id,
            clinic_id=case.clinic_id,
            step=case.escalations,
            to=list(told),
        )
    return 1


def _due(session: Session, case: TriageCase) -> datetime:
    """When the next step of a case is due: at its deadline, then each time the level's deadline passes again."""
    if case.escalated_at is None or case.due_at > case.escalated_at:
        return case.due_at
    clinic = session.get_one(Clinic, case.clinic_id)
    levels = clinic_facts.levels_at(session, clinic, case.escalated_at)
    return deadline(case.level, case.escalated_at, clinic_facts.open_times(clinic), levels)


def _staff(session: Session, clinic_id: int) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for account in access.accounts_of(session, clinic_id):
        if account.is_active and account.role in CHAIN and account.id is not None:
            found[account.role].append(account.id)
    return found


def _write(session: Session, case: TriageCase, staff_id: int) -> None:
    link = f"{settings().base_url.rstrip('/')}/worklist"
    body = BODY.format(due=f"{case.due_at:%Y-%m-%d %H:%M} UTC", link=link, step=case.escalations)
    outbox.add(
        session,
        clinic_id=case.clinic_id,
        kind=CASE_ESCALATION,
        staff_id=staff_id,
        key=f"{CASE_ESCALATION.code}:{case.id}:{case.escalations}:{staff_id}",
        payload={"subject": SUBJECT, "body": body},
    )
