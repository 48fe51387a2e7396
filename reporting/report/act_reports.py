"""The monthly report is announced by e-mail: a link that needs a sign-in, once per clinic, month and person.

What is done with the monthly report: that somebody took one is on record.
"""

import hashlib
from datetime import datetime

from reporting.clock import now
from reporting.domain.actors import SYSTEM, Actor
from reporting.domain.clinic_settings import Month, ReportSchedule, checked_schedule, from_plain
from reporting.domain.message_kinds import MONTHLY_REPORT
from reporting.errors import NotFound
from reporting.records import access, audit, outbox, privacy
from reporting.records.engine import Session, reading, transaction
from reporting.records.tables import Clinic, StaffAccount, id_of
from reporting.security.permissions import may, require
from reporting.settings import settings
from reporting.shell.pages import path_of

SUBJECT = "The safety report of {month} is ready"
BODY = (
    "The safety report of {month} can be read: {link}\n\n"
    "It needs your sign-in. This message holds nothing of the report on purpose."
)


def _may_read(account: StaffAccount) -> bool:
    actor = Actor(kind="staff", id=account.id, clinic_id=account.clinic_id, role=account.role)  # type: ignore[arg-type]
    return account.is_active and may(actor, "report.read")


def readers(session: Session, clinic_id: int) -> list[StaffAccount]:
    """Colleagues who can be told, by name."""
    return [account for account in access.accounts_of(session, clinic_id) if _may_read(account)]


def set_schedule(*, by: Actor, given: ReportSchedule) -> bool:
    """Set day and recipients of the clinic's monthly e-mail. False when nothing was different.

    Raises InvalidInput, NotAllowed.
    """
    require(by, "report.schedule")
    with transaction() as session:
        access.one_at_a_time(session, by.clinic_key)
        clinic = session.get(Clinic, by.clinic_key)
        if clinic is None:
            raise NotFound()
        after = checked_schedule(given, [id_of(account) for account in readers(session, id_of(clinic))]).as_plain()
        before = dict(clinic.report_schedule)
        if before == after:
            return False
        clinic.report_schedule = after
        session.add(clinic)
        audit.write(session, by, "report.scheduled", "clinic", clinic.id, before=before, after=after)
    return True


def announce_reports(at: datetime | None = None) -> int:
    """Write the messages that are due and were not written before; returns how many.

    All of a clinic in one transaction: a stop in between leaves none or all, and the next call writes the rest.
    """
    moment = at or now()
    with reading() as session:
        clinics = [clinic for clinic in privacy.clinics(session) if clinic.report_schedule]
    return sum(_announce(clinic, moment) for clinic in clinics)


def _announce(clinic: Clinic, moment: datetime) -> int:
    schedule = from_plain(clinic.report_schedule)
    month = schedule.due_month(moment, clinic.timezone)
    if month is None:
        return 0
    keys = {f"{MONTHLY_REPORT.code}:{clinic.id}:{month}:{staff_id}": staff_id for staff_id in schedule.recipients}
    with transaction() as session:
        left = keys.keys() - outbox.keys_there(session, list(keys))
        if not left:
            return 0
        allowed = {account.id for account in readers(session, id_of(clinic))}
        told = [keys[key] for key in sorted(left) if keys[key] in allowed and _write(session, clinic, month, key, keys)]
        if told:
            audit.write(session, SYSTEM, "report.announced", "report", str(month), clinic_id=clinic.id, to=told)
    return len(told)


def _write(session: Session, clinic: Clinic, month: Month, key: str, keys: dict[str, int]) -> bool:
    link = f"{settings().base_url.rstrip('/')}{path_of('safety-report')}?month={month}"
    words = {"month": month.words, "link": link}
    return outbox.add(
        session,
        clinic_id=id_of(clinic),
        kind=MONTHLY_REPORT,
        staff_id=keys[key],
        key=key,
        payload={"subject": SUBJECT.format(**words), "body": BODY.format(**words)},
    )


def note_made(*, by: Actor, month: Month, operators: bool, hand_on: bool, content: bytes) -> None:
    """Write into the audit trail who took which version of the report; its hash tells the file again."""
    require(by, "report.read")
    with transaction() as session:
        audit.write(
            session,
            by,
            "report.taken",
            "report",
            str(month),
            clinic_id=by.clinic_id,
            operators=operators,
            hand_on=hand_on,
            sha256=hashlib.sha256(content).hexdigest(),
        )
