"""The daily look for patients who reported a concern and then stopped answering: a case for the clinic."""

from datetime import datetime, timedelta

from reporting.clock import now
from reporting.domain.actors import SYSTEM
from reporting.domain.reminders import local_day
from reporting.domain.silence import LastReport, fired
from reporting.storage import audit, cases, silence
from reporting.storage.engine import reading, transaction
from reporting.storage.tables import CheckIn

LONGEST = timedelta(days=400)
"""No schedule is longer."""


def open_silent_cases(at: datetime | None = None) -> int:
    """Open (or extend) a case for each silence that has become one. Once each; only staff close it."""
    moment = at or now()
    with reading() as session:
        found = silence.last_reports(session, (moment - LONGEST).date())
    due = [(report, timezone) for report, timezone in found if fired(report, local_day(moment, timezone))]
    return sum(_open(report, timezone, moment) for report, timezone in due)


def _open(report: LastReport, timezone: str, moment: datetime) -> int:
    opened = 0
    with transaction() as session:
        cases.open_case_of(session, report.treatment_id, _patient(session, report))  # locks the treatment
        for rule in fired(report, local_day(moment, timezone)):
            if silence.is_known(session, report, rule.code):
                continue
            check_in = session.get_one(CheckIn, report.check_in_id)
            case = cases.open_or_extend(
                session, check_in=check_in, level=rule.case_level, rules=[rule.code],
                reasons=[rule.clinician_words], at=moment,
            )  # fmt: skip
            audit.write(session, SYSTEM, "case.silence", "case", case.id, clinic_id=case.clinic_id,
                        rule=rule.code, check_in=check_in.id)  # fmt: skip
            opened += 1
    return opened


def _patient(session: object, report: LastReport) -> int:
    return session.get_one(CheckIn, report.check_in_id).patient_id  # type: ignore[attr-defined, no-any-return]
