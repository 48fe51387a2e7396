"""Cases that nobody took or whose patient nobody spoke to in time are passed on, by e-mail, to the next people."""

from collections import defaultdict
from datetime import datetime

from reporting.clock import now
from reporting.domain.actors import SYSTEM
from reporting.domain.case_work import CHAIN, told_next
from reporting.domain.message_kinds import CASE_ESCALATION
from reporting.records import access, audit, cases, on_call, outbox
from reporting.records.engine import Session, reading, transaction
from reporting.records.tables import Clinic, TriageCase
from reporting.settings import settings

SUBJECT = "A patient's report is waiting"
BODIES = {
    "taken": "A report of a patient should have been looked at by {due} and nobody has taken it yet.\n\n",
    "contacted": "A patient should have been contacted by {due} and no contact is recorded yet.\n\n",
}
BODY = "Open the worklist: {link}\n\nThis is message {step} about it. It says nothing about the patient on purpose."


def escalate(at: datetime | None = None) -> int:
    """Write a message to the next people for every case that is overdue: not taken, or its patient not contacted.

    Each step of a case is told once; the next one is due when the level's deadline has passed again. The message is
    written in the same transaction as the step. Returns the number of cases.
    """
    moment = at or now()
    with reading() as session:
        waiting = cases.overdue(session, moment)
    return sum(_pass_on(case_id, moment) for case_id in waiting)


def tell_on_call(at: datetime | None = None) -> int:
    """Tell the next person on call of every urgent case that nobody has taken. Returns how many were told.

    The first one was told in the transaction of the report. Each step is told once.
    """
    moment = at or now()
    with reading() as session:
        waiting = on_call.to_tell(session, moment)
    return sum(_tell_next(case_id, moment) for case_id in waiting)


def _tell_next(case_id: int, moment: datetime) -> bool:
    with transaction() as session:
        case = cases.locked(session, case_id)
        if case is None or not on_call.is_due(session, case, moment):
            return False
        person = on_call.tell_next(session, case, moment)
        if person is not None:
            audit.write(
                session,
                SYSTEM,
                "case.on_call_told",
                "case",
                case.id,
                clinic_id=case.clinic_id,
                step=case.notices,
                entry=person.id,
            )
    return person is not None


def _pass_on(case_id: int, moment: datetime) -> int:
    with transaction() as session:
        case = cases.locked(session, case_id)
        if case is None or case.state == "closed" or (due := _due(session, case)) is None or due > moment:
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


def _open_clocks(case: TriageCase) -> dict[str, datetime]:
    """By when it is to be taken and contacted, as far as it is not; the earlier one first."""
    found = {} if case.state != "new" else {"taken": case.due_at}
    if case.contacted_at is None:
        found["contacted"] = case.contact_due_at
    return dict(sorted(found.items(), key=lambda each: each[1]))


def _due(session: Session, case: TriageCase) -> datetime | None:
    """When the next step of a case is due: at each deadline, then each time the level's deadline passes again."""
    due = list(_open_clocks(case).values())
    told = case.escalated_at
    to_come = [at for at in due if told is None or at > told]
    if told is None or len(to_come) == len(due):
        return min(to_come, default=None)
    return min([_again(session, case, told), *to_come])


def _again(session: Session, case: TriageCase, told: datetime) -> datetime:
    clinic = session.get_one(Clinic, case.clinic_id)
    return cases.clocks_of(session, clinic, case.level, told).taken_by


def _staff(session: Session, clinic_id: int) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for account in access.accounts_of(session, clinic_id):
        if account.is_active and account.role in CHAIN and account.id is not None:
            found[account.role].append(account.id)
    return found


def _write(session: Session, case: TriageCase, staff_id: int) -> None:
    link = f"{settings().base_url.rstrip('/')}/worklist"
    missed, due = next(iter(_open_clocks(case).items()))
    said = (BODIES[missed] + BODY).format(due=f"{due:%Y-%m-%d %H:%M} UTC", link=link, step=case.escalations)
    outbox.add(
        session,
        clinic_id=case.clinic_id,
        kind=CASE_ESCALATION,
        staff_id=staff_id,
        key=f"{CASE_ESCALATION.code}:{case.id}:{case.escalations}:{staff_id}",
        payload={"subject": SUBJECT, "body": said},
    )
